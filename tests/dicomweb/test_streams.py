"""Answers that are sent piece by piece: readers that go away, and what breaks in the middle."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest
import requests

from gdtbridge.web import WebServer
from gdtbridge.web.dicomweb.place import ROOT
from gdtbridge.web.dicomweb.routes import READERS
from tests.dicomweb.conftest import Services
from tests.tools.elements import element, identification
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # sends much data

LARGE = 24 * 1024 * 1024
"""Bytes: more than the system and the server take for a reader that reads nothing."""
STUDY = "2.25.95000"
RESET = struct.pack("ii", 1, 0)
"""A linger that ends a connection at once, as a computer that is switched off does not even."""


@pytest.fixture(scope="module")
def large(services: Services) -> str:
    """Return the address of a study of two objects, the first of them large."""
    for number, size in ((1, LARGE), (2, 16)):
        uid = f"{STUDY}.{number}"
        dataset = identification(StudyInstanceUID=STUDY, SOPInstanceUID=uid)
        pixels = element(0x7FE00010, b"OB", bytes(size))
        services.practice.send_dataset(dataset + pixels, SOPInstanceUID=uid)
    services.practice.wait()
    return f"{ROOT}/studies/{STUDY}"


def test_readers_that_go_away_leave_their_threads(server: WebServer, large: str) -> None:
    """More of them than there are threads: each is served (orthanc-dicomweb 1.22)."""

    def went_away() -> bool:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            head = f"GET {large} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"
            connection.sendall(head.encode())
            answer = connection.recv(100)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return answer.startswith(b"HTTP/1.1 200")

    for _ in range(READERS + 1):
        wait_for(went_away, 60, "a thread for the next reader")


def test_what_breaks_in_the_middle_has_no_end(
    server: WebServer, services: Services, large: str
) -> None:
    """The connection breaks, and nobody takes what came for the whole (dicomweb-client 94)."""
    url = f"http://127.0.0.1:{server.port}{large}"
    second = second_file(services)
    kept = second.read_bytes()
    with requests.get(url, stream=True, timeout=60) as answer:
        boundary = answer.headers["Content-Type"].partition('boundary="')[2].strip('"')
        second.unlink()
        try:
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                received(answer)
        finally:
            second.write_bytes(kept)
    assert len(boundary) == 32


def received(answer: requests.Response) -> int:
    """Return how many bytes came; raise what breaks."""
    return sum(len(piece) for piece in answer.iter_content(1 << 20))


def second_file(services: Services) -> Path:
    """Return the file of the second object."""
    found = services.practice.core.web_archive.objects(
        {"SOPInstanceUID": f"{STUDY}.2"}, sees_held=True
    )
    return found[0].leaving.file
