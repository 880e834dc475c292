"""Answers of several parts (``multipart/related``, RFC 2387; PS3.18 8.6.1.2), written as they come.

The boundary is drawn for each answer: some clients look for it anywhere in the body. Names of
headers are written as most do, and lines end with CR LF: some clients compare letter by letter.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A part: its headers, and its bytes piece by piece."""

    headers: Mapping[str, str]
    pieces: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class MultipartBody:
    """The frame of an answer of parts of one type."""

    root: str
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def content_type(self) -> str:
        """The header of the answer."""
        return f'multipart/related; type="{self.root}"; boundary="{self.boundary}"'

    def written(self, parts: Iterable[BodyPart]) -> Iterator[bytes]:
        """Yield the body; it has no end where a part fails, so that nobody takes it for whole."""
        for part in parts:
            lines = (f"{name}: {value}\r\n" for name, value in part.headers.items())
            yield f"--{self.boundary}\r\n{''.join(lines)}\r\n".encode()
            yield from part.pieces
            yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode()
