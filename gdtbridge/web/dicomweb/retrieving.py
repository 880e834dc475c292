"""WADO-RS (PS3.18 10.4): studies, series and instances, and single long values of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Final

from flask import Response, request
from pydicom.errors import InvalidDicomError

from gdtbridge.pictures import AttachmentError, AttachmentHindered
from gdtbridge.retrieve.bulk_values import BYTES, bulk_value
from gdtbridge.retrieve.leaving import leaves_as_stored
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.retrieve.transcoding import NotTranscodable
from gdtbridge.retrieve.web_archive import AS_STORED, WebObject, syntax_for
from gdtbridge.viewing import MediaContent
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.dicomweb.conditional import kept, tag_of, unchanged
from gdtbridge.web.dicomweb.multipart import BodyPart, MultipartBody
from gdtbridge.web.dicomweb.negotiation import MULTIPART, MediaRange, accepted
from gdtbridge.web.dicomweb.place import UIDS, WebBase, only_study, sees_held
from gdtbridge.web.numbers import number_of
from gdtbridge.web.ports import WebArchivePort
from gdtbridge.web.problems import RETRY_SECONDS, refuse
from gdtbridge.web.ranges import part_of

DICOM: Final = "application/dicom"
SHORT: Final = 4 * 1024 * 1024
"""Bytes of an answer that is made before it is sent, and can be refused until it is made."""
UNREADABLE: Final = "Davon lässt sich nichts lesen. / Nothing of it can be read."
AS_STORED_ALONE: Final = (
    "Davon lässt sich nichts dekodieren; transfer-syntax=* sendet es, wie es kam. / Nothing of it "
    "can be decoded; transfer-syntax=* sends it as it came."
)
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True, slots=True)
class SentObject:
    """An object and the transfer syntax it is sent in."""

    stored: WebObject
    syntax: str


@dataclass(frozen=True, slots=True)
class RetrieveCalls:
    """Each call finds the objects of its address, and sends what is accepted of them."""

    archive: WebArchivePort
    base: WebBase

    def objects(self, **uids: str) -> Response:
        """Answer with the objects, each in a transfer syntax that is accepted.

        As the parts of one body; an instance by itself where that is what is accepted. 406 where
        none can be had as accepted, 206 where only some can, 410 where no file is there any more.
        """
        found = self.found(uids)
        here = self.here(found)
        for one in accepted(request):
            as_file = one.media_type == DICOM
            if not one.takes(DICOM) or (as_file and len(found) > 1):
                continue
            if sent := list(_as_accepted(here, one)):
                status = 200 if len(sent) == len(found) else 206
                return self._file(sent[0]) if as_file else self._parts(sent, status)
        raise refuse(406, f"{MULTIPART}; type={DICOM}")

    def bulk(self, place: str, **uids: str) -> Response:
        """Answer with one long value, as `bulkdata` of the metadata names it.

        By itself, or as the one part of a body where that is what is accepted.
        """
        one, tags = self.instance(uids), _place_of(place)
        wanted = next((range_ for range_ in accepted(request) if range_.takes(BYTES)), None)
        if wanted is None:
            raise refuse(406, BYTES)
        syntax = syntax_for(one.stored_syntax, (AS_STORED,)) or one.stored_syntax
        tag = tag_of([one], place)
        if (same := unchanged(tag)) is not None:
            return same
        with _refusing(), ExitStack() as opened:
            path = opened.enter_context(self.archive.opened(one, syntax))
            value = bulk_value(path, syntax, tags)
            if wanted.is_multipart:
                uri = f"{self.base.uri()}{one.path}/bulkdata/{place}"
                body = MultipartBody(BYTES)
                part = BodyPart({"Content-Type": BYTES, "Content-Location": uri}, value.whole())
                response = streamed(body.written([part]), body.content_type, 200, {})
            else:
                response = part_of(value, request, tag)
            response.call_on_close(opened.pop_all().close)
        return kept(response, tag, is_strong=not wanted.is_multipart)

    def instance(self, uids: Mapping[str, str]) -> WebObject:
        """Return the one object an address names; raise `CallRefused` (404, 410)."""
        return self.here(self.found(uids))[0]

    def here(self, found: Sequence[WebObject]) -> Sequence[WebObject]:
        """Return the objects whose files are there; raise `CallRefused` (410) for none."""
        if not (here := self.archive.here(found)):
            raise refuse(410)
        return here

    def found(self, uids: Mapping[str, str]) -> Sequence[WebObject]:
        """Return what an address names; raise `CallRefused` (404) where there is nothing."""
        path = {UIDS[name]: uid for name, uid in uids.items()}
        try:
            found = self.archive.objects(path, sees_held=sees_held(), only=only_study())
        except QueryRefused:
            found = []
        if not found:
            raise refuse(404)
        concerns(found[0].patient_id, f"study:{found[0].study}")
        return found

    def file(self, uids: Mapping[str, str], syntaxes: Sequence[str]) -> Response:
        """Answer with one object by itself; raise `CallRefused` (404, 406, 410)."""
        one = self.instance(uids)
        syntax = syntax_for(one.stored_syntax, syntaxes) or syntax_for(one.stored_syntax, ())
        if syntax is None:
            raise refuse(406, DICOM)
        return self._file(SentObject(one, syntax))

    def _file(self, one: SentObject) -> Response:
        leaving, syntax = one.stored.leaving, one.syntax
        is_same = syntax == leaving.TransferSyntaxUID and leaves_as_stored(leaving)
        tag = tag_of([one.stored], syntax)
        if (same := unchanged(tag)) is not None:
            return same
        kind = f"{DICOM}; transfer-syntax={syntax}"
        if is_same:
            whole = [(0, leaving.file.stat().st_size)]
            response = part_of(MediaContent.of_file(kind, leaving.file, whole), request, tag)
        else:
            response = streamed(self._pieces(one), kind, 200, {})
        response.headers["Content-Location"] = self.base.uri() + one.stored.path
        return kept(response, tag, is_strong=is_same)

    def _parts(self, sent: Sequence[SentObject], status: int) -> Response:
        body, base = MultipartBody(DICOM), self.base.uri()
        parts = (
            BodyPart(
                {
                    "Content-Type": f"{DICOM}; transfer-syntax={one.syntax}",
                    "Content-Location": base + one.stored.path,
                },
                self._pieces(one),
            )
            for one in sent
        )
        return streamed(body.written(parts), body.content_type, status, {})

    def _pieces(self, one: SentObject) -> Iterator[bytes]:
        with _refusing(), self.archive.opened(one.stored, one.syntax) as path:
            yield from MediaContent.of_file(DICOM, path, [(0, path.stat().st_size)]).whole()


@contextmanager
def _refusing() -> Iterator[None]:
    """Tell as a refusal why an object cannot be had."""
    try:
        yield
    except AttachmentHindered:
        raise refuse(503, "", ("Retry-After", str(RETRY_SECONDS))) from None
    except (NotTranscodable, AttachmentError):
        raise refuse(406, AS_STORED_ALONE) from None
    except (InvalidDicomError, EOFError, RecursionError):  # pydicom reads items within each other
        raise refuse(404, UNREADABLE) from None
    except FileNotFoundError:
        raise refuse(410) from None


def streamed(
    pieces: Iterator[bytes], kind: str, status: int, headers: Mapping[str, str]
) -> Response:
    """Return an answer, whole where it is `SHORT`; what is wrong with it is raised here.

    A longer one is made while it is sent, in a thread of the readers (`READERS`).
    """
    begun, size = [], 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        if size > SHORT:
            return Response(chain(begun, pieces), status, dict(headers), content_type=kind)
    return Response(b"".join(begun), status, dict(headers), content_type=kind)


def _place_of(text: str) -> list[int]:
    """Return the tags and numbers of a path; raise `CallRefused` (404) for another."""
    parts = text.split("/")
    tags, numbers = parts[::2], [number_of(part) for part in parts[1::2]]
    if len(parts) % 2 == 0 or None in numbers or not all(map(_TAG.fullmatch, tags)):
        raise refuse(404)
    return [int(part, 16) if at % 2 == 0 else int(part) for at, part in enumerate(parts)]


def _as_accepted(found: Sequence[WebObject], one: MediaRange) -> Iterator[SentObject]:
    for stored in found:
        syntax = syntax_for(stored.stored_syntax, one.transfer_syntaxes)
        if syntax is not None:
            yield SentObject(stored, syntax)
