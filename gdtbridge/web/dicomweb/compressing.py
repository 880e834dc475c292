"""Answers of text in fewer bytes, for who accepts that (RFC 9110 8.4.1.3)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from flask import Request, Response

GZIP: Final = "gzip"
_LEVEL: Final = 3
"""More takes longer than a house's network saves."""
SHORT: Final = 1024
"""Bytes that fit into a packet of a network as they are."""
_FORMAT: Final = 16 + zlib.MAX_WBITS
"""Of a member of gzip (RFC 1952)."""


def takes_gzip(request: Request) -> bool:
    """Return whether a request accepts an answer in gzip."""
    return request.accept_encodings.quality(GZIP) > 0


def as_accepted(request: Request, answer: Response) -> Response:
    """Return an answer of text, in gzip where the request accepts that and it is not short.

    For answers without any secret: by how well it compresses, one in gzip tells who chooses part of
    it something of the rest (the attack BREACH). What is made of it is whole in memory.
    """
    answer.vary.add("Accept-Encoding")
    data = answer.get_data()
    if takes_gzip(request) and len(data) > SHORT:
        answer.set_data(b"".join(compressed([data])))
        answer.content_encoding = GZIP
    return answer


def compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in gzip."""
    packer = zlib.compressobj(_LEVEL, wbits=_FORMAT)
    yield from filter(None, map(packer.compress, pieces))
    yield packer.flush()
