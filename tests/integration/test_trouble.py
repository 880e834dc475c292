"""Peers that hang, a stop in the middle of everything, and webhooks nobody answers."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.tools.device import (
    WORKLIST,
    Proposal,
    RawAssociation,
    associate_rq,
    find_rq,
    p_data,
    pdu,
    send_raw,
    store_rq,
)
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE
from tests.tools.ports import free_port
from tests.tools.service import Service, Study, service
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow

HUNDRED_MB = 100 * 1024 * 1024
FRAGMENT = 100_000
STOP_SECONDS = 45.0
AT_ONCE = 30.0
"""Less than any of the hanging ones is waited for: ten seconds, or a minute."""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a running service for all tests that leave it as it was."""
    with service(tmp_path_factory.mktemp("bridge"), exam__quiet_seconds="0.2") as running:
        yield running


# Devices that hang

IMAGES = (US_IMAGE, [EXPLICIT])
QUERIES = (WORKLIST, [IMPLICIT])
STORE = p_data(1, 3, store_rq(US_IMAGE, "1.2.3"))
HANGING: dict[str, tuple[Proposal | None, bytes]] = {
    "connected": (None, b""),
    "half a request": (None, associate_rq([IMAGES])[:40]),
    "associated": (IMAGES, b""),
    "half a header": (IMAGES, STORE[:3]),
    "half a command": (IMAGES, p_data(1, 1, store_rq(US_IMAGE, "1.2.3")[:30])),
    "no dataset": (IMAGES, STORE),
    "half a dataset": (IMAGES, STORE + p_data(1, 0, bytes(16000))),
    "half a fragment": (IMAGES, STORE + p_data(1, 2, bytes(16000))[:100]),
    "no identifier": (QUERIES, p_data(1, 3, find_rq())),
    "half a release": (IMAGES, pdu(0x05, bytes(4))[:5]),
    "open after the release": (IMAGES, pdu(0x05, bytes(4))),
}
"""What a device associates for, if it does, and the last it sends."""


@pytest.mark.parametrize("step", HANGING)
def test_ten_hanging_devices_delay_nobody(bridge: Service, step: str) -> None:
    """While ten devices hang at one step of the protocol, another one is served at once."""
    port = bridge.ports["DICOM"]
    proposal, last = HANGING[step]
    number = list(HANGING).index(step) + 1
    with ExitStack() as hanging:
        for _ in range(10):
            device = hanging.enter_context(RawAssociation(port))
            if proposal is not None:
                device.associate([proposal])
            device.send(last)
        began = time.monotonic()
        assert send_raw(port, [Study(number, f"H{number}").image()]) == [0]
        assert time.monotonic() - began < AT_ONCE
    wait_for(lambda: bridge.spooled == [], what="an empty spool")


# A stop while an object arrives


def begin_to_send(device: RawAssociation, study: Study) -> list[bytes]:
    """Associate and send the first half of a large object; return the PDUs of the other half."""
    sop_class, uid, syntax, dataset = study.image(size=HUNDRED_MB)
    device.associate([(sop_class, [syntax])])
    device.send(p_data(1, 3, store_rq(sop_class, uid)))
    starts = range(0, len(dataset), FRAGMENT)
    pdus = [
        p_data(1, 2 if start + FRAGMENT >= len(dataset) else 0, dataset[start : start + FRAGMENT])
        for start in starts
    ]
    half = len(pdus) // 2
    device.send(b"".join(pdus[:half]))
    return pdus[half:]


def stop_in_background(bridge: Service) -> tuple[threading.Thread, list[tuple[int, float]]]:
    """Ask the service to stop; the thread notes its exit status and how long it took."""
    noted: list[tuple[int, float]] = []

    def stop() -> None:
        began = time.monotonic()
        noted.append((bridge.stop(), time.monotonic() - began))

    thread = threading.Thread(target=stop)
    thread.start()
    return thread, noted


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_stop_while_a_large_object_arrives(tmp_path: Path, *, goes_on: bool) -> None:
    """A device that goes on sending gets its answer; one that stops is not waited for for long."""
    study = Study(1, "S1")
    with service(tmp_path) as bridge:
        with RawAssociation(bridge.ports["DICOM"]) as device:
            rest = begin_to_send(device, study)
            wait_for(lambda: bridge.spooled != [], what="a spooled file")
            thread, noted = stop_in_background(bridge)
            wait_for(lambda: "stopping" in bridge.look(), what="the stop")
            if goes_on:
                device.send(b"".join(rest))
                assert device.response().status == 0
            assert device.ended()
            thread.join()
        ((status, seconds),) = noted
        assert status == 0
        assert seconds < STOP_SECONDS
        bridge.start()
        assert bridge.spooled == []
        assert bridge.has(study.image()[1]) == goes_on


# Webhooks


def hanging_url(stack: ExitStack, _: HTTPServer) -> str:
    """Return a URL that takes the connection and never answers."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def refusing_url(_: ExitStack, __: HTTPServer) -> str:
    """Return a URL nobody listens at."""
    return f"http://127.0.0.1:{free_port()}/"


def redirecting_url(_: ExitStack, server: HTTPServer) -> str:
    """Return a URL that sends on to another one."""
    server.expect_request("/hook").respond_with_data(
        status=302, headers={"Location": server.url_for("/elsewhere")}
    )
    return server.url_for("/hook")


@pytest.mark.parametrize("make_url", [hanging_url, refusing_url, redirecting_url])
def test_a_bad_webhook_delays_no_order(
    tmp_path: Path, httpserver: HTTPServer, make_url: Callable[[ExitStack, HTTPServer], str]
) -> None:
    """Orders are answered at once whatever the webhook's target does; no redirect is followed."""
    with ExitStack() as stack:
        url = make_url(stack, httpserver)
        bridge = stack.enter_context(service(tmp_path, webhooks__worklist_added=url))
        address = f"http://127.0.0.1:{bridge.ports['HTTP']}/worklist/add"
        person = "lastname=Doe&firstname=J&birthdate=01.01.1980&sex=1"
        for patient in range(5):
            began = time.monotonic()
            with urllib.request.urlopen(f"{address}?id={patient}&{person}") as answer:
                assert answer.status == 200
            assert time.monotonic() - began < AT_ONCE
        tried = "SELECT id FROM outbox WHERE attempts > 0 OR state = 'failed'"
        wait_for(lambda: bool(bridge.rows(tried)), what="an attempt that failed")
    assert all(request.path == "/hook" for request, _ in httpserver.log)
