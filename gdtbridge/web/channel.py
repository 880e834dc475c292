"""One HTTP connection: what waitress does not bound, and refusals in our words.

waitress parses, queues and sends. Added here: TLS (`gdtbridge.web.tls`); deadlines by a monotonic
clock for a handshake, a header, a body and a reader (`gdtbridge.web.limits`); the gate, which is
asked when the header is there, so that nothing of a stranger's body is kept; a client that sends
too much is read to its end, so that it gets to see the refusal instead of a broken connection; raw
bytes above 127 in the address, which scripts of practice software send, are percent-encoded before
they are parsed.
"""

from __future__ import annotations

import copy
import re
import time
from enum import IntEnum, auto
from functools import partial
from socket import socket
from typing import Final, Protocol

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.task import ErrorTask
from waitress.utilities import Error, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

from gdtbridge.certificates import RenewedContext
from gdtbridge.web.access.gate import Gate, RequestHead
from gdtbridge.web.limits import Limits, Pace
from gdtbridge.web.problems import ADD_PATH, SECURITY_HEADERS, ProblemDetails, render
from gdtbridge.web.tls import HANDSHAKE, RECORD_BYTES, TlsSession

MAX_DRAIN: Final = 16 * 1024 * 1024
"""Bytes of a refused request that are read and thrown away."""
SEND_BYTES: Final = 64 * 1024
"""Bytes handed to the system at once; its own buffer may be megabytes, copied for each reader."""
PAUSE_SECONDS: Final = 2.0
"""A reader that took nothing for so long may lose its place to somebody who comes."""

Address = tuple[str, int] | tuple[str, int, int, int]

_END_OF_HEADER: Final = b"\r\n\r\n"
_FIRST_LINE: Final = re.compile(rb"[^\r\n]*")
_TEXT: Final = re.compile(rb"[A-Z]+ (https?://[^/ ]*)?/+(worklist/add|studies/open)[? ]")


class RefusedAtGate:
    """Why the gate refused a request; waitress asks for ``code``."""

    def __init__(self, problem: ProblemDetails) -> None:
        self.code = problem.status
        self.problem = problem


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
    wants_text = False
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
        elif isinstance(self.error, RequestEntityTooLarge) and not self.chunked:
            self._begin_body()
        elif self.headers_finished and not in_body:
            self._ask_the_gate()
        return taken

    def _ask_the_gate(self) -> None:
        """Refuse a request whose body nobody will want, before any of the body is read."""
        if self.error or self.body_rcv is None:
            return
        head = RequestHead(
            self._address, self._scheme, self.command, self.path, self.query, self.version
        )
        problem = self._gate.refusal(head, self.headers)
        if problem is not None:
            self.error = RefusedAtGate(problem)
            self.completed = True
            self._begin_body()

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
        self._limit_body(self._gate.body_limit(self.path))

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


class RefusedRequestTask(ErrorTask):  # type: ignore[misc]
    """Answers what waitress refuses (bad syntax, too large) in our words."""

    def execute(self) -> None:
        """Write the answer."""
        path = ADD_PATH if getattr(self.request, "wants_text", False) else ""
        error = self.request.error
        at_gate = isinstance(error, RefusedAtGate)
        answer = render(error.problem if at_gate else ProblemDetails(error.code), path)
        self.status = f"{answer.status.value} {answer.status.phrase}"
        self.response_headers.extend((*answer.headers, *SECURITY_HEADERS))
        self.set_close_on_finish()
        self.content_length = len(answer.body)
        self.write(answer.body)


class Phase(IntEnum):
    """What a connection is at; of too many connections the lowest give way."""

    IDLE = auto()
    HEADER = auto()
    """The header of a request is not complete."""
    BODY = auto()
    UNREAD = auto()
    """The client does not take its answer at the moment."""
    SERVED = auto()


class _Accepting(Protocol):
    """The server of a connection: whom it lets in and how much it grants."""

    gate: Gate
    limits: Limits
    tls: RenewedContext | None


class WebConnection(HTTPChannel):  # type: ignore[misc]
    """One connection with its deadlines."""

    error_task_class = RefusedRequestTask
    request: RequestParser | None
    sendbuf_len: int

    def __init__(
        self, server: _Accepting, sock: socket, addr: Address, *args: object, **kw: object
    ) -> None:
        super().__init__(server, sock, addr, *args, **kw)
        self.limits = server.limits
        self._context = server.tls
        """What the port proves itself by, until the client has said its first byte."""
        self.tls: TlsSession | None = None
        self.parser_class = partial(RequestParser, gate=server.gate, address=addr[0], scheme="http")
        self.sendbuf_len = min(self.sendbuf_len, SEND_BYTES)
        self.begun: float | None = None
        """When the request being received began."""
        self.moved = time.monotonic()
        """When something last went in or out."""
        self.body: Pace | None = None
        """How the body being received comes in."""
        self.answer = Pace(self.moved)
        """How the client takes what waits for it."""

    def handle_read(self) -> None:
        """Read what came; where TLS is spoken, who begins otherwise is left to the guard."""
        if self._context is None and self.tls is None:
            super().handle_read()
            return
        try:
            data = self.recv(self.adj.recv_bytes)
            if data and self._context is not None:
                self._begin(data, self._context)
            if self.tls is not None:
                data = self._decrypted(self.tls, data)
        except OSError:
            self.handle_close()
        else:
            if data:
                self.received(data)

    def _begin(self, data: bytes, context: RenewedContext) -> None:
        """Know by the first byte whether the client speaks TLS."""
        self._context = None
        if data.startswith(HANDSHAKE):
            self.tls = TlsSession(context.current())
            self.parser_class = partial(self.parser_class, scheme="https")
            self.sendbuf_len = RECORD_BYTES
            self.begun = time.monotonic()

    def _decrypted(self, tls: TlsSession, data: bytes) -> bytes:
        """Return what the client says, and send what TLS has to say to that, an alert too."""
        was_up = tls.is_up
        try:
            return tls.received(data) if data else b""
        finally:
            if tls.is_up and not was_up:
                self.begun, self.moved = None, time.monotonic()
            if self.connected:
                tls.flush(self.socket.send)

    def readable(self) -> bool:
        """Return whether to read: not before the client has taken what TLS had to say."""
        return bool(super().readable()) and not (self.tls is not None and self.tls.is_leaving)

    def writable(self) -> bool:
        """Return whether there is something to send, of the answer or of TLS."""
        return bool(super().writable()) or (self.tls is not None and self.tls.is_leaving)

    def handle_write(self) -> None:
        """Send what waits."""
        if self.tls is not None:
            try:
                self.tls.flush(self.socket.send)
            except OSError:
                self.handle_close()
                return
        super().handle_write()

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT001, FBT002 - waitress's
        """Send the beginning of ``data``; return how much of it has left."""
        if self.tls is None:
            return int(super().send(data, do_close))
        try:
            return self.tls.send(data, self.socket.send)
        except OSError:
            if do_close:
                self.handle_close()
            return 0

    def handle_close(self) -> None:
        """Close; who has got all of its answer is told that this was all."""
        if self.tls is not None and self.connected and not self.total_outbufs_len:
            self.tls.say_goodbye(self.socket.send)
        super().handle_close()

    def received(self, data: bytes) -> bool:
        """Take what came and note when the request began, and its body."""
        self.moved = time.monotonic()
        before = self.request
        result = bool(super().received(data))
        if self.request is None or self.request is not before:
            self.begun, self.body = None, None
        if self.request is not None:
            self.begun = self.begun or self.moved
            self._note_body(self.request, len(data))
        return result

    def _note_body(self, request: RequestParser, size: int) -> None:
        if self.body is not None:
            self.body.note(self.moved, size)
        elif request.headers_finished:
            self.body = Pace(self.moved)

    def write_soon(self, data: bytes) -> int:
        """Take a part of the answer; waits only where more waits than may be kept."""
        with self.outbuf_lock:
            if not self.total_outbufs_len:
                self.answer = Pace(time.monotonic())
        return int(super().write_soon(data))

    def _flush_some(self, *args: object, **kw: object) -> bool:
        """Send what waits and note how much the client took of it."""
        waiting = self.total_outbufs_len
        result = bool(super()._flush_some(*args, **kw))
        if taken := waiting - self.total_outbufs_len:
            self.moved = time.monotonic()
            self.answer.note(self.moved, taken)
        return result

    def overdue(self, now: float) -> bool:
        """Return whether the connection has had its time; while it is served the reader has."""
        if self.total_outbufs_len:
            return self.answer.is_late(now, self.limits)
        if self.requests:
            return False
        if self.tls is not None and (self.tls.is_over or not self.tls.is_up):
            return self.tls.is_over or now - self.waits_since > self.limits.handshake_seconds
        if self.body is not None:
            return self.body.is_late(now, self.limits)
        if self.begun is not None:
            return now - self.begun > self.limits.header_seconds
        return now - self.moved > self.limits.idle_seconds

    def phase(self, now: float) -> Phase:
        """Return what the connection is at."""
        if self.total_outbufs_len and now - self.answer.moved > PAUSE_SECONDS:
            return Phase.UNREAD
        if self.requests or self.total_outbufs_len:
            return Phase.SERVED
        if self.body is not None:
            return Phase.BODY
        return Phase.IDLE if self.begun is None else Phase.HEADER

    @property
    def waits_since(self) -> float:
        """Since when it is at that: a header or body since its beginning, else the last byte."""
        return self.moved if self.begun is None else self.begun

    @property
    def idle(self) -> bool:
        """Return whether nothing is being received, served or sent."""
        return not (self.requests or self.request or self.total_outbufs_len)
