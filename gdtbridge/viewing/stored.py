"""Stored objects as pictures: what they are, their frames, thumbnails, videos and documents."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import Final

from pydicom.uid import UID

from gdtbridge.archive import Archive
from gdtbridge.database import Database
from gdtbridge.errors import NotFound
from gdtbridge.pictures import AttachmentHindered, AttachmentLimit, AttachmentReader, NotRenderable
from gdtbridge.pictures.frame_index import FrameIndex
from gdtbridge.pictures.kinds import ObjectKind, kind_of
from gdtbridge.pictures.looking import (
    AS_STORED,
    FrameLook,
    FrameSpan,
    PictureFacts,
    PictureForm,
    PictureProblem,
    ShownFrame,
)
from gdtbridge.pictures.picture_reader import PictureReader
from gdtbridge.viewing import store
from gdtbridge.viewing.flights import Released
from gdtbridge.viewing.memory import PictureMemory
from gdtbridge.viewing.model import MediaContent, PictureDescription, PictureUnavailable
from gdtbridge.viewing.store import StoredObject

THUMBNAIL: Final = 320
"""Pixels of a thumbnail's longer side."""
AT_ONCE: Final = 12
"""Frames that are made together, a third of a second of most loops."""
PDF: Final = "application/pdf"
MOST_AT_ONCE: Final = 4
"""Callers that wait for children at a time: half of the threads that answer pages, at most."""
TURN_SECONDS: Final = 5.0
"""How long others wait for their turn."""
_WITHOUT_FRAMES: Final = frozenset({ObjectKind.DOCUMENT, ObjectKind.REPORT})
_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class _LocatedObject:
    """An object, what it has to show, and where its frames are."""

    stored: StoredObject
    path: Path
    facts: PictureFacts
    index: FrameIndex | None

    @property
    def is_loop(self) -> bool:
        return self.facts.frames > 1

    def span(self, number: int) -> FrameSpan:
        return FrameSpan(number) if self.index is None else self.index.span(number)


class StoredPictures:
    """What of stored objects can be looked at. Thread-safe."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        reader: PictureReader,
        documents: AttachmentReader,
        memory: PictureMemory,
    ) -> None:
        """Show what ``reader`` and ``documents`` read; objects of one ``memory`` may be several."""
        self._database, self._archive = database, archive
        self._reader, self._documents = reader, documents
        self._memory = memory
        self._turns = threading.BoundedSemaphore(MOST_AT_ONCE)

    def describe(self, instance_id: int) -> PictureDescription:
        """Return what can be looked at of an object of an exam.

        Raises `NotFound`, `PictureUnavailable` or `DatabaseError`.
        """
        known = self._known(instance_id)
        stored, facts = known.stored, known.facts
        kind = kind_of(stored.sop_class, facts.frames or facts.said_frames)
        is_document = kind is ObjectKind.DOCUMENT
        return PictureDescription(
            instance_id=instance_id,
            exam_id=stored.exam_id,
            person=stored.person,
            kind=kind,
            key=key_of(stored),
            transfer_syntax=UID(stored.transfer_syntax).name,
            problem=facts.problem,
            frames=facts.frames,
            said_frames=facts.said_frames,
            rows=facts.rows,
            columns=facts.columns,
            representative=facts.representative,
            speed=facts.speed,
            is_lossy=facts.is_lossy,
            window=facts.window,
            grey_range=facts.grey_range,
            media_type=PDF if is_document else facts.video,
        )

    def frames(
        self, instance_id: int, first: int = 1, count: int = 1, look: FrameLook = AS_STORED
    ) -> Iterator[ShownFrame]:
        """Return frames of an object, counted from ``first``, made a few ahead of being taken.

        There are no more than the object has. One that cannot be shown has its problem and stops no
        other. Raises `NotFound` where there is nothing to show, `PictureUnavailable`, at the call
        or while it is gone through, and `DatabaseError`.
        """
        known = self._known(instance_id)
        last = min(first + count - 1, known.facts.frames)
        if not 1 <= first <= last:
            raise NotFound(_NO_FRAME)
        return self._shown(known, range(first, last + 1), look)

    def thumbnail(self, instance_id: int, size: int = THUMBNAIL) -> ShownFrame:
        """Return the frame that stands for an object as JPEG, ``size`` pixels at most.

        Raises as `frames` does.
        """
        known = self._known(instance_id)
        if not known.facts.frames:
            raise NotFound(_NO_FRAME)
        look = FrameLook(edge=size, form=PictureForm.JPEG)
        return next(self._shown(known, [known.facts.representative], look))

    def content(self, instance_id: int) -> MediaContent:
        """Return the video or the document of an object; raises as `frames` does."""
        known = self._known(instance_id)
        if known.facts.video and known.index is not None:
            with self._turn(), _hindered():
                places = list(self._reader.places(known.path, known.span(1)))
            size = sum(stop - start for start, stop in places)
            return MediaContent(known.facts.video, size, partial(_pieces, known.path, places))
        if kind_of(known.stored.sop_class) is not ObjectKind.DOCUMENT:
            raise NotFound(_NO_FRAME)
        return self._document(known.path)

    def processes(self) -> tuple[int, ...]:
        """Return the process ids of the children that are alive."""
        return self._reader.processes()

    def stored_frame(self, instance_id: int, number: int) -> MediaContent:
        """Return a frame as it is stored, without a type: its codestream, or its samples.

        Samples are in little endian. Raises as `frames` does, `NotFound` also for a frame that is
        not in the file as it is.
        """
        known = self._known(instance_id)
        if not 1 <= number <= known.facts.frames:
            raise NotFound(_NO_FRAME)
        try:
            with self._turn(), _hindered():
                places = list(self._reader.places(known.path, known.span(number)))
        except (AttachmentLimit, NotRenderable) as error:
            raise NotFound(str(error)) from error
        size = sum(stop - start for start, stop in places)
        return MediaContent("", size, partial(_pieces, known.path, places))

    def sweep(self) -> None:
        """Keep the cache within its limits; at the start it finds out what is there."""
        self._memory.cache.sweep()

    def _document(self, path: Path) -> MediaContent:
        try:
            with self._turn(), _hindered():
                data = self._documents.render(path, None).data
        except (AttachmentLimit, NotRenderable) as error:
            raise NotFound(str(error)) from error
        return MediaContent(PDF, len(data), lambda start, stop: iter((data[start:stop],)))

    def _known(self, instance_id: int) -> _LocatedObject:
        with self._database.read() as connection:
            stored = store.object_of(connection, instance_id)
        if stored is None:
            raise NotFound(_NO_OBJECT)
        path = self._archive.folder / stored.file
        facts = self._facts(stored, path)
        return _LocatedObject(
            stored, path, facts, FrameIndex.unpacked(facts.spans) if facts.spans else None
        )

    def _facts(self, stored: StoredObject, path: Path) -> PictureFacts:
        if kind_of(stored.sop_class) in _WITHOUT_FRAMES:
            return PictureFacts()
        key = f"facts {key_of(stored)}"
        if (kept := self._memory.facts(key)) is not None:
            return kept
        with self._turn():
            return self._memory.facts_under_way.once(key, partial(self._new_facts, key, path))

    def _new_facts(self, key: str, path: Path) -> PictureFacts:
        facts = self._memory.facts(key)  # made while this waited for its turn?
        if facts is None:
            facts = self._read_facts(path)
            self._memory.keep_facts(key, facts)
        return facts

    def _read_facts(self, path: Path) -> PictureFacts:
        try:
            with _hindered():
                return self._reader.describe(path)
        except AttachmentLimit:
            return PictureFacts(problem=PictureProblem.TOO_LARGE)
        except NotRenderable:
            return PictureFacts(problem=PictureProblem.DAMAGED)

    def _shown(
        self, known: _LocatedObject, numbers: Sequence[int], look: FrameLook
    ) -> Iterator[ShownFrame]:
        keys = {one: f"frame {key_of(known.stored)} {one} {_said(look)}" for one in numbers}
        while keys:
            shown = self._next(known, keys, look)
            yield from shown
            for one in shown:
                del keys[one.number]

    def _next(
        self, known: _LocatedObject, keys: Mapping[int, str], look: FrameLook
    ) -> Sequence[ShownFrame]:
        """Return the first of some frames, perhaps with those after it: kept, awaited or made."""
        first = next(iter(keys.values()))
        if (kept := self._memory.frame(first)) is not None:
            return [kept]
        with self._turn():
            return self._made_by_somebody(known, self._missing(keys), look)

    def _missing(self, keys: Mapping[int, str]) -> dict[int, str]:
        """Return the first frame and those after it up to one that is kept."""
        (first, key), *others = islice(keys.items(), AT_ONCE)
        missing = takewhile(lambda one: not self._memory.has_frame(one[1]), others)
        return {first: key, **dict(missing)}

    def _made_by_somebody(
        self, known: _LocatedObject, wanted: dict[int, str], look: FrameLook
    ) -> Sequence[ShownFrame]:
        """Return some of the wanted frames; none where who made the first gave it up."""
        under_way, keys = self._memory.frames_under_way, list(wanted.values())
        count, others = under_way.claim(keys)
        if others is not None:
            try:
                return [others.result()]
            except Released:
                return []
        if (kept := self._memory.frame(keys[0])) is not None:  # made while this waited
            under_way.release(keys[:count])
            return [kept]
        return self._make(known, dict(islice(wanted.items(), count)), look)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Keep most of those who want something from waiting for objects that take long."""
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise PictureUnavailable(_BUSY)
        try:
            yield
        finally:
            self._turns.release()

    def _make(
        self, known: _LocatedObject, keys: dict[int, str], look: FrameLook
    ) -> Sequence[ShownFrame]:
        """Make claimed frames, some of them at least, for all who wait for them."""
        under_way, failed = self._memory.frames_under_way, None
        try:
            shown = self._made(known, tuple(map(known.span, keys)), look)
            for one in shown:
                self._memory.keep_frame(keys[one.number], one)
                under_way.land(keys.pop(one.number), one)
        except Exception as error:
            failed = error
            raise
        finally:
            under_way.release(list(keys.values()), failed)
        return shown

    def _made(
        self, known: _LocatedObject, spans: tuple[FrameSpan, ...], look: FrameLook
    ) -> Sequence[ShownFrame]:
        """Return the first of some frames; one that takes too much is tried by itself."""
        facts = known.facts
        reference = known.span(facts.representative) if facts.needs_reference else None
        try:
            with _hindered():
                return self._reader.show(
                    known.path, spans, look, is_loop=known.is_loop, reference=reference
                )
        except AttachmentLimit:
            if len(spans) > 1:
                return self._made(known, spans[:1], look)
            problem = PictureProblem.TOO_LARGE
        except NotRenderable:
            problem = PictureProblem.DAMAGED
        return [
            ShownFrame(one.number, "", b"", 0, 0, is_own=False, problem=problem) for one in spans
        ]


def key_of(stored: StoredObject) -> str:
    """Return what names the bytes of an object: the digest of its dataset and its syntax."""
    said = f"{stored.sha256}\n{stored.transfer_syntax}"
    return hashlib.sha256(said.encode()).hexdigest()


def _said(look: FrameLook) -> str:
    """Return what a look is, as text."""
    window = look.window
    shades = f" {window.centre} {window.width}" if window is not None else ""
    return f"{look.edge} {look.form}{shades}"


@contextmanager
def _hindered() -> Iterator[None]:
    try:
        yield
    except AttachmentHindered as error:
        raise PictureUnavailable(str(error)) from error


def _pieces(
    path: Path, places: Sequence[tuple[int, int]], start: int, stop: int
) -> Iterator[bytes]:
    """Yield the bytes of a file's parts put together, from ``start`` up to ``stop``."""
    at = 0
    with path.open("rb") as file:
        for begin, end in places:
            first, last = max(start - at, 0), min(stop - at, end - begin)
            at += end - begin
            file.seek(begin + first)
            while first < last and (piece := file.read(min(_PIECE, last - first))):
                first += len(piece)
                yield piece


_BUSY: Final = (
    "Andere Bilder brauchen gerade lange, bitte noch einmal versuchen. / Other pictures take long "
    "at the moment, please try again."
)
_NO_OBJECT: Final = "Dieses Objekt gibt es nicht. / There is no such object."
_NO_FRAME: Final = "Davon lässt sich kein Bild zeigen. / There is no picture of it to show."
