"""One HTTP connection: what waitress does not bound, and refusals in our words.

waitress parses, queues and sends. Added here: a deadline for a whole request and for a slow reader,
by a monotonic clock; a client that sends too much is read to its end (nothing is kept), so that it
gets to see the refusal instead of a broken connection; raw bytes above 127 in the address, which
scripts of practice software send, are percent-encoded before they are parsed.
"""

from __future__ import annotations

import re
import time
from socket import socket
from typing import Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import RequestEntityTooLarge, RequestHeaderFieldsTooLarge

from gdtbridge.web.problems import ADD_PATH, SECURITY_HEADERS, ProblemDetails, render

REQUEST_SECONDS: Final = 20.0
"""From the first byte of a request to its last; also for a reader that takes nothing."""
IDLE_SECONDS: Final = 30.0
"""How long a connection without a request stays open."""
MAX_DRAIN: Final = 16 * 1024 * 1024
"""Bytes of a refused request that are read and thrown away."""

Address = tuple[str, int] | tuple[str, int, int, int]

_END_OF_HEADER: Final = b"\r\n\r\n"
_FIRST_LINE: Final = re.compile(rb"[^\r\n]*")
_TEXT: Final = re.compile(rb"[A-Z]+ (https?://[^/ ]*)?/+(worklist/add|studies/open)[? ]")


class RequestParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Reads one HTTP request, and a refused request to its end."""

    _left = 0
    """Bytes of a refused body still to be forgotten."""
    _tail: bytes | None = None
    """The last bytes of a refused header whose end has not come."""
    _drained = 0
    wants_text = False
    completed: bool = False
    expect_continue: bool = False

    def received(self, data: bytes) -> int:
        """Take ``data`` and return how much of it belongs to this request."""
        if self._left:
            return self._forget_body(data)
        if self._tail is not None:
            return self._forget_header(data)
        before = self.header_plus
        taken = int(super().received(data))
        if isinstance(self.error, RequestHeaderFieldsTooLarge):
            self.wants_text = bool(_TEXT.match(before + data))
            self._begin_header(before + data)
        elif isinstance(self.error, RequestEntityTooLarge) and not self.chunked:
            self._begin_body()
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Parse request line and header."""
        line = _FIRST_LINE.match(header_plus)
        end = line.end() if line else 0
        self.wants_text = self.wants_text or bool(_TEXT.match(header_plus[:end]))
        first = re.sub(rb"[\x80-\xff]", lambda m: b"%%%02X" % m[0][0], header_plus[:end])
        super().parse_header(first + header_plus[end:])
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("two lengths")  # RFC 9112 6.1: perhaps a smuggled request
        if self.proxy_netloc:
            self.headers["HOST"] = self.proxy_netloc  # RFC 9112 3.2.2

    def _begin_body(self) -> None:
        if self.expect_continue:
            self.expect_continue = False  # the client is still waiting and has sent nothing
        elif self.content_length <= MAX_DRAIN:
            self._left = self.content_length
            self.completed = False

    def _forget_body(self, data: bytes) -> int:
        taken = min(self._left, len(data))
        self._left -= taken
        self.completed = not self._left
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


class RefusedRequestTask(ErrorTask):  # type: ignore[misc]
    """Answers what waitress refuses (bad syntax, too large) in our words."""

    def execute(self) -> None:
        """Write the answer."""
        path = ADD_PATH if getattr(self.request, "wants_text", False) else ""
        answer = render(ProblemDetails(self.request.error.code), path)
        self.status = f"{answer.status.value} {answer.status.phrase}"
        self.response_headers.extend((*answer.headers, *SECURITY_HEADERS))
        self.set_close_on_finish()
        self.content_length = len(answer.body)
        self.write(answer.body)


class WebConnection(HTTPChannel):  # type: ignore[misc]
    """One connection with its deadlines; everything here runs in the server's own thread."""

    parser_class = RequestParser
    error_task_class = RefusedRequestTask

    def __init__(
        self, server: object, sock: socket, addr: Address, *args: object, **kw: object
    ) -> None:
        super().__init__(server, sock, addr, *args, **kw)
        self.begun: float | None = None
        """When the request being received began."""
        self.moved = time.monotonic()
        """When something last went in or out."""

    def received(self, data: bytes) -> bool:
        """Take what came and note when the request began."""
        self.moved = time.monotonic()
        if self.begun is None:
            self.begun = self.moved
        result = bool(super().received(data))
        if self.request is None:
            self.begun = None
        return result

    def handle_write(self) -> None:
        """Send what waits and note whether the client took any of it."""
        waiting = self.total_outbufs_len
        super().handle_write()
        if self.total_outbufs_len < waiting:
            self.moved = time.monotonic()

    def overdue(self, now: float) -> bool:
        """Return whether the connection has had its time; never while a call is being served."""
        if self.requests:
            return False
        if self.begun is not None and now - self.begun > REQUEST_SECONDS:
            return True
        limit = REQUEST_SECONDS if self.total_outbufs_len else IDLE_SECONDS
        return now - self.moved > limit

    @property
    def idle(self) -> bool:
        """Return whether nothing is being received, served or sent."""
        return not (self.requests or self.request or self.total_outbufs_len)
