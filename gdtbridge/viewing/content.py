"""Bytes of one type that are sent whole or in part, and read while they are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

PIECE: Final = 128 * 1024
"""Bytes handed on at a time: larger ones take the system's time for memory given back at once."""


@dataclass(frozen=True, slots=True)
class MediaContent:
    """A video, a document, a frame or another value, read piece by piece."""

    media_type: str
    """Empty where it has none of its own."""
    size: int
    """Bytes."""
    pieces: Callable[[int, int], Iterator[bytes]]
    """Gives the bytes from an offset up to another."""

    @classmethod
    def of_bytes(cls, media_type: str, data: bytes) -> MediaContent:
        """Return what is in memory already."""
        return cls(media_type, len(data), lambda start, stop: iter((data[start:stop],)))

    @classmethod
    def of_file(
        cls, media_type: str, path: Path, places: Sequence[tuple[int, int]]
    ) -> MediaContent:
        """Return parts of a file put together, each from an offset up to another."""
        size = sum(stop - start for start, stop in places)
        return cls(media_type, size, partial(_pieces, path, places))

    def whole(self) -> Iterator[bytes]:
        """Return all of it, piece by piece."""
        return self.pieces(0, self.size)


def _pieces(
    path: Path, places: Sequence[tuple[int, int]], start: int, stop: int
) -> Iterator[bytes]:
    at = 0
    with path.open("rb") as file:
        for begin, end in places:
            first, last = max(start - at, 0), min(stop - at, end - begin)
            at += end - begin
            file.seek(begin + first)
            while first < last and (piece := file.read(min(PIECE, last - first))):
                first += len(piece)
                yield piece
