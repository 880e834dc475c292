"""An object in another transfer syntax than it was stored in: uncompressed, little endian.

A peer that does not accept an object as it was stored gets it in Explicit or Implicit VR Little
Endian, under the same SOP Instance UID: what is lossless stays what it was, and what has lost says
so as before (PS3.3 C.7.6.1.1.5). Pixels are decoded in guarded children, some megabytes at a time;
the file is made here, piece by piece. Videos are never decoded.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import UID

from gdtbridge.dataset.encoding import (
    DEFLATED,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
)
from gdtbridge.dataset.inflate import InflatedStream
from gdtbridge.dataset.part10 import file_meta, read_announced
from gdtbridge.errors import BridgeError
from gdtbridge.pictures.frame_reader import FrameReader
from gdtbridge.pictures.model import NativeFrames
from gdtbridge.pictures.transfer_syntaxes import ALWAYS_LOSSY, is_decodable
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send, read_head
from gdtbridge.retrieve.pixel_element import (
    ElementEncoding,
    copy_after,
    copy_pixels,
    native_element,
    read_pixel_element,
    skip_fragments,
    swap_words,
    write_pixel_head,
)

NATIVE: Final = (EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN)
"""The transfer syntaxes objects are made into, the better first."""
MAX_BYTES: Final = 0xFFFFFFFE
"""The largest value of defined length (PS3.5 7.1.1)."""
MAX_INFLATED: Final = 1024**3
ROOM_BYTES: Final = 64 * 1024**2
"""For so much is room asked at a time where nobody says how much is to come."""
SECONDS: Final = 300.0
"""What one object may take; a loop of 55 MB takes two."""

_OFFSET_TABLES: Final = (
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "EncapsulatedPixelDataValueTotalLength",
)


class NotTranscodable(BridgeError):
    """An object cannot be had in another transfer syntax."""


def leaving_syntaxes(stored: str) -> tuple[str, ...]:
    """Return the transfer syntaxes an object stored in one can leave in, the best first.

    Its own; then uncompressed, where the object can be decoded (videos cannot).
    """
    further = NATIVE if is_decodable(stored) else ()
    return tuple(dict.fromkeys((stored, *further)))


class Transcoder:
    """Gives the files of objects that leave, in the transfer syntax the receiver takes.

    Copies lie in ``folder`` as long as they are needed; ``room_for`` raises where so many bytes
    would fill the disk. Thread-safe.
    """

    def __init__(self, frames: FrameReader, folder: Path, room_for: Callable[[int], None]) -> None:
        self.frames, self._folder, self._room_for = frames, folder, room_for

    @contextmanager
    def opened(
        self, one: LeavingObject, syntax: str, now: datetime | None = None
    ) -> Iterator[Path]:
        """Yield the Part 10 file that leaves for an object in one of its `leaving_syntaxes`.

        It says whom it was decided to be of (`file_to_send`), changed at ``now``, local time, or at
        this moment; with the same ``now`` it is the same bytes. Raises `NotTranscodable`,
        `AttachmentError` and what reading and writing raise.
        """
        now = now or datetime.now()  # noqa: DTZ005 - local, as in DICOM
        with file_to_send(one, self._folder, now) as file:
            if syntax == one.TransferSyntaxUID:
                yield file
                return
            with self.transcoded(file, syntax) as transcoded:
                yield transcoded

    @contextmanager
    def transcoded(self, file: Path, syntax: str) -> Iterator[Path]:
        """Yield a copy of a Part 10 file in one of `NATIVE`; raises as `opened` does."""
        if syntax not in NATIVE:
            raise NotTranscodable(f"Nur unkomprimiert. / Uncompressed only: {syntax}.")
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._copy() as path:
            with file.open("rb") as source:
                stored = read_announced(source)
                if stored[2] not in DEFLATED:
                    self._write(file, path, syntax)
                    yield path
                    return
                self._inflate(source, stored, path)
            if syntax == EXPLICIT_LITTLE_ENDIAN:
                yield path
                return
            with self.transcoded(path, syntax) as implicit:
                yield implicit

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part") as copy:
            copy.close()
            path = Path(copy.name)
            try:
                yield path
            finally:
                path.unlink(missing_ok=True)

    def _inflate(self, source: BinaryIO, stored: tuple[str, str, str], path: Path) -> None:
        """Write a deflated object as what it is, Explicit VR Little Endian (PS3.5 A.5)."""
        with path.open("wb") as target:
            target.write(file_meta(stored[0], stored[1], EXPLICIT_LITTLE_ENDIAN))
            asked = 0
            for piece in InflatedStream(source, MAX_INFLATED).pieces():
                if target.tell() >= asked:
                    self._room_for(ROOM_BYTES)
                    asked += ROOM_BYTES
                target.write(piece)

    def _write(self, file: Path, path: Path, syntax: str) -> None:
        with file.open("rb") as source, path.open("wb") as target:
            dataset = read_head(source)
            stored = str(dataset.file_meta.TransferSyntaxUID)
            encoding = ElementEncoding(*dataset.original_encoding)
            element = read_pixel_element(source, encoding)
            if not encoding.is_little_endian:
                swap_words(dataset)
            if element is None:
                write_head(dataset, syntax, target)
                return
            if element.length is None and not is_decodable(stored):
                raise NotTranscodable(f"Wird nicht umgewandelt. / Not transcoded: {stored}.")
            if element.length is None:
                self._decode(file, source.tell(), dataset, syntax, target)
                skip_fragments(source)
            else:
                self._room_for(element.length)
                write_head(dataset, syntax, target)
                write_pixel_head(target, element, syntax)
                copy_pixels(source, target, element, encoding)
            copy_after(source, target, encoding, syntax)

    def _decode(self, file: Path, at: int, dataset: Dataset, syntax: str, target: BinaryIO) -> None:
        """Write the head as it has to be now and all frames, which begin at a byte of the file."""
        until = time.monotonic() + SECONDS
        batch = first = self.frames.native_frames(file, 1)
        frames = max(int(dataset.get("NumberOfFrames") or 1), 1)
        size = len(first.data) // first.count * frames
        if size > MAX_BYTES:
            raise NotTranscodable("Unkomprimiert zu groß. / Too large when uncompressed.")
        self._room_for(size)
        packed = file.stat().st_size - at
        describe_native(dataset, first, size / max(packed, 1))
        write_head(dataset, syntax, target)
        element = native_element(size + size % 2, first.bits_allocated)
        write_pixel_head(target, element, syntax)
        done = 0
        while True:
            if _kind(batch) != _kind(first):
                raise NotTranscodable("Ungleiche Einzelbilder. / The frames differ in kind.")
            target.write(batch.data)
            done += batch.count
            if done >= frames:
                break
            if time.monotonic() > until:
                raise NotTranscodable("Dauert zu lange. / Takes too long.")
            batch = self.frames.native_frames(file, done + 1)
        target.write(bytes(size % 2))


def _kind(batch: NativeFrames) -> tuple[int, int, str, int]:
    length = len(batch.data) // batch.count
    return batch.samples_per_pixel, batch.bits_allocated, batch.photometric, length


def describe_native(dataset: Dataset, frames: NativeFrames, ratio: float) -> None:
    """Let the attributes say what the pixels are now, and that they lost where they did.

    ``ratio`` is how many times smaller they were (PS3.3 C.7.6.1.1.5).
    """
    stored = str(dataset.file_meta.TransferSyntaxUID)
    dataset.PhotometricInterpretation = frames.photometric
    dataset.SamplesPerPixel = frames.samples_per_pixel
    if frames.samples_per_pixel > 1:
        dataset.PlanarConfiguration = 0
    else:
        dataset.pop("PlanarConfiguration", None)
    if dataset.get("BitsAllocated") != frames.bits_allocated:
        dataset.BitsAllocated = frames.bits_allocated
        dataset.BitsStored = min(
            int(dataset.get("BitsStored") or frames.bits_allocated), frames.bits_allocated
        )
        dataset.HighBit = dataset.BitsStored - 1
    if stored in ALWAYS_LOSSY and dataset.get("LossyImageCompression") != "01":
        dataset.LossyImageCompression = "01"
        dataset.LossyImageCompressionMethod = ALWAYS_LOSSY[stored]
        dataset.LossyImageCompressionRatio = f"{ratio:.2f}"
    for keyword in _OFFSET_TABLES:
        dataset.pop(keyword, None)


def write_head(dataset: Dataset, syntax: str, target: BinaryIO) -> None:
    """Write preamble, File Meta Information and a dataset up to its pixels."""
    if any(item.get("PixelData") and _is_encapsulated(item) for item in _icons(dataset)):
        del dataset.IconImageSequence  # a small picture of type 3, compressed like the big one
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dcmwrite(target, dataset)


def _icons(dataset: Dataset) -> list[Dataset]:
    return list(dataset.get("IconImageSequence") or ())


def _is_encapsulated(item: Dataset) -> bool:
    return bool(item["PixelData"].is_undefined_length)
