"""Finds a few top-level elements of a dataset without reading the rest (PS3.5 chapter 7).

What comes from a wire may nest a thousand sequences or announce four gigabytes. So nothing here
recurses, nothing is read that is not wanted, and the number of elements looked at is limited.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from typing import BinaryIO, Final

EXPLICIT_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
DEFLATED: Final = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1"})

MAX_ELEMENTS: Final = 100_000
MAX_VALUE: Final = 64 * 1024
MAX_INFLATED: Final = 16 * 1024 * 1024

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


class ScanError(ValueError):
    """The bytes are not a dataset as far as they had to be looked at."""


class _Plain:
    """Bytes as they lie in the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def skip(self, size: int) -> None:
        self._file.seek(size, 1)


class _Inflated:
    """The inflated form of a deflated dataset (PS3.5 A.5), up to a limit."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._left = MAX_INFLATED

    def read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            piece = self._piece(size - len(parts))
            if not piece:
                break
            parts += piece
        return bytes(parts)

    def _piece(self, size: int) -> bytes:
        if size > self._left:
            raise ScanError("the deflated dataset is larger than its head may be")
        try:
            while not self._inflater.eof:
                source = self._inflater.unconsumed_tail or self._file.read(16384)
                piece = self._inflater.decompress(source, size)
                self._left -= len(piece)
                if piece or not source:
                    return piece
        except zlib.error as error:
            raise ScanError("the dataset is not deflated data") from error
        return b""

    def skip(self, size: int) -> None:
        while size > 0:
            piece = self.read(min(size, 65536))
            if not piece:
                return
            size -= len(piece)


class _Scanner:
    def __init__(self, source: _Plain | _Inflated, *, big_endian: bool) -> None:
        self._source = source
        self._tag_format = struct.Struct(">HH" if big_endian else "<HH")
        self._short = struct.Struct(">H" if big_endian else "<H")
        self._long = struct.Struct(">L" if big_endian else "<L")
        self._explicit: bool | None = None
        self._budget = MAX_ELEMENTS

    def scan(self, wanted: Collection[int]) -> dict[int, bytes]:
        last = max(wanted)
        found: dict[int, bytes] = {}
        while (head := self._head(explicit=None)) is not None:
            tag, length, vr = head
            if tag > last:
                break
            if length == UNDEFINED:
                self._skip_sequence(implicit=vr == b"UN")
            elif tag in wanted and length <= MAX_VALUE:
                found.setdefault(tag, self._value(length))
            else:
                self._source.skip(length)
        return found

    def _value(self, length: int) -> bytes:
        value = self._source.read(length)
        if len(value) < length:
            raise ScanError("an element is shorter than it says")
        return value

    def _head(self, *, explicit: bool | None) -> tuple[int, int, bytes] | None:
        """Return tag, length and VR of the next element, or ``None`` at the end."""
        self._budget -= 1
        if self._budget < 0:
            raise ScanError("too many elements before the ones that identify the object")
        start = self._source.read(8)
        if len(start) < 8:
            return None
        group, element = self._tag_format.unpack_from(start)
        tag = group << 16 | element
        vr = start[4:6]
        if group == 0xFFFE:
            return tag, self._long.unpack_from(start, 4)[0], b""
        if explicit is None:
            explicit = self._is_explicit(vr)
        if not explicit:
            return tag, self._long.unpack_from(start, 4)[0], b""
        if vr not in LONG_VRS:
            return tag, self._short.unpack_from(start, 6)[0], vr
        length = self._source.read(4)
        if len(length) < 4:
            return None
        return tag, self._long.unpack(length)[0], vr

    def _is_explicit(self, vr: bytes) -> bool:
        """Tell the VR encoding by the first element: devices announce the wrong one."""
        if self._explicit is None:
            self._explicit = vr.isalpha() and vr.isupper()
        return self._explicit

    def _skip_sequence(self, *, implicit: bool) -> None:
        """Skip a value of undefined length, however deep it nests (PS3.5 7.5; UN: PS3.5 6.2.2)."""
        open_items = [(False, implicit)]  # (inside an item?, implicit VR?)
        while open_items:
            inside, implicit = open_items[-1]
            head = self._head(explicit=False if implicit else None)
            if head is None:
                return
            tag, length, vr = head
            if tag == (ITEM_END if inside else SEQUENCE_END):
                open_items.pop()
            elif length != UNDEFINED:
                self._source.skip(length)
            elif inside:
                open_items.append((False, implicit or vr == b"UN"))
            elif tag == ITEM:
                open_items.append((True, implicit))
            else:
                raise ScanError("a sequence is not made of items")


def scan(file: BinaryIO, transfer_syntax_uid: str, wanted: Collection[int]) -> dict[int, bytes]:
    """Return the undecoded values of the ``wanted`` top-level tags of the dataset in ``file``.

    ``file`` stands at the first byte of the dataset; it must be seekable. Reading ends behind the
    highest wanted tag. Raises `ScanError`.
    """
    source = _Inflated(file) if transfer_syntax_uid in DEFLATED else _Plain(file)
    scanner = _Scanner(source, big_endian=transfer_syntax_uid == EXPLICIT_BIG_ENDIAN)
    return scanner.scan(wanted)
