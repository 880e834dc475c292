"""Starting and stopping the server."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from gdtbridge.dicom.server import DicomServer
from gdtbridge.settings import DicomSettings
from tests.tools.device import VERIFICATION, Closed, RawAssociation, p_data, send_raw, store_rq
from tests.tools.dicom_server import Bridge, StartServer
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE
from tests.tools.waiting import wait_for

SECONDS = 30


def stop_in_background(bridge: Bridge, grace: float) -> threading.Thread:
    """Stop the server in a thread and wait until it no longer accepts."""
    thread = threading.Thread(target=bridge.server.stop, args=(grace,))
    port = bridge.port
    thread.start()
    wait_for(lambda: not accepts(port))
    return thread


def accepts(port: int) -> bool:
    """Return whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_idle_associations_are_dismissed_at_once(bridge: Bridge) -> None:
    """Stopping with idle and half-open connections takes no grace and leaves no thread."""
    half_open = socket.create_connection(("127.0.0.1", bridge.port), 60)
    with RawAssociation(bridge.port).associate([(VERIFICATION, [IMPLICIT])]) as association:
        began = time.monotonic()
        bridge.server.stop(grace=60)
        assert time.monotonic() - began < SECONDS
        assert association.ended()
    half_open.close()
    assert not bridge.server.running
    assert not [one for one in threading.enumerate() if one.name.startswith("dicom")]


def test_running_store_is_finished(bridge: Bridge) -> None:
    """An object on its way when the server stops is received, kept and acknowledged."""
    with RawAssociation(bridge.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")))
        association.send(p_data(1, 0, b"first"))
        wait_for(lambda: len(bridge.spooled()) == 1)
        stopping = stop_in_background(bridge, 30)
        association.send(p_data(1, 2, b"last"))
        assert association.response().status == 0
        assert association.ended()
        stopping.join(SECONDS)
    assert not stopping.is_alive()
    assert len(bridge.core.received) == 1


def test_object_being_stored_is_finished(bridge: Bridge) -> None:
    """An object the core is working on is acknowledged before the association ends."""
    bridge.core.gate = threading.Event()
    with RawAssociation(bridge.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        association.message(1, store_rq(US_IMAGE, "1.2.3"), b"data")
        assert bridge.core.entered.wait(SECONDS)
        stopping = stop_in_background(bridge, 30)
        bridge.core.gate.set()
        assert association.response().status == 0
        stopping.join(SECONDS)
    assert not stopping.is_alive()


def test_grace_ends(bridge: Bridge) -> None:
    """A device that does not come to an end is aborted, and its half object goes."""
    with RawAssociation(bridge.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")))
        association.send(p_data(1, 0, b"first"))
        wait_for(lambda: len(bridge.spooled()) == 1)
        bridge.server.stop(grace=0.2)
        with pytest.raises(Closed):
            association.response()
    assert bridge.spooled() == []
    assert bridge.core.received == []


def test_taken_port_is_an_error_and_the_spool_is_spared(start: StartServer, bridge: Bridge) -> None:
    """A second server on the same port and spool does not start, and deletes nothing."""
    (bridge.spool / "being-received.part").write_bytes(b"data")
    settings = DicomSettings(port=bridge.port)
    second = DicomServer(settings, bridge.spool, bridge.core, bridge.core)
    with pytest.raises(OSError, match="in use"):
        second.start()
    assert not second.running
    assert len(bridge.spooled()) == 1


def test_stopping_twice_and_before_the_start(start: StartServer, bridge: Bridge) -> None:
    """Stopping what does not run does nothing."""
    DicomServer(DicomSettings(port=0), bridge.spool, bridge.core, bridge.core).stop()
    bridge.server.stop()
    bridge.server.stop()
    assert not bridge.server.running


def test_server_starts_again_on_its_port(start: StartServer) -> None:
    """The port is free as soon as the server has stopped."""
    first = start()
    assert first.server.running
    assert send_raw(first.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")]) == [0]
    port = first.port
    first.server.stop()
    again = start(port=port)
    assert send_raw(again.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")]) == [0]
