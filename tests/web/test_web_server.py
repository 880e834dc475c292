"""The server: limits, slow and broken clients, stopping."""

from __future__ import annotations

import logging
import socket
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from gdtbridge.errors import SettingsError
from gdtbridge.web import WebServer
from gdtbridge.web.access.slots import SLOTS, Slots
from gdtbridge.web.dicomweb.place import ROOT
from gdtbridge.web.dicomweb.routes import READERS
from gdtbridge.web.dicomweb.uri import ROOT as URI_ROOT
from gdtbridge.web.limits import Limits
from gdtbridge.web.pages.exams.pictures import PICTURE_THREADS
from gdtbridge.web.problems import CallRefused
from gdtbridge.web.request_parser import MAX_DRAIN
from gdtbridge.web.server import MAX_HEADER, THREADS
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # waits for deadlines

ADD = "/worklist/add?id=1&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


def connect(port: int) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def healthy(port: int) -> bool:
    """Return whether /healthz answers in time."""
    return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200


def is_closed(connection: socket.socket) -> bool:
    """Wait for the other side to close without a word."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


# ---------------------------------------------------------------------------- limits


def test_silent_and_slow_clients_occupy_no_thread(serve: Any) -> None:
    """Many clients that send a few bytes and wait leave the server answering."""
    port = serve().port
    starts = (b"", b"G", HEALTH, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx")
    slow = [connect(port) for _ in range(THREADS * 4)]
    for number, connection in enumerate(slow):
        connection.sendall(starts[number % len(starts)])
    assert healthy(port)
    for connection in slow:
        connection.close()


def test_header_has_a_deadline(serve: Any) -> None:
    """A client that trickles bytes is cut off, however busy it looks."""
    with connect(serve(limits=Limits(header_seconds=0.3)).port) as connection:
        connection.settimeout(0.05)
        deadline = time.monotonic() + 60
        with pytest.raises((ConnectionResetError, BrokenPipeError)):  # noqa: PT012
            while time.monotonic() < deadline:
                connection.sendall(b"X")
                threading.Event().wait(0.02)


def test_idle_connection_has_a_deadline(serve: Any) -> None:
    """A connection without a request is closed after a while."""
    with connect(serve(limits=Limits(idle_seconds=0.2)).port) as connection:
        assert is_closed(connection)


def test_idle_connections_make_room(serve: Any) -> None:
    """Connections a careless script leaves open give way to new ones, the oldest first."""
    port = serve().port
    with ExitStack() as stack:
        idle = [stack.enter_context(connect(port)) for _ in range(Limits().unserved)]
        assert healthy(port)
        assert is_closed(idle[0])
        idle[-1].sendall(HEALTH + b"\r\n")
        assert idle[-1].recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\x01\x00\x00\x00\x00\xcd\x00\x01\x00\x00GDTBRIDGE\r\n\r\n",
        b"GET\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: localhost\n\n\r\n\r\n",
        b"GET /worklist/add?procedure=Abdomen links HTTP/1.1\r\n\r\n",
        b"GET /studies/open?id=4711 links HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX\x00: 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1, 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /worklist/add HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(serve: Any, send_raw: Any, data: bytes) -> None:
    """Broken requests get a refusal in our words, with our headers, and nothing repeated."""
    port = serve().port
    answer = send_raw(port, data)
    assert answer.split(b" ", 2)[1] in {b"400", b"501"}
    assert b"nosniff" in answer
    assert b"waitress" not in answer
    assert b"links" not in answer
    in_text = b"/worklist/add" in data or b"/studies/open" in data
    assert (b"\r\n\r\nerror: " in answer) == in_text
    assert (b"application/problem+json" in answer) != in_text
    assert healthy(port)


@pytest.mark.parametrize(
    "header",
    [b"X: " + b"x" * MAX_HEADER, b"X: y\r\n" * (MAX_HEADER // 6 + 10), b"X: " + b"x" * 3_000_000],
)
def test_header_is_bounded(serve: Any, send_raw: Any, header: bytes) -> None:
    """A header beyond the limit is refused, and the caller gets to see it."""
    answer = send_raw(serve().port, HEALTH + header + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 431")
    assert b"application/problem+json" in answer


def test_header_without_end(serve: Any) -> None:
    """A header that never ends is cut off; what came of it is not kept."""
    port = serve().port
    with connect(port) as connection:
        block = b"x" * 65536
        connection.sendall(HEALTH)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):  # noqa: PT012
            for _ in range(10 * MAX_DRAIN // len(block)):
                connection.sendall(block)
    assert healthy(port)


def test_body_announced_but_never_sent(serve: Any, send_raw: Any) -> None:
    """Who announces gigabytes, or asks before sending, is refused at once; the call comes first."""
    port = serve().port
    head = b"%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
    lengths = (
        b"Content-Length: 4000000000\r\n",
        b"Content-Length: 1000000\r\nExpect: 100-continue\r\n",
    )
    calls = {
        b"POST /api/v1/worklist": b"413",
        b"PATCH /api/v1/worklist": b"405",
        b"POST /api/v1/nothing": b"404",
        b"PUT /dicom-web/studies": b"405",
    }
    for call, status in calls.items():
        for length in lengths:
            answer = send_raw(port, head % (call, length))
            assert answer.split(b" ", 2)[1] == status, call
            assert (b"\r\nAllow: " in answer) is (status == b"405")


def test_chunked_body_is_bounded(serve: Any) -> None:
    """A body without an announced length has the same limit."""
    url = f"http://127.0.0.1:{serve().port}/api/v1/worklist"
    headers = {"Content-Type": "application/json"}
    small = requests.post(url, data=iter([b"{", b"}"]), headers=headers, timeout=60)
    assert small.status_code == 400
    large = requests.post(url, data=iter([b"x" * 70_000]), headers=headers, timeout=60)
    assert large.status_code == 413
    wrong = requests.put(url, data=iter([b"x" * 70_000]), headers=headers, timeout=60)
    assert (wrong.status_code, sorted(wrong.headers["Allow"].split(", "))) == (
        405,
        ["GET", "HEAD", "POST"],
    )


def test_pipelined_requests_are_all_answered(serve: Any, send_raw: Any) -> None:
    """Requests sent at once over one connection are answered in order."""
    answer = send_raw(serve().port, (HEALTH + b"\r\n") * 3 + HEALTH + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 4


# ---------------------------------------------------------------------------- a core that hangs


def test_no_request_hides_in_the_body_of_another(serve: Any, send_raw: Any, orders: Any) -> None:
    """What follows a request of two lengths is not read as a further request."""
    hidden = f"GET {ADD} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    for lengths in (
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Content-Length: 4\r\nContent-Length: 40",
    ):
        head = b"POST /worklist/add HTTP/1.1\r\nHost: localhost\r\n" + lengths + b"\r\n\r\n"
        answer = send_raw(serve().port, head + b"0\r\n\r\n" + hidden)
        assert answer.count(b"HTTP/1.1") == 1
        assert answer.startswith(b"HTTP/1.1 400")
    assert orders.entries == {}


HTML = {"Accept": "text/html"}
"""As a browser asks."""


def test_hanging_core_leaves_the_rest_answering(serve: Any, orders: Any) -> None:
    """When the core hangs, health is still told and further orders are sent away in seconds."""
    port = serve(slots=Slots(wait_seconds=0.2)).port
    url = f"http://127.0.0.1:{port}{ADD}"
    orders.gate = threading.Event()
    with ThreadPoolExecutor(SLOTS) as pool:
        hanging = [pool.submit(requests.get, url, timeout=60) for _ in range(SLOTS)]
        for _ in range(SLOTS):
            assert orders.entered.acquire(timeout=60)
        assert healthy(port)
        answer = requests.get(url, timeout=60)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert answer.text.startswith("error: gdtbridge ist gerade überlastet")
        page = requests.get(f"http://127.0.0.1:{port}/heute", headers=HTML, timeout=60)
        assert (page.status_code, "überlastet" in page.text) == (503, True)
        orders.gate.set()
        assert [call.result().status_code for call in hanging] == [200] * SLOTS
    assert requests.get(url, timeout=60).status_code == 200


READING = (f"{URI_ROOT}?objectUID=1", f"{ROOT}/studies/1", f"{ROOT}/studies/1/series/2/instances")
PICTURES = ("/untersuchung/1/bild/2/key/vorschau", "/untersuchung/1/bild/2/key/folge?ab=1")


@pytest.mark.parametrize(("paths", "threads"), [(READING, READERS), (PICTURES, PICTURE_THREADS)])
def test_many_wait_their_turn_and_hold_nobody_up(
    serve: Any, paths: tuple[str, ...], threads: int
) -> None:
    """More readers than there are threads: a page is answered meanwhile, and each of them is.

    Weasis asks for twelve objects at once, a page for its pictures; both show nothing where they
    are refused.
    """
    entered, may_go_on = threading.Semaphore(0), threading.Event()

    def slow_to_read(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/heute":
            entered.release()
            may_go_on.wait(60)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = WebServer(slow_to_read, "127.0.0.1", 0, serve()._gate)
    server.start()
    url = f"http://127.0.0.1:{server.port}"
    readers = THREADS + threads
    try:
        with ThreadPoolExecutor(readers) as pool:
            reads = [
                pool.submit(requests.get, url + paths[n % len(paths)], timeout=60)
                for n in range(readers)
            ]
            for _ in range(threads):
                assert entered.acquire(timeout=60)
            assert requests.get(f"{url}/heute", timeout=60).status_code == 200
            assert not any(read.done() for read in reads)
            may_go_on.set()
            assert {read.result().status_code for read in reads} == {200}
    finally:
        may_go_on.set()
        server.stop(grace=2)


def test_readers_and_pictures_take_no_place_of_a_page(serve: Any) -> None:
    """Where all places are taken they are answered, and where none of theirs is free a page is."""
    slots = Slots(1, wait_seconds=0.05)
    release = slots.take()
    url = f"http://127.0.0.1:{serve(slots=slots).port}"
    called = {
        path: requests.get(url + path, timeout=60) for path in ("/heute", *READING, *PICTURES)
    }
    refused = {path: "überlastet" in answer.text for path, answer in called.items()}
    assert refused == {path: path == "/heute" for path in called}
    release()


def test_who_finds_others_waiting_is_sent_away_at_once() -> None:
    """Of two that want a place nobody leaves one waits, and gets it."""
    slots = Slots(1, wait_seconds=30, most_waiting=1)
    release = slots.take()
    with ThreadPoolExecutor(2) as pool:
        both = {pool.submit(slots.take) for _ in range(2)}
        sent_away, waiting = wait(both, timeout=60, return_when=FIRST_COMPLETED)
        assert [type(one.exception()) for one in sent_away] == [CallRefused]
        release()
        assert [one.exception() for one in waiting] == [None]


def test_many_orders_at_once(url: str, orders: Any) -> None:
    """A burst of orders is answered in full."""
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(requests.get, url + ADD, timeout=60) for _ in range(100)]
        assert {call.result().status_code for call in calls} == {200}


# ---------------------------------------------------------------------------- start and stop


def test_port_in_use_is_a_sentence(serve: Any) -> None:
    """An address that cannot be had is a settings error that names the settings."""
    first = serve()
    second = WebServer(first._app, "127.0.0.1", first.port, first._gate)
    with pytest.raises(SettingsError, match=r"http\.port"):
        second.start()
    second.stop()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "300.1.1.1"])
def test_unknown_host_is_a_sentence(host: str, serve: Any) -> None:
    """A host that is not ours is a settings error."""
    with pytest.raises(SettingsError, match=r"http\.host"):
        WebServer(serve()._app, host, 0, serve()._gate).start()


def test_localhost_means_all_its_addresses(serve: Any) -> None:
    """A name with several addresses is served on all of them, on one port."""
    port = serve(host="localhost").port
    families = {str(address[0]) for *_, address in socket.getaddrinfo("localhost", port)}
    for address in families:
        with socket.create_connection((address, port), timeout=60) as connection:
            connection.sendall(HEALTH + b"Connection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_stop_finishes_what_was_begun(serve: Any, orders: Any) -> None:
    """A request being served or received at the stop is answered; new ones find no one."""
    server = serve()
    orders.gate = threading.Event()
    with ThreadPoolExecutor(2) as pool, connect(server.port) as late, connect(server.port) as idle:
        late.sendall(HEALTH)
        served = pool.submit(requests.get, f"http://127.0.0.1:{server.port}{ADD}", timeout=60)
        assert orders.entered.acquire(timeout=60)
        stopped = pool.submit(server.stop, 10)
        assert is_closed(idle)
        wait_for(lambda: _refused(server.port))
        late.sendall(b"\r\n")
        assert late.recv(100).startswith(b"HTTP/1.1 200")
        orders.gate.set()
        assert served.result(timeout=60).status_code == 200
        stopped.result(timeout=60)


def _refused(port: int) -> bool:
    try:
        connect(port).close()
    except ConnectionRefusedError:
        return True
    return False


def test_stop_does_not_wait_for_ever(serve: Any, orders: Any) -> None:
    """Who is not done when the time is over is cut off."""
    server = serve()
    orders.gate = threading.Event()
    with connect(server.port) as half, ThreadPoolExecutor(1) as pool:
        half.sendall(HEALTH)
        hanging = pool.submit(requests.get, f"http://127.0.0.1:{server.port}{ADD}", timeout=60)
        assert orders.entered.acquire(timeout=60)
        begun = time.monotonic()
        server.stop(grace=0.3)
        assert time.monotonic() - begun < 30
        orders.gate.set()
        with pytest.raises(requests.ConnectionError):
            hanging.result(timeout=60)


def test_stop_leaves_no_thread_and_no_socket(serve: Any) -> None:
    """After the stop everything is given back, and stopping again does nothing."""
    server = serve()
    assert healthy(server.port)
    server.stop()
    server.stop()
    assert not server._sockets
    wait_for(lambda: not any(t.name in {"http"} for t in threading.enumerate()))


def test_broken_connections_are_not_logged(
    serve: Any, caplog: pytest.LogCaptureFixture, orders: Any
) -> None:
    """A client that goes away in the middle leaves no trace of its request in the log."""
    caplog.set_level(logging.DEBUG)
    server = serve()
    orders.gate = threading.Event()
    with connect(server.port) as connection:
        connection.sendall(b"GET " + ADD.encode() + b" HTTP/1.0\r\n\r\n")
        assert orders.entered.acquire(timeout=60)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    orders.gate.set()
    assert healthy(server.port)
    server.stop()
    assert "Doe" not in caplog.text
