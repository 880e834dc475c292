"""The webhook against real servers: good ones, slow ones, broken ones, cunning ones."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from gdtbridge.durable.mounts import Place
from gdtbridge.outbox import Webhook
from gdtbridge.outbox.model import (
    Attempt,
    AttemptResult,
    DeliveryJournal,
    DeliveryState,
    OutgoingMessage,
)
from tests.tools.ports import free_port

DELIVERED = AttemptResult.DELIVERED
LETTER = OutgoingMessage(1, "gdt_written", b"", DeliveryState.PENDING, "", "")


class NoJournal:
    """A call leaves nothing to note."""

    def writing(self, names: Mapping[int, str]) -> AbstractSet[int]:
        """Not used."""
        raise AssertionError

    def unproven(self, _opened: Path, _found: Place | None) -> str:
        """Not used."""
        raise AssertionError

    def renaming(self, messages: Collection[int]) -> None:
        """Not used."""
        raise AssertionError

    def another_name(self, message: int) -> str:
        """Not used."""
        raise AssertionError


JOURNAL: DeliveryJournal = NoJournal()


def call(url: str, **options: float) -> Attempt:
    """Call a URL; the limits are in seconds."""
    total = options.get("total", 20.0)
    webhook = Webhook(url, timeouts=(5.0, options.get("read", 10.0)), total=total)
    return webhook.deliver([LETTER], JOURNAL)[LETTER.id]


@contextmanager
def raw_server(serve: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Run ``serve`` on each connection until the end; yield the URL."""
    ended = threading.Event()

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            serve(connection, ended)

    def accept() -> None:
        with suppress(OSError):
            while not ended.is_set():
                connection, _ = listener.accept()
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(30)


def test_get_as_configured(httpserver: HTTPServer) -> None:
    """The URL is called with GET, its query as written, its credentials as basic authentication."""
    seen: list[Request] = []

    def handler(request: Request) -> Response:
        seen.append(request)
        return Response("on")

    httpserver.expect_request("/dev/sps/io/door/pulse").respond_with_handler(handler)
    url = f"http://user:pw@127.0.0.1:{httpserver.port}/dev/sps/io/door/pulse?a=1&b=%20x"
    assert call(url).result is DELIVERED
    (request,) = seen
    assert request.method == "GET"
    assert request.query_string == b"a=1&b=%20x"
    expected = base64.b64encode(b"user:pw").decode()
    assert request.headers["Authorization"] == f"Basic {expected}"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Attempt(AttemptResult.DELIVERED, "HTTP 200 OK")),
        (204, Attempt(AttemptResult.DELIVERED, "HTTP 204 No Content")),
        (301, Attempt(AttemptResult.FAILED, "HTTP 301 Moved Permanently")),
        (401, Attempt(AttemptResult.FAILED, "HTTP 401 Unauthorized")),
        (404, Attempt(AttemptResult.FAILED, "HTTP 404 Not Found")),
        (405, Attempt(AttemptResult.FAILED, "HTTP 405 Method Not Allowed")),
        (408, Attempt(AttemptResult.LATER, "HTTP 408 Request Timeout", away=True)),
        (429, Attempt(AttemptResult.LATER, "HTTP 429 Too Many Requests", away=True)),
        (500, Attempt(AttemptResult.LATER, "HTTP 500 Internal Server Error", away=True)),
        (503, Attempt(AttemptResult.LATER, "HTTP 503 Service Unavailable", away=True)),
    ],
)
def test_status(httpserver: HTTPServer, status: int, expected: Attempt) -> None:
    """2xx is success, what may pass is tried again, the rest is given up."""
    httpserver.expect_request("/").respond_with_data("", status=status)
    assert call(httpserver.url_for("/")) == expected


def test_redirect_is_not_followed(httpserver: HTTPServer) -> None:
    """A redirect could lead a call into places nobody configured: it is a failure."""
    httpserver.expect_request("/a").respond_with_data(
        "", status=302, headers={"Location": httpserver.url_for("/secret")}
    )
    assert call(httpserver.url_for("/a")).result is AttemptResult.FAILED
    assert [request.path for request, _ in httpserver.log] == ["/a"]


def test_proxy_of_the_environment_is_not_used(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy named in the environment does not get to see the call."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    httpserver.expect_request("/").respond_with_data("")
    assert call(httpserver.url_for("/")).result is DELIVERED


def test_refused_connection() -> None:
    """Nobody listening is a reason to try again; the reason names no URL."""
    attempt = call(f"http://user:geheim@127.0.0.1:{free_port()}/")
    assert attempt == Attempt(AttemptResult.LATER, "ConnectionError", away=True)


def _say_nothing(_connection: socket.socket, ended: threading.Event) -> None:
    ended.wait(60)


def test_silent_server() -> None:
    """A server that accepts and says nothing costs the read limit."""
    with raw_server(_say_nothing) as url:
        started = time.monotonic()
        assert call(url, read=0.3) == Attempt(AttemptResult.LATER, "ReadTimeout", away=True)
        assert time.monotonic() - started < 30


def _drip_status(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 ")
    while not ended.wait(0.05):
        connection.sendall(b" ")


def _drip_head(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
    while not ended.wait(0.05):
        connection.sendall(b"a")


@pytest.mark.parametrize(
    ("drip", "result"), [(_drip_status, AttemptResult.LATER), (_drip_head, AttemptResult.DELIVERED)]
)
def test_dripping_head(
    drip: Callable[[socket.socket, threading.Event], None], result: AttemptResult
) -> None:
    """A server that sends byte by byte is cut off after the total time; its status counts."""
    with raw_server(drip) as url:
        started = time.monotonic()
        assert call(url, total=0.5).result is result
        assert time.monotonic() - started < 30


def _drip_body(connection: socket.socket, ended: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
    while not ended.wait(0.05):
        connection.sendall(b"a")


def test_dripping_body() -> None:
    """A success whose body never ends is a success, after the total time."""
    with raw_server(_drip_body) as url:
        started = time.monotonic()
        assert call(url, total=0.5).result is DELIVERED
        assert time.monotonic() - started < 30


def test_huge_body_is_not_read() -> None:
    """Of an endless body only a little is taken."""
    sent = [0]

    def flood(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not ended.is_set() and sent[0] < 2**30:
            sent[0] += connection.send(b"a" * 65536)

    with raw_server(flood) as url:
        assert call(url).result is DELIVERED
    assert sent[0] < 2**26


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\xff" * 99]
)
def test_not_http(answer: bytes) -> None:
    """An answer that is no HTTP, or none, is tried again."""
    with raw_server(lambda connection, _ended: connection.sendall(answer)) as url:
        assert call(url).result is AttemptResult.LATER


def test_tls_that_is_none() -> None:
    """A plain server under an https URL is tried again and does not hang."""
    with raw_server(_drip_head) as url:
        attempt = call(url.replace("http:", "https:"), total=0.5)
    assert attempt.result is AttemptResult.LATER


@pytest.mark.parametrize("url", ["ftp://host/x", "file:///etc/passwd", "http://", "geheim", ""])
def test_only_http_urls(url: str) -> None:
    """Another scheme or a URL without host is refused at once and not quoted."""
    with pytest.raises(ValueError, match=r"^a webhook needs an http or https URL$"):
        Webhook(url)


def test_lifetime_by_default() -> None:
    """Calls are tried for ten minutes."""
    assert Webhook("http://localhost/").lifetime == 600
