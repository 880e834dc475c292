"""The Pixel Data element of a file, and what follows it, copied piece by piece (PS3.5 7.1, A.4)."""

from __future__ import annotations

import io
import shutil
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from gdtbridge.dataset.encoding import IMPLICIT_LITTLE_ENDIAN, ITEM, SEQUENCE_END, UNDEFINED
from gdtbridge.dataset.errors import DatasetTooLarge, UnreadableDataset

MAX_AFTER: Final = 64 * 1024 * 1024
"""Bytes behind the pixels that may have to be encoded anew, and so be held in memory."""

_PIECE: Final = 1024 * 1024
_PIXEL_DATA: Final = 0x7FE00010
_WORDS: Final = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
"""VRs whose values are words, and the bytes of one (PS3.5 6.2, 7.3)."""
_FLOATS: Final = {0x7FE00008: "OF", 0x7FE00009: "OD"}
"""Float and Double Float Pixel Data; VRs of a file that is implicit."""


@dataclass(frozen=True, slots=True)
class ElementEncoding:
    """How data elements are encoded: VRs implicit or explicit, the byte order."""

    is_implicit: bool
    is_little_endian: bool

    @property
    def order(self) -> str:
        """The byte order as `struct` says it."""
        return "<" if self.is_little_endian else ">"


def native_encoding(syntax: str) -> ElementEncoding:
    """Return the encoding of Implicit or Explicit VR Little Endian."""
    return ElementEncoding(syntax == IMPLICIT_LITTLE_ENDIAN, is_little_endian=True)


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Tag, VR and length of Pixel Data; a length of None says that it is encapsulated."""

    tag: int
    vr: str
    length: int | None


def read_pixel_element(source: BinaryIO, encoding: ElementEncoding) -> PixelElement | None:
    """Read the head of the element ``source`` stands at; None at the end of the file."""
    size = 8 if encoding.is_implicit else 12
    head = source.read(size)
    if len(head) < size:
        return None
    group, element = struct.unpack_from(f"{encoding.order}HH", head)
    (length,) = struct.unpack_from(f"{encoding.order}L", head, size - 4)
    tag = group << 16 | element
    implied = _FLOATS.get(tag, "OW")
    vr = implied if encoding.is_implicit else head[4:6].decode("ascii", "replace")
    return PixelElement(tag, vr, None if length == UNDEFINED else length)


def write_pixel_head(target: BinaryIO, element: PixelElement, syntax: str) -> None:
    """Write the head of an element of defined length."""
    target.write(struct.pack("<HH", element.tag >> 16, element.tag & 0xFFFF))
    if not native_encoding(syntax).is_implicit:
        target.write(element.vr.encode("ascii") + bytes(2))
    target.write(struct.pack("<L", element.length or 0))


def native_element(size: int, bits_allocated: int) -> PixelElement:
    """Return the head of so many bytes of native pixels (PS3.5 A.1, A.2)."""
    return PixelElement(_PIXEL_DATA, "OW" if bits_allocated > 8 else "OB", size)


def copy_pixels(
    source: BinaryIO, target: BinaryIO, element: PixelElement, encoding: ElementEncoding
) -> None:
    """Copy the value of an element that is not encapsulated, in little endian.

    Raises `UnreadableDataset` where the file ends before.
    """
    width = 1 if encoding.is_little_endian else _WORDS.get(element.vr, 1)
    left = element.length or 0
    while left:
        piece = source.read(min(left, _PIECE))
        if not piece:
            raise UnreadableDataset("Die Pixel sind abgeschnitten. / The pixels are cut off.")
        target.write(swapped(piece, width) if width > 1 else piece)
        left -= len(piece)


def skip_fragments(source: BinaryIO) -> None:
    """Place ``source``, at the first item of encapsulated pixels, behind their end."""
    while len(head := source.read(8)) == 8:
        group, element, length = struct.unpack("<HHL", head)
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            return
        if tag != ITEM or length == UNDEFINED:
            raise UnreadableDataset("Die Pixel sind beschädigt. / The pixels are damaged.")
        source.seek(length, io.SEEK_CUR)


def copy_after(source: BinaryIO, target: BinaryIO, encoding: ElementEncoding, syntax: str) -> None:
    """Copy the elements behind the pixels; raise `DatasetTooLarge` for too many to encode anew."""
    wanted = native_encoding(syntax)
    if encoding == wanted:
        shutil.copyfileobj(source, target)
        return
    rest = source.read(MAX_AFTER + 1)
    if len(rest) > MAX_AFTER:
        raise DatasetTooLarge("Zu viel hinter den Pixeln. / Too much behind the pixels.")
    after = read_dataset(io.BytesIO(rest), encoding.is_implicit, encoding.is_little_endian)
    if not encoding.is_little_endian:
        swap_words(after)
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = wanted.is_implicit, True
    write_dataset(buffer, after)
    target.write(buffer.getvalue())


def swap_words(dataset: Dataset) -> None:
    """Turn the words of values that pydicom keeps as bytes, at every level."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                swap_words(item)
        elif element.VR in _WORDS and element.value:
            element.value = swapped(bytes(element.value), _WORDS[element.VR])


def swapped(data: bytes, width: int) -> bytes:
    """Return words in the other byte order; what is no whole word stays."""
    turned = bytearray(data)
    whole = len(data) // width * width
    for place in range(width):
        turned[place:whole:width] = data[width - 1 - place : whole : width]
    return bytes(turned)
