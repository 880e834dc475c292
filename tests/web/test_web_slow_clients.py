"""Clients that send slowly, read slowly or not at all, and those who come while others do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests
from waitress.buffers import BytesIOBasedBuffer, FileBasedBuffer

from gdtbridge.settings import HttpSettings
from gdtbridge.web import WebServer
from gdtbridge.web.access.gate import GuardGate
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.access.tokens import TRIES
from gdtbridge.web.bodies import BodyRule
from gdtbridge.web.limits import Limits, Pace
from gdtbridge.web.server import THREADS
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # waits for deadlines

TOKEN = "correct-horse-battery"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
PART = bytes(512 * 1024)
LARGE = 24 * 1024 * 1024
"""More than the system and waitress's usual buffer (16 MB) take for a reader that reads nothing."""


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    """Open a connection from an address of this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0))


def answers(port: int, source: str = "127.0.0.1") -> bool:
    """Return whether /healthz answers an address within five seconds."""
    with connect(port, source) as connection:
        connection.settimeout(5)
        try:
            connection.sendall(HEALTH + b"\r\n")
            return connection.recv(100).startswith(b"HTTP/1.1 200")
        except OSError:
            return False


def wait_until(moment: float) -> None:
    """Wait for a moment of the monotonic clock."""
    wait_for(lambda: time.monotonic() > moment)


def is_closed(connection: socket.socket) -> bool:
    """Wait for the other side to close."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


# ---------------------------------------------------------------------------- slow answers


def large(environ: dict[str, Any], start: Any) -> list[bytes]:
    """Answer /large in many parts and everything else in one."""
    parts = LARGE // len(PART) if environ["PATH_INFO"] == "/large" else 1
    start("200 OK", [("Content-Length", str(parts * len(PART)))])
    return [PART] * parts


@contextmanager
def serving_large(limits: Limits) -> Iterator[WebServer]:
    """Run a server with large answers."""
    gate = GuardGate(Guard(HttpSettings()))
    server = WebServer(large, "127.0.0.1", 0, gate, limits)
    server.start()
    try:
        yield server
    finally:
        server.stop(grace=1)


def test_readers_that_stop_hold_no_thread() -> None:
    """More clients that read nothing of a large answer than there are threads stop nobody."""
    with serving_large(Limits()) as server, ExitStack() as stack:
        for _ in range(THREADS + 1):
            connection = stack.enter_context(connect(server.port))
            connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: _unread(server) == THREADS + 1)
        assert answers(server.port)


def _unread(server: WebServer) -> int:
    return sum(bool(c.total_outbufs_len) for c in server._channels())


def test_reader_that_stops_is_closed_while_it_is_served() -> None:
    """A client that takes nothing loses its connection, and its thread is free."""
    limits = Limits(waiting_bytes=1024 * 1024, stall_seconds=0.3)
    with serving_large(limits) as server, ExitStack() as stack:
        for _ in range(THREADS + 1):
            connection = stack.enter_context(connect(server.port))
            connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answers(server.port)


def test_slow_reader_gets_the_whole_answer() -> None:
    """Who reads in small pieces, and steadily, gets every byte."""
    with serving_large(Limits(stall_seconds=1.5)) as server, connect(server.port) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        size, begun = 0, time.monotonic()
        while part := connection.recv(256 * 1024):
            size += len(part)
            wait_until(begun + 2 * size / LARGE)
        assert size > LARGE


def test_what_was_read_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large answer no more than some megabytes are in memory, however fast its reader is."""
    held = []

    def noted(self: BytesIOBasedBuffer, part: bytes) -> None:
        FileBasedBuffer.append(self, part)
        held.append(len(self.file.getvalue()))

    monkeypatch.setattr(BytesIOBasedBuffer, "append", noted)
    with serving_large(Limits()) as server:
        answer = requests.get(f"http://127.0.0.1:{server.port}/large", timeout=30)
    assert len(answer.content) == LARGE
    assert 0 < max(held) < 3 * 1024 * 1024


@pytest.mark.parametrize(
    ("moved", "size", "now", "late"),
    [
        (0.0, 0, 20.0, False),
        (0.0, 0, 20.1, True),
        (39.0, 80_000, 40.0, False),
        (39.0, 79_000, 40.0, True),
        (39.0, 8_000_000, 59.0, False),
        (39.0, 8_000_000, 59.1, True),
    ],
)
def test_pace(moved: float, size: int, now: float, late: bool) -> None:  # noqa: FBT001
    """Late is where nothing moved for 20 s, or less than 4 kB/s after the first 20 s."""
    pace = Pace(0.0)
    pace.note(moved, size)
    assert pace.is_late(now, Limits(least_rate=4000)) is late


# ---------------------------------------------------------------------------- slow requests

POST = b"POST /api/v1/worklist HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n"


def test_slow_body_has_the_time_it_needs(serve: Any) -> None:
    """A body that comes steadily may take longer than a header may, or a pause."""
    limits = Limits(header_seconds=1.5, stall_seconds=1.5, least_rate=5)
    with connect(serve(limits=limits).port) as connection:
        connection.sendall(POST % (30, b""))
        begun = time.monotonic()
        for number in range(30):
            wait_until(begun + number / 15)
            connection.sendall(b" ")
        assert connection.recv(100).startswith(b"HTTP/1.1 415")


@pytest.mark.parametrize("pause", [0.02, 30])
def test_body_too_slow_is_cut(serve: Any, pause: float) -> None:
    """A body that drips, or stops, loses its connection."""
    limits = Limits(stall_seconds=0.3, least_rate=1000)
    with connect(serve(limits=limits).port) as connection:
        connection.sendall(POST % (60_000, b""))
        connection.settimeout(pause)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                connection.sendall(b" ")
                assert connection.recv(1) == b""
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                pass
            return
    pytest.fail("still open")


def test_slow_headers_of_many_addresses_stop_nobody(serve: Any) -> None:
    """When every connection waits for its header, the oldest of these makes room."""
    port = serve(limits=Limits(connections=12)).port
    with ExitStack() as stack:
        for number in range(20):
            address = f"127.0.1.{number // 3 + 1}"
            stack.enter_context(connect(port, address)).sendall(HEALTH)
        assert answers(port)
        assert answers(port, "127.0.1.1")


def test_slow_headers_do_not_block_their_own_address(serve: Any) -> None:
    """The oldest unfinished request gives way: the new one may be of another workstation."""
    server = serve(limits=Limits(unserved=4))
    port = server.port
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(port)) for _ in range(4)]
        for connection in slow:
            connection.sendall(HEALTH)
        wait_for(lambda: sum(c.begun is not None for c in server._channels()) == 4)
        assert answers(port)
        assert is_closed(slow[0])
        slow[-1].sendall(b"\r\n")
        assert slow[-1].recv(100).startswith(b"HTTP/1.1 200")


@contextmanager
def two_at_work(port: int, orders: Any) -> Iterator[None]:
    """Have two calls being served; they are let go on and have to succeed."""
    orders.gate = threading.Event()
    query = "id=1&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1"
    url = f"http://127.0.0.1:{port}/worklist/add?{query}"
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(requests.get, url, timeout=60) for _ in range(2)]
        for _ in calls:
            assert orders.entered.acquire(timeout=60)
        try:
            yield
        finally:
            orders.gate.set()
        assert [call.result().status_code for call in calls] == [200, 200]


def test_connections_at_work_are_never_closed_for_others(serve: Any, orders: Any) -> None:
    """Where all are being served the newcomer is sent away; what is being placed is placed."""
    port = serve(limits=Limits(connections=2)).port
    with two_at_work(port, orders):
        assert not answers(port)


def test_an_address_leaves_room_for_others(serve: Any, orders: Any) -> None:
    """One address cannot take every connection, whatever its connections do."""
    port = serve(limits=Limits(connections=4, per_address=2)).port
    with two_at_work(port, orders):
        assert not answers(port)
        assert answers(port, "127.0.1.1")


# ---------------------------------------------------------------------------- strangers' bodies


@pytest.mark.parametrize(
    "length", [b"Content-Length: 50000", b"Transfer-Encoding: chunked"], ids=["length", "chunks"]
)
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /api/v1/worklist HTTP/1.1\r\nHost: localhost\r\n", b"401"),
        (b"POST /api/v1/worklist HTTP/1.1\r\nHost: evil.example\r\n", b"421"),
        (b"POST /worklist/add?token=wrong HTTP/1.1\r\nHost: localhost\r\n", b"401"),
        (
            b"POST /worklist/add HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer no\r\n",
            b"401",
        ),
    ],
)
def test_body_of_a_stranger_is_not_kept(
    serve: Any, head: bytes, status: bytes, length: bytes
) -> None:
    """Who may not call is known by the header: the body is read to its end and thrown away."""
    server = serve(token=TOKEN)
    with connect(server.port) as connection:
        connection.sendall(head + length + b"\r\n\r\n")
        wait_for(lambda: any(c.body for c in server._channels()))
        chunked = b"chunked" in length
        connection.sendall(b"9c40\r\n" if chunked else b"")
        connection.sendall(b"x" * 40_000)
        wait_for(lambda: sum(c.body.size for c in server._channels() if c.body) > 39_000)
        assert [c.request.get_body_stream().read() for c in server._channels()] == [b""]
        connection.sendall(b"\r\n0\r\n\r\n" if chunked else b"x" * 10_000)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.split(b" ", 2)[1] == status
    assert answer.count(b"HTTP/1.") == 1
    assert (b"\r\n\r\nerror: " in answer) == (b"/worklist/add" in head)


def test_stranger_who_asks_first_sends_nothing(serve: Any) -> None:
    """Expect: 100-continue is answered with the refusal."""
    with connect(serve(token=TOKEN).port) as connection:
        connection.sendall(POST % (50_000, b"Expect: 100-continue\r\n"))
        assert connection.recv(100).startswith(b"HTTP/1.1 401")


def test_token_in_the_body_of_a_form_is_waited_for(serve: Any, orders: Any) -> None:
    """Only the body tells whether a form has the token."""
    url = f"http://127.0.0.1:{serve(token=TOKEN).port}/worklist/add"
    form = {"id": "1", "lastname": "Doe", "firstname": "J", "birthdate": "01.01.1900", "sex": "1"}
    assert requests.post(url, data={**form, "token": TOKEN}, timeout=60).status_code == 200
    assert requests.post(url, data={**form, "token": "wrong"}, timeout=60).status_code == 401
    assert len(orders.requests) == 1


def test_a_wrong_token_with_a_body_counts_once(serve: Any) -> None:
    """Looking at the header and at the call is one try, not two."""
    url = f"http://127.0.0.1:{serve(token=TOKEN).port}/api/v1/worklist"
    headers = {"Authorization": "Bearer wrong"}
    for _ in range(TRIES):
        assert requests.post(url, json={}, headers=headers, timeout=60).status_code == 401
    assert requests.post(url, json={}, headers=headers, timeout=60).status_code == 429


@pytest.mark.parametrize(("size", "status"), [(80, 415), (101, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_each_path_has_its_limit(size: int, status: int, *, chunked: bool) -> None:
    """A path may take less than the others; more is refused."""

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("415 No", [("Content-Length", "0")])
        return []

    guard = Guard(HttpSettings())
    guard.learn(lambda path, _method: path.strip("/"))
    gate = GuardGate(guard, {"small": BodyRule(100)})
    server = WebServer(app, "127.0.0.1", 0, gate)
    server.start()
    try:
        base = f"http://127.0.0.1:{server.port}"
        body: Any = iter([b"x" * size]) if chunked else b"x" * size
        assert requests.post(f"{base}/small", data=body, timeout=60).status_code == status
        assert requests.post(f"{base}/other", data=b"x" * 101, timeout=60).status_code == 415
    finally:
        server.stop()
