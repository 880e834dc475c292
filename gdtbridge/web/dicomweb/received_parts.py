"""A ``multipart/related`` body that was received (RFC 2046 5.1.1): where its parts are.

The body is a file, of any size; only the places of its parts are held in memory. What stands in a
part is told by the part itself, so its header is passed over.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Final

MOST_PARTS: Final = 10_000
"""Parts of a body; an ultrasound study has some hundred."""
LONGEST_HEADER: Final = 16 * 1024
"""Bytes of a part's header."""
LONGEST_BOUNDARY: Final = 200
"""Characters of a boundary; the standard allows 70."""
_PIECE: Final = 1024 * 1024
_LINE_END: Final = b"\r\n"
_HEADER_END: Final = b"\r\n\r\n"
_REST: Final = re.compile(rb"(--)?[ \t]{0,64}(?:\r\n|\Z)")
"""What may stand behind a boundary in its line; the last one of a body has two hyphens."""
_LONGEST_REST: Final = 68


class MultipartError(Exception):
    """A body is not what it says it is; ``str`` says what is wrong, German first."""


class TooManyParts(MultipartError):
    """A body has more than `MOST_PARTS`."""


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """Where the content of a part stands in the body, and how many bytes it has."""

    start: int
    size: int

    def open(self, body: BinaryIO) -> BinaryIO:
        """Return the content as a file; the body is not to be read otherwise meanwhile."""
        return io.BufferedReader(_Section(body, self.start, self.size), _PIECE)


def parts_in(body: BinaryIO, boundary: str) -> list[ReceivedPart]:
    """Return the parts of a whole body; raise `MultipartError`.

    A preamble and what follows the last boundary are passed over. A body without a last boundary
    has lost its end: none of it is taken.
    """
    if not 0 < len(boundary) <= LONGEST_BOUNDARY:
        raise MultipartError("boundary fehlt im Content-Type. / The Content-Type has no boundary.")
    found: list[_Delimiter] = []
    for one in _delimiters(body, boundary.encode("latin-1", "replace")):
        found.append(one)
        if one.is_last:
            break
        if len(found) > MOST_PARTS:
            raise TooManyParts(f"Mehr als {MOST_PARTS} Teile. / More than {MOST_PARTS} parts.")
    if not found or not found[-1].is_last:
        raise MultipartError(
            "Das Ende fehlt (--boundary-- in einer eigenen Zeile, mit CR LF davor). / The end is"
            " missing (--boundary-- in a line of its own, CR LF before it)."
        )
    return [_part(body, before.end, after.start) for before, after in pairwise(found)]


def whole_of(body: BinaryIO) -> ReceivedPart:
    """Return all of a body that is no multipart."""
    return ReceivedPart(0, body.seek(0, io.SEEK_END))


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """A boundary in its line, with the end of the line before it."""

    start: int
    end: int
    is_last: bool


def _delimiters(body: BinaryIO, boundary: bytes) -> Iterator[_Delimiter]:
    """Yield every line that is a boundary; one that only begins like it is none."""
    marker = _LINE_END + b"--" + boundary
    body.seek(0)
    base, window = -len(_LINE_END), _LINE_END + body.read(_PIECE)  # the first line ends nothing
    while True:
        at = 0
        while (at := window.find(marker, at)) >= 0:
            if len(window) < at + len(marker) + _LONGEST_REST:
                base, window, at = base + at, window[at:] + body.read(_PIECE), 0
            behind = at + len(marker)
            if (rest := _REST.match(window, behind)) is not None:
                yield _Delimiter(base + at, base + rest.end(), rest[1] is not None)
            at = behind
        kept = min(len(window), len(marker) - 1)
        more = body.read(_PIECE)
        if not more:
            return
        base += len(window) - kept
        window = window[-kept:] + more


def _part(body: BinaryIO, start: int, stop: int) -> ReceivedPart:
    """Return the part between the end of a boundary and the start of the next."""
    body.seek(start)
    head = body.read(min(LONGEST_HEADER, max(0, stop - start + len(_LINE_END))))
    if head.startswith(_LINE_END):
        length = len(_LINE_END)
    else:
        length = head.find(_HEADER_END) + len(_HEADER_END)
        if length < len(_HEADER_END):
            raise MultipartError(
                "Der Kopf eines Teils endet nicht. / The header of a part does not end."
            )
    return ReceivedPart(start + length, max(0, stop - start - length))


class _Section(io.RawIOBase):
    """A section of a file, as a file that can be read."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = max(0, min(len(buffer), self._size - self._at))
        self._file.seek(self._start + self._at)
        data = self._file.read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
