"""The pictures of an exam as a browser gets them: facts, thumbnail, still, frames, content.

Every address has a key of the stored object's content, so a browser may keep what it got. Frames
come in chunks: of each four bytes of length (big-endian), then a JPEG or PNG; a frame that cannot
be shown has the length 0, and the next one follows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import isfinite
from typing import Final

from flask import Response, request

from gdtbridge.day.exam import ExamSheet, ShownObject
from gdtbridge.errors import NotFound
from gdtbridge.exams.held import NO_SUCH_EXAM
from gdtbridge.viewing import AS_STORED, FrameLook, GreyWindow, ShownFrame
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.exams.picture_words import PictureWords
from gdtbridge.web.pages.exams.tiles import KEY_LENGTH, address_of
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.ports import CorePorts
from gdtbridge.web.problems import refuse
from gdtbridge.web.ranges import part_of

CHUNK: Final = 24
"""Frames of one answer at most."""
CHUNKS: Final = "application/octet-stream"
JPEG: Final = "image/jpeg"
PICTURE_THREADS: Final = 3
"""Threads of what pages ask for many of: a browser asks for six at once, and the rest waits."""
_MANY: Final = re.compile(r"/untersuchung/[0-9]+/bild/[^?]*/(angaben|vorschau|bild|folge)")
REENCODED: Final = "X-Reencoded"
"""Header of frames that were compressed here and lost something by it."""
KEPT: Final = "private, max-age=86400, immutable"
"""A working day, in this browser alone; with `VARY`, for this session alone."""
VARY: Final = "Cookie"
MOST_SHEETS: Final = 16
"""Exams whose objects are remembered until anything changes."""


def is_picture(path: str) -> bool:
    """Return whether a call is one of `PICTURE_THREADS`: no video, which takes as long as it is."""
    return _MANY.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class PicturePages:
    """Answers with pictures, of objects that are of the exam in the address."""

    frame: Frame
    core: CorePorts
    _sheets: dict[int, tuple[int, ExamSheet]] = field(default_factory=dict)

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the calls: path, name, view, methods."""
        base = "/untersuchung/<int:exam_id>/bild/<int:instance_id>/<key>"
        return (
            (f"{base}/angaben", "picture_facts", self.facts, READ),
            (f"{base}/vorschau", "picture_thumbnail", self.thumbnail, READ),
            (f"{base}/bild", "picture_still", self.still, READ),
            (f"{base}/folge", "picture_frames", self.frames, READ),
            (f"{base}/datei", "picture_content", self.content, READ),
        )

    # ------------------------------------------------------------------ answers

    def facts(self, exam_id: int, instance_id: int, key: str) -> Response:
        """Return as JSON what the viewer has to know of an object, and why it cannot be shown."""
        one = self._object(exam_id, instance_id, key)
        if (same := _unchanged(key)) is not None:
            return same
        words = PictureWords(self.frame.formats)
        told = words.told(self.core.pictures.describe(one.instance_id))
        base = address_of(exam_id, one)
        told["address"] = base
        if told["video"]:
            told["video"] = f"{base}/datei"
        return _answer(json.dumps(told, ensure_ascii=False).encode(), "application/json", key)

    def thumbnail(self, exam_id: int, instance_id: int, key: str) -> Response:
        """Return the picture that stands for an object, small."""
        one = self._object(exam_id, instance_id, key)
        same = _unchanged(key)
        return same or _picture(self.core.pictures.thumbnail(one.instance_id), key)

    def still(self, exam_id: int, instance_id: int, key: str) -> Response:
        """Return one frame, ``nr`` counted from 1; for who has no scripts."""
        one = self._object(exam_id, instance_id, key)
        if (same := _unchanged(key)) is not None:
            return same
        number = number_of(request.args.get("nr", "1")) or 1
        for found in self.core.pictures.frames(one.instance_id, number, 1, AS_STORED):
            return _picture(found, key)
        raise refuse(404)

    def frames(self, exam_id: int, instance_id: int, key: str) -> Response:
        """Return ``zahl`` frames from ``ab`` on, in the window ``mitte``/``breite`` where asked."""
        one = self._object(exam_id, instance_id, key)
        if (same := _unchanged(key)) is not None:
            return same
        first = number_of(request.args.get("ab", "")) or 1
        count = min(number_of(request.args.get("zahl", "")) or CHUNK, CHUNK)
        look = FrameLook(window=_window())
        found = iter(self.core.pictures.frames(one.instance_id, first, count, look))
        begun = _first_of(found)  # what is wrong with the object shows here
        answer = Response(_chunk(chain(begun, found)), content_type=CHUNKS)
        if any(one.media_type == JPEG and not one.is_own for one in begun):
            answer.headers[REENCODED] = "1"
        return _kept(answer, key)

    def content(self, exam_id: int, instance_id: int, key: str) -> Response:
        """Return a video or a document as the file it is, or the part of it that is asked for."""
        one = self._object(exam_id, instance_id, key)
        if (same := _unchanged(key)) is not None:
            return same
        found = self.core.pictures.content(one.instance_id)
        return _kept(part_of(found, request, _tag(key)), key)

    # ------------------------------------------------------------------ whose it is

    def _object(self, exam_id: int, instance_id: int, key: str) -> ShownObject:
        """Return an object of an exam; raise `NotFound` for one of another, or of another content.

        The audit trail is told that somebody saw the exam of the person the object is of.
        """
        sheet = self._sheet(exam_id)
        found = next((one for one in sheet.objects if one.instance_id == instance_id), None)
        if found is None or key != found.sha256[:KEY_LENGTH]:
            raise NotFound(NO_SUCH_EXAM)
        patients = (one.patient for one in sheet.lines if one.person == found.person)
        patient = next(patients, sheet.lines[0].patient)
        concerns(patient.id, f"exam:{sheet.study_instance_uid}")
        return found

    def _sheet(self, exam_id: int) -> ExamSheet:
        """Return the sheet of an exam, made anew only when something may have changed."""
        revision = self.core.revision()
        kept = self._sheets.get(exam_id)
        if kept is not None and kept[0] == revision:
            return kept[1]
        sheet = self.core.exams.sheet(exam_id)
        if len(self._sheets) >= MOST_SHEETS:
            self._sheets.clear()
        self._sheets[exam_id] = (revision, sheet)
        return sheet


def _unchanged(key: str) -> Response | None:
    """Return 304 where the browser has what it asks for (RFC 9110 13.1.2), else None."""
    if request.if_none_match.contains(_tag(key)):
        return _kept(Response(status=304), key)
    return None


def _tag(key: str) -> str:
    """Return what an answer is known by; of the address a digest, which may hold any character."""
    return f"{key}-{hashlib.sha256(request.query_string).hexdigest()[:KEY_LENGTH]}"


def _answer(content: bytes, media_type: str, key: str) -> Response:
    return _kept(Response(content, content_type=media_type), key)


def _kept(answer: Response, key: str) -> Response:
    """Return an answer that this browser may keep as long as this session lasts."""
    answer.set_etag(_tag(key))
    answer.headers["Cache-Control"] = KEPT
    answer.headers["Vary"] = VARY
    return answer


def _picture(found: ShownFrame, key: str) -> Response:
    if found.problem:
        raise refuse(404)
    return _answer(found.data, found.media_type, key)


def _first_of(found: Iterator[ShownFrame]) -> list[ShownFrame]:
    return [one for one in (next(found, None),) if one is not None]


def _chunk(found: Iterable[ShownFrame]) -> Iterator[bytes]:
    for one in found:
        data = b"" if one.problem else one.data
        yield len(data).to_bytes(4, "big") + data


def _window() -> GreyWindow | None:
    """Return the window an address asks for; None for none, or one that makes no sense."""
    centre, width = (_figure(request.args.get(name, "")) for name in ("mitte", "breite"))
    if centre is None or width is None or width < 1:
        return None
    return GreyWindow(centre, width)


def _figure(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None
