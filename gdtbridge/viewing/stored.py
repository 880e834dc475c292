"""Stored objects as pictures: what they are, their frames, thumbnails, videos and documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydicom.uid import UID

from gdtbridge.archive import Archive
from gdtbridge.database import Database
from gdtbridge.durable.files import reason_of
from gdtbridge.errors import NotFound
from gdtbridge.pictures import AttachmentLimit, AttachmentReader, NotRenderable
from gdtbridge.pictures.frame_index import FrameIndex
from gdtbridge.pictures.kinds import ObjectKind, kind_of
from gdtbridge.pictures.looking import (
    AS_STORED,
    FrameLook,
    PictureFacts,
    PictureForm,
    ShownFrame,
)
from gdtbridge.pictures.picture_reader import PictureReader
from gdtbridge.viewing import store
from gdtbridge.viewing.content import MediaContent
from gdtbridge.viewing.making import LocatedObject, PictureMaker, hindered
from gdtbridge.viewing.memory import PictureMemory
from gdtbridge.viewing.model import PictureDescription, PictureUnavailable

THUMBNAIL: Final = 320
"""Pixels of a thumbnail's longer side."""
PDF: Final = "application/pdf"
_WITHOUT_FRAMES: Final = frozenset({ObjectKind.DOCUMENT, ObjectKind.REPORT})


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
        self._memory, self._maker = memory, PictureMaker(reader, memory)

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
            key=stored.key,
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
        return self._maker.frames(known, range(first, last + 1), look)

    def thumbnail(self, instance_id: int, size: int = THUMBNAIL) -> ShownFrame:
        """Return the frame that stands for an object as JPEG, ``size`` pixels at most.

        Raises as `frames` does.
        """
        known = self._known(instance_id)
        if not known.facts.frames:
            raise NotFound(_NO_FRAME)
        look = FrameLook(edge=size, form=PictureForm.JPEG)
        return next(self._maker.frames(known, [known.facts.representative], look))

    def content(self, instance_id: int) -> MediaContent:
        """Return the video or the document of an object; raises as `frames` does."""
        known = self._known(instance_id)
        if known.facts.video and known.index is not None:
            return _stored(known, 1, known.facts.video)
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
        return _stored(known, number)

    def sweep(self) -> None:
        """Keep the cache within its limits; at the start it finds out what is there."""
        self._memory.cache.sweep()

    def _document(self, path: Path) -> MediaContent:
        try:
            with self._maker.turn(), hindered():
                data = self._documents.render(path, None).data
        except (AttachmentLimit, NotRenderable) as error:
            raise NotFound(str(error)) from error
        return MediaContent.of_bytes(PDF, data)

    def _known(self, instance_id: int) -> LocatedObject:
        with self._database.read() as connection:
            stored = store.object_of(connection, instance_id)
        if stored is None:
            raise NotFound(_NO_OBJECT)
        path = self._archive.folder / stored.file
        facts = PictureFacts()
        if kind_of(stored.sop_class) not in _WITHOUT_FRAMES:
            facts = self._maker.facts(stored, path)
        return LocatedObject(
            stored, path, facts, FrameIndex.unpacked(facts.spans) if facts.spans else None
        )


def _stored(known: LocatedObject, number: int, media_type: str = "") -> MediaContent:
    """Return a frame, or all of a video, as it is in the file; raise as `frames` does."""
    try:
        places = known.places(number)
    except AttachmentLimit as error:
        raise NotFound(str(error)) from error
    except OSError as error:
        raise PictureUnavailable(_AWAY.format(reason_of(error))) from error
    if not places:
        raise NotFound(_NOT_AS_IT_IS)
    return MediaContent.of_file(media_type, known.path, places)


_NO_OBJECT: Final = "Dieses Objekt gibt es nicht. / There is no such object."
_NOT_AS_IT_IS: Final = "Das Bild liegt nicht als Ganzes vor. / The frame is not in one piece."
_AWAY: Final = "Die Datei lässt sich nicht öffnen. / The file cannot be opened: {}."
_NO_FRAME: Final = "Davon lässt sich kein Bild zeigen. / There is no picture of it to show."
