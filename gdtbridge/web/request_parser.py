"""Reading one HTTP request: what waitress does not bound, and refusals before the body came.

The gate is asked when the header is there, so that nothing of a stranger's body is kept, and what a
large body is kept in (`gdtbridge.web.bodies`); a client that sends too much is read to its end, so
that it gets to see the refusal instead of a broken connection; raw bytes above 127 in the address,
which scripts of practice software send, are percent-encoded before they are parsed.
"""

from __future__ import annotations

import copy
import re
from typing import Final

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.utilities import Error, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

from gdtbridge.errors import OutOfResources, StoreError
from gdtbridge.web.access.gate import USUAL_BODY, Gate, RequestHead
from gdtbridge.web.bodies import SpooledBody
from gdtbridge.web.problems import RETRY_SECONDS, ProblemDetails

MAX_DRAIN: Final = 16 * 1024 * 1024
"""Bytes of a refused request that are read and thrown away."""
NO_ROOM: Final = (
    "Auf der Platte des Archivs ist dafür kein Platz. / There is no room for it on the archive's"
    " disk."
)

_END_OF_HEADER: Final = b"\r\n\r\n"
_FIRST_LINE: Final = re.compile(rb"[^\r\n]*")
_TEXT: Final = re.compile(rb"[A-Z]+ (https?://[^/ ]*)?/+(worklist/add|studies/open)[? ]")


class RefusedAtGate:
    """Why the gate refused a request; waitress asks for ``code``."""

    def __init__(self, problem: ProblemDetails) -> None:
        self.code = problem.status
        self.problem = problem


def no_room(failure: StoreError) -> RefusedAtGate:
    """Return the refusal of a body that cannot be kept; its sender may try again."""
    detail = NO_ROOM if isinstance(failure, OutOfResources) else ""
    headers = (("Retry-After", str(RETRY_SECONDS)),)
    return RefusedAtGate(ProblemDetails(503, detail, headers=headers))


class _Nowhere(OverflowableBuffer):  # type: ignore[misc]  # waitress has no types
    """A buffer that keeps nothing."""

    def append(self, s: bytes) -> None:
        """Forget ``s``."""


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """Reads one HTTP request, and a refused request to its end."""

    _left = 0
    """Bytes of a refused body still to be forgotten."""
    _chunks: ChunkedReceiver | None = None
    """What finds the end of a refused body that comes in chunks."""
    _tail: bytes | None = None
    """The last bytes of a refused header whose end has not come."""
    _drained = 0
    _rule = USUAL_BODY
    _spooled: SpooledBody | None = None
    """What keeps a large body."""
    wants_text = False
    command: str = ""
    path: str = ""
    completed: bool = False
    expect_continue: bool = False
    headers_finished: bool = False
    error: Error | RefusedAtGate | None
    adj: Adjustments

    def __init__(self, adj: Adjustments, gate: Gate, address: str, scheme: str) -> None:
        super().__init__(adj)
        self._gate = gate
        self._address = address
        self._scheme = scheme

    def received(self, data: bytes) -> int:
        """Take ``data`` and return how much of it belongs to this request."""
        if self._left:
            return self._forget_body(data)
        if self._chunks is not None:
            return self._forget_chunks(self._chunks, data)
        if self._tail is not None:
            return self._forget_header(data)
        before, in_body = self.header_plus, self.headers_finished
        taken = int(super().received(data))
        if isinstance(self.error, RequestHeaderFieldsTooLarge):
            self.wants_text = bool(_TEXT.match(before + data))
            self._begin_header(before + data)
        elif self.headers_finished and not in_body:
            self._ask_the_gate()
        elif self._spooled is not None and self._spooled.failure is not None:
            self.error = no_room(self._spooled.failure)
            self.completed = self.completed or self._spooled.dropped > MAX_DRAIN
        return taken

    def _ask_the_gate(self) -> None:
        """Refuse a request whose body nobody will want, before any of the body is read."""
        is_too_large = isinstance(self.error, RequestEntityTooLarge)
        if (self.error and not is_too_large) or self.body_rcv is None:
            return
        is_large = is_too_large or self.chunked
        problem = self._gate.refusal(self._head, self.headers, is_large=is_large)
        if problem is not None:
            self._refuse(RefusedAtGate(problem))
        elif is_too_large:
            self._begin_body()
        elif self._rule.spool is not None:
            try:
                self._spooled = self._rule.spool.begin(self.content_length)
            except StoreError as error:
                self._refuse(no_room(error))
            else:
                self.body_rcv.buf = self._spooled

    def _refuse(self, error: RefusedAtGate) -> None:
        self.error = error
        self.completed = True
        self._begin_body()

    @property
    def _head(self) -> RequestHead:
        return RequestHead(
            self._address, self._scheme, self.command, self.path, self.query, self.version
        )

    def parse_header(self, header_plus: bytes) -> None:
        """Parse request line and header."""
        line = _FIRST_LINE.match(header_plus)
        end = line.end() if line else 0
        self.wants_text = self.wants_text or bool(_TEXT.match(header_plus[:end]))
        first = re.sub(rb"[\x80-\xff]", lambda m: b"%%%02X" % m[0][0], header_plus[:end])
        super().parse_header(first + header_plus[end:])
        self.url_scheme = self._scheme
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("two lengths")  # RFC 9112 6.1: perhaps a smuggled request
        if self.proxy_netloc:
            self.headers["HOST"] = self.proxy_netloc  # RFC 9112 3.2.2
        self._rule = self._gate.body_rule(self._head)
        self._limit_body(self._rule.most)

    def _limit_body(self, most: int) -> None:
        """Let the body have ``most`` bytes; waitress refuses from one more on."""
        if self.adj.max_request_body_size != most + 1:
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = most + 1

    def _begin_body(self) -> None:
        if self.expect_continue:
            self.expect_continue = False  # the client is still waiting and has sent nothing
        elif self.chunked:
            self._chunks = ChunkedReceiver(_Nowhere(0))
            self.completed = False
        elif self.content_length <= MAX_DRAIN:
            self._left = self.content_length
            self.completed = False

    def _forget_body(self, data: bytes) -> int:
        taken = min(self._left, len(data))
        self._left -= taken
        self.completed = not self._left
        return taken

    def _forget_chunks(self, chunks: ChunkedReceiver, data: bytes) -> int:
        taken = int(chunks.received(data))
        self._drained += taken
        self.completed = bool(chunks.completed or chunks.error or self._drained > MAX_DRAIN)
        return taken

    def _begin_header(self, seen: bytes) -> None:
        if _END_OF_HEADER not in seen:
            self._tail = seen[-3:]
            self.completed = False

    def _forget_header(self, data: bytes) -> int:
        seen = (self._tail or b"") + data
        end = seen.find(_END_OF_HEADER)
        self._drained += len(data)
        self._tail = seen[-3:]
        self.completed = end >= 0 or self._drained > MAX_DRAIN
        return len(data)
