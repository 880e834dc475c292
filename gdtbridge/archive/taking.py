"""Taking an object that comes as a file: the copy in the spool, then the receipt of the archive.

Files of pick-up folders and of DICOMweb come in here, by the same door as what C-STORE brings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.archive.judging import JudgedFile
from gdtbridge.archive.model import IncomingInstance, ReceiptStatus
from gdtbridge.archive.spool import SpoolFile, failure_of, spooled_meta
from gdtbridge.dataset.values import folded_title, is_ae_title
from gdtbridge.durable.trees import version_of

_PIECE: Final = 256 * 1024


class ObjectPort(Protocol):
    """The archive as who takes files needs it; the same that serves C-STORE."""

    def receive(self, incoming: IncomingInstance) -> ReceiptStatus:
        """Take an object; durable when it returns. Raises a `StoreError`."""

    def room_for(self, size: int) -> None:
        """Raise `OutOfResources` when an object of ``size`` bytes finds no room."""


class FileChanged(Exception):
    """Somebody wrote a file while it was copied, or not all of it came; nothing was taken."""


@dataclass(frozen=True, slots=True)
class ObjectTaker:
    """Takes objects that come as files. Thread-safe."""

    port: ObjectPort
    arrivals: Arrivals
    spool: Path
    """A folder of ours on the archive's file system; only what is being taken lies there."""
    max_object: int
    """Bytes a file may have."""
    peers: Collection[str] = ()
    """AE titles a file may not claim: those of other archives, and our own."""

    def title_of(self, judged: JudgedFile, aet: str | None) -> str:
        """Return as whose a file is taken: the folder's device, else the device the file names.

        Empty where it names none, or one that does not leave files in folders.
        """
        if aet is not None:
            return aet
        title = judged.source_title.strip()
        known = {folded_title(one) for one in self.peers}
        return title if is_ae_title(title) and folded_title(title) not in known else ""

    def take_from_folder(
        self, file: BinaryIO, judged: JudgedFile, title: str, heard: Callable[[], None]
    ) -> ReceiptStatus:
        """Take a whole file others may write to; the object is on the disk when this returns.

        ``heard`` is called as the folder answers. Raises as `take`, and `FileChanged`.
        """
        before = version_of(os.fstat(file.fileno()))

        def must_be_whole(size: int) -> None:
            if version_of(os.fstat(file.fileno())) != before or size != before.size:
                raise FileChanged

        return self.take(file, before.size, judged, title, heard=heard, checked=must_be_whole)

    def take(
        self,
        file: BinaryIO,
        size: int,
        judged: JudgedFile,
        title: str,
        *,
        heard: Callable[[], None] = lambda: None,
        checked: Callable[[int], None] = lambda _: None,
    ) -> ReceiptStatus:
        """Take a whole file of ``size`` bytes; the object is on the disk when this returns.

        ``title`` is the AE title of the device whose it is, empty for nobody known. ``heard`` is
        called for each piece, ``checked`` with the bytes that came before anything counts. Raises a
        `StoreError`, and `OSError` where the file cannot be read; then none of it counts.
        """
        names = judged.SOPClassUID, judged.SOPInstanceUID, judged.TransferSyntaxUID
        meta = spooled_meta(*names)
        self.port.room_for(size)
        arrival = self.arrivals.begin(judged.SOPInstanceUID)
        try:
            with _spooled(self.spool, meta) as copy:
                file.seek(judged.at)
                while piece := file.read(_PIECE):
                    with _told():
                        copy.write(piece)
                    heard()
                with _told():
                    dataset = copy.finish()
                checked(judged.at + dataset.size)
                return self.port.receive(IncomingInstance(copy.path, *names, title, "", dataset))
        finally:
            self.arrivals.end(arrival)


@contextmanager
def _spooled(folder: Path, meta: bytes) -> Iterator[SpoolFile]:
    """Yield a new file of the spool, which is removed unless the archive takes it."""
    with _told():
        file = SpoolFile(folder, meta)
    try:
        yield file
    finally:
        file.remove()


@contextmanager
def _told() -> Iterator[None]:
    """Raise what our own disk says as what it means for the object."""
    try:
        yield
    except OSError as error:
        raise failure_of(error) from error
