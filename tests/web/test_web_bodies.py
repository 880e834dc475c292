"""Large bodies: in a nameless file while they come, gone with their call or their client."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from gdtbridge.errors import OutOfResources
from gdtbridge.settings import HttpSettings
from gdtbridge.web import WebServer, bodies
from gdtbridge.web.access.gate import GuardGate
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.bodies import BodyRule, BodySpool
from tests.tools.waiting import wait_for

MOST = 3_000_000
SECONDS = 30


class Disk:
    """A disk that has room until it is told to be full from so many bytes on."""

    def __init__(self) -> None:
        self.full_from = MOST * 2

    def room_for(self, size: int) -> None:
        """Raise `OutOfResources` where it is full."""
        if size > self.full_from:
            raise OutOfResources


def spooled(folder: Path) -> list[str]:
    """Return the nameless files of this process in a folder."""
    links = []
    for one in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            links.append(str(one.readlink()))
    return [one for one in links if one.startswith(str(folder))]


@contextmanager
def serving(folder: Path, disk: Disk) -> Iterator[int]:
    """Run a server that answers how large a body was, and where; yield its port."""

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        body = environ["wsgi.input"]
        size = sum(len(piece) for piece in iter(lambda: body.read(65536), b""))
        told = f"{size} {len(spooled(folder))}".encode()
        start("200 OK", [("Content-Length", str(len(told)))])
        return [told]

    guard = Guard(HttpSettings())
    guard.learn(lambda path, _method: path.strip("/"))
    rule = BodyRule(MOST, BodySpool(folder, disk.room_for))
    server = WebServer(app, "127.0.0.1", 0, GuardGate(guard, {"large": rule}))
    server.start()
    try:
        yield server.port
    finally:
        server.stop(grace=1)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_kept_while_it_is_read(tmp_path: Path, *, chunked: bool) -> None:
    """On the disk it says, without a name; there is nothing of it when it was answered."""
    data = b"x" * 2_000_000
    with serving(tmp_path, Disk()) as port:
        sent: Any = iter([data]) if chunked else data
        answer = requests.post(f"http://127.0.0.1:{port}/large", data=sent, timeout=SECONDS)
        assert answer.text == "2000000 1"
        wait_for(lambda: not spooled(tmp_path), SECONDS)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("full_from", "size", "chunked"),
    [(1_000_000, 2_000_000, False), (1_000_000, 2_000_000, True), (MOST * 2, MOST + 1, False)],
)
def test_a_body_that_finds_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_from: int, size: int, *, chunked: bool
) -> None:
    """Refused before it comes where its length is known, else read to its end: no broken pipe."""
    monkeypatch.setattr(bodies, "ROOM_INTERVAL", 100_000)
    disk = Disk()
    disk.full_from = full_from
    with serving(tmp_path, disk) as port:
        sent: Any = iter([b"x" * 50_000] * (size // 50_000 + 1)) if chunked else b"x" * size
        answer = requests.post(f"http://127.0.0.1:{port}/large", data=sent, timeout=SECONDS)
        assert answer.status_code == (503 if full_from < size else 413)
        assert ("Retry-After" in answer.headers) is (full_from < size)
        wait_for(lambda: not spooled(tmp_path), SECONDS)


def test_a_client_that_goes_away(tmp_path: Path) -> None:
    """Nothing is left of what came."""
    with serving(tmp_path, Disk()) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as client:
            head = b"POST /large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
            client.sendall(head + bytes(500_000))
            wait_for(lambda: spooled(tmp_path), SECONDS)
        wait_for(lambda: not spooled(tmp_path), SECONDS)
