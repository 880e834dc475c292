"""The gate: who may send a body, decided when the header is there and nothing of it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Protocol

from werkzeug.wrappers import Request

from gdtbridge.web.access.guard import Guard
from gdtbridge.web.bodies import BodyRule
from gdtbridge.web.forms import MAX_BODY
from gdtbridge.web.problems import CallRefused, ProblemDetails

USUAL_BODY: Final = BodyRule(MAX_BODY)
"""The rule of every call that has none of its own."""
NO_RULES: Final[Mapping[str, BodyRule]] = {}


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The first line of a request and whence it came; ``path`` has one character for each byte."""

    address: str
    scheme: str
    method: str
    path: str
    query: str
    version: str


class Gate(Protocol):
    """What the server asks before it reads a body."""

    def body_rule(self, head: RequestHead) -> BodyRule:
        """Return how large the body of a request may be, and where it lies."""

    def refusal(
        self, head: RequestHead, headers: Mapping[str, str], *, is_large: bool = False
    ) -> ProblemDetails | None:
        """Return why a request with these headers (``CONTENT_TYPE``) is refused, or None.

        ``is_large``: its body is too large, or nobody says how large.
        """


class GuardGate:
    """The gate of the guard: what it will refuse for the header's sake is refused at once."""

    def __init__(self, guard: Guard, bodies: Mapping[str, BodyRule] = NO_RULES) -> None:
        """``bodies`` are the rules of calls that take more than others, by endpoint."""
        self._guard = guard
        self._bodies = bodies

    def body_rule(self, head: RequestHead) -> BodyRule:
        """Return how large the body of a request may be, and where it lies."""
        endpoint = self._guard.endpoint_of(Request(_environ(head, {})))
        return self._bodies.get(endpoint or "", USUAL_BODY)

    def refusal(
        self, head: RequestHead, headers: Mapping[str, str], *, is_large: bool = False
    ) -> ProblemDetails | None:
        """Return why a request with these headers is refused, or None.

        That there is no such call the application tells, in a browser by a page; of a large body it
        is told here, after what the guard says as there.
        """
        request = Request(_environ(head, headers))
        try:
            self._guard.check_head(request)
            if is_large:
                self._guard.check_called(request)
        except CallRefused as refused:
            return refused.problem
        return None


def _environ(head: RequestHead, headers: Mapping[str, str]) -> dict[str, object]:
    """Return the WSGI environment of a request without its body (PEP 3333)."""
    environ: dict[str, object] = {
        "REQUEST_METHOD": head.method.upper(),
        "PATH_INFO": f"/{head.path.lstrip('/')}",
        "QUERY_STRING": head.query,
        "SERVER_PROTOCOL": f"HTTP/{head.version}",
        "REMOTE_ADDR": head.address,
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": head.scheme,
    }
    return environ | {f"HTTP_{name}": value for name, value in headers.items()}
