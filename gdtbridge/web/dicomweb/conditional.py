"""What a client has already and need not get again (RFC 9110 13.1.2).

It asks each time, so whose an object is and who may see it is looked at each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from flask import Response, request

from gdtbridge import __version__
from gdtbridge.retrieve.web_archive import WebObject

KEPT: Final = "private, no-cache"
"""For this client alone, which asks whether it still is so (RFC 9111 5.2.2.4)."""
VARY: Final = "Accept, Accept-Encoding, Authorization, Cookie"


def tag_of(found: Iterable[WebObject], *asked: str) -> str:
    """Return what an answer is known by: all of objects that decides it, and how it was ``asked``.

    Whose they are is a part of it.
    """
    digest = hashlib.blake2b("\n".join((__version__, *asked)).encode(), digest_size=16)
    for one in found:
        leaving = one.leaving
        said = (leaving.key, leaving.manufacturer, one.path, sorted(leaving.changes.items()))
        digest.update(json.dumps(said).encode())
    return digest.hexdigest()


def unchanged(tag: str) -> Response | None:
    """Return 304 where the client of the call at hand has an answer, else None."""
    if request.if_none_match.contains_weak(tag):
        return kept(Response(status=304), tag)
    return None


def kept(answer: Response, tag: str, *, is_strong: bool = False) -> Response:
    """Return an answer that is known by its tag; a strong one is the same byte for byte."""
    answer.set_etag(tag, weak=not is_strong)
    answer.headers["Cache-Control"] = KEPT
    answer.headers["Vary"] = VARY
    return answer
