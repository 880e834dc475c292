"""Pages of other servers whose scripts may call DICOMweb and FHIR (W3C Fetch, CORS protocol).

Browsers ask before they call (a preflight), and keep an answer from the script unless its headers
let the page have it, a refusal's too. Pages elsewhere call with a token: no cookie of ours is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Response
from werkzeug.wrappers import Request

from gdtbridge.web.dicomweb.place import ROOT
from gdtbridge.web.fhir.place import is_fhir

METHODS: Final = "GET, HEAD, POST, PUT, DELETE, OPTIONS"
ASKED_HEADERS: Final = "Accept, Authorization, Content-Type, If-None-Match, Prefer, Range"
SHOWN_HEADERS: Final = (
    "Content-Type, Content-Length, Content-Location, Content-Range, ETag, Location, Retry-After,"
    " Warning"
)
REMEMBERED_SECONDS: Final = 7200
"""How long a browser need not ask again; none keeps it longer."""


@dataclass(frozen=True, slots=True)
class ForeignPages:
    """The origins (``https://viewer.example``) whose pages are let in."""

    origins: frozenset[str]

    def lets_in(self, request: Request) -> bool:
        """Return whether a page that is let in makes a call it is let in for."""
        origin = request.headers.get("Origin", "").lower()
        is_there = (
            request.path == ROOT or request.path.startswith(f"{ROOT}/") or is_fhir(request.path)
        )
        return is_there and origin in self.origins

    def preflight(self, request: Request) -> Response | None:
        """Return the answer to who asks whether it may call; None for any other call."""
        is_asked = "Access-Control-Request-Method" in request.headers
        if request.method != "OPTIONS" or not is_asked or not self.lets_in(request):
            return None
        answer = Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = METHODS
        answer.headers["Access-Control-Allow-Headers"] = ASKED_HEADERS
        answer.headers["Access-Control-Max-Age"] = str(REMEMBERED_SECONDS)
        return answer

    def headers(self, request: Request) -> Iterator[tuple[str, str]]:
        """Yield what lets the page have an answer, or a refusal."""
        if self.lets_in(request):
            yield "Access-Control-Allow-Origin", request.headers["Origin"]
            yield "Access-Control-Expose-Headers", SHOWN_HEADERS
            yield "Vary", "Origin"
            yield "Cross-Origin-Resource-Policy", "cross-origin"
