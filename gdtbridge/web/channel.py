"""One HTTP connection: what waitress does not bound.

waitress queues and sends, `gdtbridge.web.request_parser` parses. Added here: TLS
(`gdtbridge.web.tls`), and deadlines by a monotonic clock for a handshake, a header, a body and a
reader (`gdtbridge.web.limits`).
"""

from __future__ import annotations

import time
from enum import IntEnum, auto
from functools import partial
from socket import socket
from typing import TYPE_CHECKING, Final, Protocol

from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from gdtbridge.certificates import RenewedContext
from gdtbridge.web.access.gate import Gate
from gdtbridge.web.limits import Limits, Pace
from gdtbridge.web.problems import ADD_PATH, SECURITY_HEADERS, ProblemDetails, render
from gdtbridge.web.request_parser import RefusedAtGate, RequestParser
from gdtbridge.web.tls import HANDSHAKE, RECORD_BYTES, TlsSession
from gdtbridge.web.upgrading import UpgradeTask

if TYPE_CHECKING:
    from gdtbridge.web.web_socket import WebSocket

SEND_BYTES: Final = 64 * 1024
"""Bytes handed to the system at once; its own buffer may be megabytes, copied for each reader."""
PAUSE_SECONDS: Final = 2.0
"""A reader that took nothing for so long may lose its place to somebody who comes."""

Address = tuple[str, int] | tuple[str, int, int, int]


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
    task_class = UpgradeTask
    request: RequestParser | None
    sendbuf_len: int
    current_outbuf_count: int

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
        self.web_socket: WebSocket | None = None
        """What it has become, if it was asked to."""
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
        if self.web_socket is not None:
            self.web_socket.detach()
        if self.tls is not None and self.connected and not self.total_outbufs_len:
            self.tls.say_goodbye(self.socket.send)
        if self.request is not None:
            self.request.close()  # of a request that never came whole nobody else does
        super().handle_close()

    def received(self, data: bytes) -> bool:
        """Take what came and note when the request began, and its body."""
        self.moved = time.monotonic()
        if self.web_socket is not None:
            if self.web_socket.received(data):
                self.close_when_flushed = True
            return True
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

    def become(self, web_socket: WebSocket) -> None:
        """Be a WebSocket from now on; its request is answered, if its client is there still."""
        self.web_socket = web_socket
        web_socket.attach(self._write_frames)
        if not self.connected:
            web_socket.detach()

    def _write_frames(self, data: bytes) -> None:
        """Send frames: in the server's thread, which is the only one that sends without a call."""
        self.server.pull_trigger(partial(self._add_frames, data))

    def _add_frames(self, data: bytes) -> None:
        """Put frames where the server's thread finds them at its next look.

        It must not be woken from here: it holds the lock of its trigger, which others wait for.
        """
        with self.outbuf_lock:
            if self.connected:
                self._begin_answer()
                self.outbufs[-1].append(data)
                self.total_outbufs_len += len(data)

    def write_soon(self, data: bytes) -> int:
        """Take a part of the answer; waits only where more waits than may be kept."""
        with self.outbuf_lock:
            self._begin_answer()
            self._let_go_of_read()
        return int(super().write_soon(data))

    def _begin_answer(self) -> None:
        """Count from now how the client takes what it is sent, where nothing waits for it."""
        if not self.total_outbufs_len:
            self.answer = Pace(time.monotonic())

    def _let_go_of_read(self) -> None:
        """Begin another buffer where this one is in memory and has had its megabyte.

        waitress's keeps what its reader took already, up to `Limits.waiting_bytes`.
        """
        most = self.adj.outbuf_overflow
        if self.current_outbuf_count >= most and not self.outbufs[-1].overflowed:
            self.outbufs.append(OverflowableBuffer(most))
            self.current_outbuf_count = 0

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
        if self.web_socket is not None:
            return self.web_socket.is_over(now)
        if self.tls is not None and (self.tls.is_over or not self.tls.is_up):
            return self.tls.is_over or now - self.waits_since > self.limits.handshake_seconds
        return self._request_is_late(now)

    def _request_is_late(self, now: float) -> bool:
        if self.body is not None:
            return self.body.is_late(now, self.limits)
        if self.begun is not None:
            return now - self.begun > self.limits.header_seconds
        return now - self.moved > self.limits.idle_seconds

    def phase(self, now: float) -> Phase:
        """Return what the connection is at."""
        if self.total_outbufs_len and now - self.answer.moved > PAUSE_SECONDS:
            return Phase.UNREAD
        if self.requests or self.total_outbufs_len or self.web_socket is not None:
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
