"""Answers of text in fewer bytes, for who accepts that (RFC 9110 8.4.1.3)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from werkzeug.wrappers import Request

GZIP: Final = "gzip"
_LEVEL: Final = 3
"""More takes longer than a house's network saves."""
_FORMAT: Final = 16 + zlib.MAX_WBITS
"""Of a member of gzip (RFC 1952)."""


def takes_gzip(request: Request) -> bool:
    """Return whether a request accepts an answer in gzip."""
    return request.accept_encodings.quality(GZIP) > 0


def compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in gzip."""
    packer = zlib.compressobj(_LEVEL, wbits=_FORMAT)
    yield from filter(None, map(packer.compress, pieces))
    yield packer.flush()
