"""Bytes of a connection that were read and not taken yet, and the fragments in them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, Protocol

from gdtbridge.dicom.service import ProtocolViolation

HEADER: Final = struct.Struct(">BxL")
"""Type of a PDU and bytes that follow (PS3.8 9.3.1)."""
_PDV_HEADER: Final = struct.Struct(">LBB")
_LENGTH_BYTES: Final = 4
_LEAST_PDV: Final = 2
"""Presentation Context ID and message control header (PS3.8 9.3.5.1 and E.2)."""


class ByteSource(Protocol):
    """A connection to read from, encrypted or not."""

    def recv_into(self, buffer: memoryview, /) -> int:
        """Read what has come, 0 bytes at the end; raise `BlockingIOError` where nothing has."""


class PduBuffer:
    """PDUs as they come, the last one perhaps in part; there is always room for a whole one.

    A view that was taken is valid until the next `fill`.
    """

    def __init__(self, largest: int) -> None:
        """Make room for PDUs of at most ``largest`` bytes after their header."""
        self._room = 2 * (HEADER.size + largest)
        self._view = memoryview(bytearray(self._room))
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    def header(self) -> tuple[int, int] | None:
        """Return type and length of the first PDU; None while its header is not whole."""
        if len(self) < HEADER.size:
            return None
        kind, length = HEADER.unpack_from(self._view, self._start)
        return kind, length

    def take(self, size: int) -> memoryview:
        """Take ``size`` bytes, fewer where there are fewer."""
        taken = self._view[self._start : min(self._start + size, self._end)]
        self._start += len(taken)
        return taken

    def fill(self, connection: ByteSource) -> int:
        """Read what has come; return how many bytes, 0 at the end. Raises `OSError`."""
        self._make_room()
        count = connection.recv_into(self._view[self._end :])
        self._end += count
        return count

    def _make_room(self) -> None:
        """Move what is left to the front once a whole PDU would not fit behind it."""
        if self._start == self._end or self._start > self._room // 2:
            left = len(self)
            self._view[:left] = self._view[self._start : self._end]
            self._start, self._end = 0, left


def presentation_data_values(content: memoryview) -> list[tuple[int, int, memoryview]]:
    """Return context id, control header and fragment of each value of a P-DATA-TF (PS3.8 9.3.5).

    Raises `ProtocolViolation` where one is cut off, before anything of the PDU is used.
    """
    return list(_values(content))


def _values(content: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    at, end = 0, len(content)
    while at < end:
        if end - at < _PDV_HEADER.size:
            raise ProtocolViolation("presentation data value cut off")
        length, context_id, control = _PDV_HEADER.unpack_from(content, at)
        stop = at + _LENGTH_BYTES + length
        if length < _LEAST_PDV or stop > end:
            raise ProtocolViolation("presentation data value without its end or header")
        yield context_id, control, content[at + _PDV_HEADER.size : stop]
        at = stop


def p_data_tf(context_id: int, control: int, fragment: bytes) -> bytes:
    """Return a P-DATA-TF PDU with one presentation data value (PS3.8 9.3.5)."""
    value = _PDV_HEADER.pack(len(fragment) + _LEAST_PDV, context_id, control) + fragment
    return HEADER.pack(0x04, len(value)) + value
