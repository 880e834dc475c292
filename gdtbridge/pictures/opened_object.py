"""An object's file, opened: its dataset without the big values, and where those are.

Bounded: nothing above `MAX_VALUE` is read unasked, a deflated object may inflate to `MAX_INFLATED`.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from gdtbridge.dataset.encoding import (
    DEFLATED,
    EXPLICIT_BIG_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    UNDEFINED,
)
from gdtbridge.dataset.errors import DatasetTooLarge, UnreadableDataset
from gdtbridge.dataset.inflate import InflatedStream
from gdtbridge.dataset.part10 import read_file_meta
from gdtbridge.dataset.text import plain_text
from gdtbridge.pictures.model import AttachmentHindered, AttachmentLimit, NotRenderable

MAX_VALUE: Final = 1024 * 1024
"""Bytes of a value read with the dataset; three palettes of 65,536 entries have 128 KiB each."""

MAX_INFLATED: Final = 64 * 1024 * 1024

PIXEL_DATA: Final = 0x7FE00010
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, PIXEL_DATA})


@dataclass(frozen=True, slots=True)
class PixelData:
    """Where Pixel Data is: its VR (empty for implicit), its length in bytes, its first byte.

    ``length`` is None for encapsulated pixel data.
    """

    vr: str
    length: int | None
    at: int


@dataclass(frozen=True, slots=True)
class OpenedObject:
    """An opened object: ``dataset`` ends before the pixel data, ``pixel_data`` is None without."""

    dataset: Dataset
    syntax: UID
    stream: BinaryIO
    pixel_data: PixelData | None

    def big_value(self, tag: int, most: int) -> bytes | None:
        """Return the bytes of an element, None where there is none; raise `AttachmentLimit`."""
        if tag not in self.dataset:
            return None
        element: object = self.dataset.get_item(tag, keep_deferred=True)
        if not isinstance(element, RawDataElement) or element.value is not None:
            return bytes(self.dataset[tag].value or b"")
        if element.length > most:
            raise AttachmentLimit("Das Dokument ist zu groß. / The document is too large.")
        self.stream.seek(element.value_tell)
        value = self.stream.read(element.length)
        if len(value) < element.length:
            raise NotRenderable("Das Dokument ist abgeschnitten. / The document is cut off.")
        return value


@contextmanager
def open_object(path: Path) -> Iterator[OpenedObject]:
    """Open a Part 10 file (PS3.10) in any transfer syntax; raise `AttachmentError`."""
    with _opened(path) as file:
        stream: BinaryIO = file
        try:
            syntax = UID(read_file_meta(file))
            if syntax in DEFLATED:
                stream = io.BytesIO(b"".join(InflatedStream(file, MAX_INFLATED).pieces()))
        except UnreadableDataset as error:
            raise NotRenderable(str(error)) from error
        except DatasetTooLarge as error:
            raise AttachmentLimit(str(error)) from error
        dataset = read_dataset(
            stream,
            # Every other syntax, private ones too, is explicit little endian (PS3.5 A.4).
            is_implicit_VR=syntax == IMPLICIT_LITTLE_ENDIAN,
            is_little_endian=syntax != EXPLICIT_BIG_ENDIAN,
            stop_when=_at_pixels,
            defer_size=MAX_VALUE,
        )
        yield OpenedObject(dataset, syntax, stream, _pixel_data(stream, dataset))


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise AttachmentHindered(
            f"Die Datei lässt sich nicht öffnen. / The file cannot be opened: {error.strerror}."
        ) from error


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001 - pydicom's
    return tag in _PIXELS


def _pixel_data(stream: BinaryIO, dataset: Dataset) -> PixelData | None:
    """Read the head of the Pixel Data element, at which the stream stands if there is one."""
    is_implicit, is_little_endian = dataset.original_encoding
    order = "<" if is_little_endian else ">"
    head = stream.read(8 if is_implicit else 12)
    if len(head) < (8 if is_implicit else 12):
        return None
    group, element = struct.unpack_from(f"{order}HH", head)
    if (group << 16 | element) != PIXEL_DATA:
        return None
    (length,) = struct.unpack_from(f"{order}L", head, len(head) - 4)
    vr = "" if is_implicit else plain_text(head[4:6])
    return PixelData(vr, None if length == UNDEFINED else length, stream.tell())
