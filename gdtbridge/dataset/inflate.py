"""Deflated datasets (PS3.5 A.5): inflating up to a limit, and deflating.

A few kilobytes can inflate to gigabytes, so nothing is inflated before it is asked for.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from gdtbridge.dataset.errors import DatasetTooLarge, UnreadableDataset

_PIECE: Final = 64 * 1024
_DEFLATED_PIECE: Final = 16 * 1024


class InflatedStream:
    """The inflated form of what is left of ``file``, up to ``limit`` bytes.

    Every method raises `DatasetTooLarge` beyond the limit and `UnreadableDataset` where the bytes
    are not deflated data.
    """

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._left = limit
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def is_whole(self) -> bool:
        """Whether the end of the deflated data was reached."""
        return self._inflater.eof

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end."""
        found = bytearray()
        while len(found) < size and (piece := self._next(size - len(found))):
            found += piece
        return bytes(found)

    def skip(self, size: int) -> None:
        """Pass over ``size`` bytes."""
        while size > 0 and (piece := self._next(min(size, _PIECE))):
            size -= len(piece)

    def pieces(self) -> Iterator[bytes]:
        """Yield all bytes."""
        while piece := self._next(_PIECE):
            yield piece

    def _next(self, most: int) -> bytes:
        """Return some of the next ``most`` bytes, none at the end."""
        try:
            while not self._inflater.eof:
                source = self._inflater.unconsumed_tail or self._file.read(_DEFLATED_PIECE)
                piece = self._inflater.decompress(source, most)
                self._left -= len(piece)
                if self._left < 0:
                    raise DatasetTooLarge("Entpackt zu groß. / Too large when inflated.")
                if piece or not source:
                    return piece
        except zlib.error as error:
            raise UnreadableDataset("Das ist nicht gepackt. / This is not deflated.") from error
        return b""


def deflate(data: bytes) -> bytes:
    """Return ``data`` deflated and padded to an even length."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = deflater.compress(data) + deflater.flush()
    return deflated + b"\0" * (len(deflated) % 2)
