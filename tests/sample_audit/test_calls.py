"""The calls of the sample audit: who is noted, and that nobody who is slow stops others."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from gdtbridge.audit import AuditQuery
from gdtbridge.sample_audit.exports import SetState
from gdtbridge.service import web_ports
from gdtbridge.settings import MEGABYTE, load_settings
from gdtbridge.web import create_app, create_server
from gdtbridge.web.limits import Limits
from gdtbridge.web.server import THREADS
from tests.tools.elements import still
from tests.tools.practice import Practice
from tests.tools.waiting import wait_for


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """Return a practice on any free port, with a picture of one patient."""
    settings = load_settings(environ={"GDTBRIDGE_HTTP__PORT": "0"})
    made = Practice(tmp_path_factory.mktemp("practice"), settings)
    said = {"SOPInstanceUID": "2.25.71", "StudyDate": "20261130"}
    made.send_dataset(still(60, **said), SOPInstanceUID="2.25.71")
    made.wait()
    yield made
    made.close()


def test_who_sees_a_picture_of_a_case_is_noted(practice: Practice) -> None:
    """As whoever sees the case: its address alone shows a patient."""
    core = practice.core
    core.sample.add([("4711", date(2026, 11, 30))])
    (sheet,) = core.sample.sheets()
    app = create_app(core.settings, web_ports(core), dict)
    picture = f"/stichprobe/fall/{sheet.case.id}/bild/{sheet.pictures[0].instance_id}"
    assert app.test_client().get(picture, buffered=True).status_code == 200
    core.audit.keep()
    (seen,) = core.audit.entries(AuditQuery(acts=("saw",)))
    assert (seen.done.patient_id, seen.done.subject) == ("4711", "sample:2026-11-30")


def test_who_takes_a_set_slowly_keeps_nobody_waiting(practice: Practice) -> None:
    """As many as there are threads begin to fetch one and stop; the service answers others."""
    core = practice.core
    exports = core.sample.exports

    def write(target: Path, noted: object) -> None:
        with target.open("wb") as file:
            file.truncate(64 * MEGABYTE)

    made = exports.begin("set.zip", 1, write)
    wait_for(lambda: made.state is SetState.READY, what="the set")
    limits = Limits(waiting_bytes=4096)
    server = create_server(core.settings, web_ports(core), dict, limits=limits)
    server.start()
    with ExitStack() as opened:
        opened.callback(server.stop, grace=1)

        def ask(path: str) -> bytes:
            one = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            opened.enter_context(one)
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return one.recv(12)

        for _ in range(THREADS):
            assert ask(f"/stichprobe/paket/{made.key}/datei") == b"HTTP/1.1 200"
        assert ask("/healthz") == b"HTTP/1.1 200"
