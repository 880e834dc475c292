"""What an unauthenticated peer can do to the transport: nothing lasting."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdtbridge.dicom.upper_layer import listener, reactor, sockets
from gdtbridge.dicom.upper_layer.connections import HALF_OPEN_LIMIT_OF_ADDRESS
from gdtbridge.dicom.upper_layer.sockets import MAX_PDU, MAX_REQUEST
from tests.tools.device import (
    VERIFICATION,
    RawAssociation,
    associate_rq,
    p_data,
    send_raw,
    store_rq,
)
from tests.tools.dicom_server import Bridge, StartServer
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # waits for deadlines

PATIENCE = 1.5
"""Seconds the shortened deadlines of these tests last."""


@pytest.fixture
def impatient(start: StartServer, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """Return a server whose deadlines are short."""
    monkeypatch.setattr(sockets, "ASSOCIATE_SECONDS", PATIENCE)
    monkeypatch.setattr(listener, "ASSOCIATE_SECONDS", PATIENCE)
    monkeypatch.setattr(sockets, "PDU_SECONDS", PATIENCE)
    monkeypatch.setattr(reactor, "STALL_SECONDS", PATIENCE)
    monkeypatch.setattr(reactor, "TICK_SECONDS", 0.1)
    return start()


def connect(bridge: Bridge) -> socket.socket:
    """Return a connection that says nothing."""
    return socket.create_connection(("127.0.0.1", bridge.port), 60)


def ends(connection: socket.socket) -> bool:
    """Return whether the server closes the connection within the socket's timeout."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass
    return True


def open_descriptors() -> int:
    """Return how many descriptors this process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def dicom_threads() -> list[threading.Thread]:
    """Return the threads of associations."""
    return [one for one in threading.enumerate() if one.name.startswith("dicom-127")]


@pytest.mark.parametrize(
    "start_of_talk",
    [b"", b"\x01\x00\x00", b"\x01\x00\x00\x00\x10\x00" + bytes(100), b"\x04\x00\x00\x00\x00\x10"],
    ids=["nothing", "half a header", "half a request", "half a P-DATA"],
)
def test_silent_connection_is_closed(impatient: Bridge, start_of_talk: bytes) -> None:
    """A peer that does not complete its request loses the connection and its threads."""
    began = time.monotonic()
    with connect(impatient) as connection:
        connection.sendall(start_of_talk)
        assert ends(connection)
    assert time.monotonic() - began < 30
    wait_for(lambda: not dicom_threads())


def test_dripping_peer_is_closed(impatient: Bridge) -> None:
    """One byte at a time does not extend the deadline of a request."""
    request = associate_rq([(VERIFICATION, [IMPLICIT])])
    began = time.monotonic()
    with connect(impatient) as connection:
        connection.settimeout(0.05)
        closed = False
        for byte in request:
            try:
                connection.sendall(bytes([byte]))
                closed = not connection.recv(1)
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True
            if closed:
                break
        assert closed
    assert time.monotonic() - began < 30


def test_dripping_data_is_aborted(impatient: Bridge) -> None:
    """Within an association a PDU has one deadline for all of its bytes."""
    with RawAssociation(impatient.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")))
        association.send(p_data(1, 0, bytes(1000))[:500])
        assert association.ended()
    wait_for(lambda: not impatient.spooled())
    wait_for(lambda: impatient.server.associations == 0)


def test_stalled_message_is_aborted(impatient: Bridge) -> None:
    """An object that stops coming between two PDUs ends the association."""
    with RawAssociation(impatient.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")))
        association.send(p_data(1, 0, bytes(1000)))
        assert association.ended()
    wait_for(lambda: not impatient.spooled())


def test_quiet_association_lives_longer_than_a_stalled_message(impatient: Bridge) -> None:
    """Between messages a device may pause: it keeps its association during an exam."""
    with RawAssociation(impatient.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        association.socket.settimeout(3 * PATIENCE)
        with pytest.raises(TimeoutError):
            association.read_pdu()
        association.socket.settimeout(60)
        association.message(1, store_rq(US_IMAGE, "1.2.3"), b"data")
        assert association.response().status == 0


@pytest.mark.parametrize(
    ("kind", "length"),
    [(1, MAX_REQUEST + 1), (1, 0xFFFFFFFF), (4, MAX_PDU + 1), (4, 0xFFFFFFFF), (7, MAX_PDU + 1)],
)
def test_oversized_pdu_before_association(bridge: Bridge, kind: int, length: int) -> None:
    """A header that announces too much closes the connection; nothing is gathered."""
    with connect(bridge) as connection:
        connection.sendall(struct.pack(">BxL", kind, length) + bytes(1000))
        assert ends(connection)
    wait_for(lambda: not dicom_threads())


@pytest.mark.parametrize("length", [MAX_PDU + 1, 0xFFFFFFFF])
def test_oversized_pdu_within_association(bridge: Bridge, length: int) -> None:
    """The negotiated maximum is kept: a larger P-DATA ends the association."""
    with RawAssociation(bridge.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        association.send(struct.pack(">BxL", 4, length) + bytes(1000))
        assert association.ended()
    wait_for(lambda: bridge.server.associations == 0)


def test_largest_pdu_is_taken(bridge: Bridge) -> None:
    """A P-DATA of exactly the announced maximum is fine."""
    size = MAX_PDU - 6
    assert send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, bytes(size))], size=size) == [0]


@pytest.mark.parametrize(
    "body",
    [b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff\x01\x03", b"\x00\x00", b""],
    ids=["no control header", "no context", "too long", "cut off", "empty"],
)
def test_malformed_fragments(bridge: Bridge, body: bytes) -> None:
    """A P-DATA that is none ends at most its association; the next device is served."""
    with RawAssociation(bridge.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        association.send(struct.pack(">BxL", 4, len(body)) + body)
        association.send(b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00")
        assert association.ended()
    assert send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")]) == [0]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
        bytes(100),
        b"\xff" * 100,
        struct.pack(">BxL", 1, 4) + b"\x00\x01\x00\x00",
        associate_rq([(VERIFICATION, [IMPLICIT])])[:-5] + b"\xff" * 5,
        struct.pack(">BxL", 5, 4) + bytes(4),
    ],
    ids=["HTTP", "TLS", "zeros", "ones", "short request", "broken request", "release"],
)
def test_other_protocols(bridge: Bridge, data: bytes) -> None:
    """Whatever is not DICOM is disconnected, and the server goes on."""
    with connect(bridge) as connection:
        connection.sendall(data)
        with contextlib.suppress(OSError):  # it may have been disconnected already
            connection.shutdown(socket.SHUT_WR)
        assert ends(connection)
    wait_for(lambda: not dicom_threads())
    assert send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")]) == [0]


@given(
    fragments=st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 3]),
            st.integers(0, 3),
            st.one_of(st.binary(max_size=40), st.just(store_rq(US_IMAGE, "1.2.3"))),
        ),
        max_size=6,
    )
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_fragments(bridge: Bridge, fragments: list[tuple[int, int, bytes]]) -> None:
    """Whatever fragments come in whatever order, nothing is left and the server goes on."""
    with (
        contextlib.suppress(ConnectionError),
        RawAssociation(bridge.port).associate([(US_IMAGE, [EXPLICIT])]) as association,
    ):
        for context_id, control, fragment in fragments:
            association.send(p_data(context_id, control, fragment))
        association.send(struct.pack(">BxL", 7, 4) + bytes(4))
        assert association.ended()
    wait_for(lambda: not dicom_threads())
    assert bridge.spooled() == []
    assert send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")]) == [0]


def test_half_open_connections_do_not_switch_the_server_off(
    start: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of silent connections keep no device out and hold few threads."""
    monkeypatch.setattr(listener, "COLLECT_AFTER", 1000)  # each takes a second among all tests
    bridge = start(max_associations=2)
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connect(bridge)).sendall(b"\x01\x00\x00")
        assert send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")]) == [0]
        wait_for(lambda: len(dicom_threads()) <= 2 * HALF_OPEN_LIMIT_OF_ADDRESS)
    wait_for(lambda: not dicom_threads())


def test_idle_server_needs_no_time(bridge: Bridge) -> None:
    """Ten open associations without traffic cost next to no processor time."""
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            association = stack.enter_context(RawAssociation(bridge.port))
            association.associate([(VERIFICATION, [IMPLICIT])])
        before, began = time.process_time(), time.monotonic()
        threading.Event().wait(1)
        used = (time.process_time() - before) / (time.monotonic() - began)
    assert used < 0.1


def test_clock_step_harms_no_association(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of the wall clock by years neither ends nor blocks an association."""
    with RawAssociation(bridge.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
        wall = time.time()
        for step in (1e8, -1e8):
            monkeypatch.setattr(time, "time", lambda step=step: wall + step)
            association.message(1, store_rq(US_IMAGE, "1.2.3"), b"data")
            assert association.response().status == 0
        monkeypatch.undo()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
def test_nothing_is_left_of_many_connections(bridge: Bridge) -> None:
    """Connections of every kind leave neither threads nor descriptors behind."""
    send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")])
    wait_for(lambda: not dicom_threads())
    before = open_descriptors()
    for number in range(20):
        with connect(bridge) as connection:
            connection.sendall(b"\x01\x00"[: number % 3])
        with RawAssociation(bridge.port).associate([(US_IMAGE, [EXPLICIT])]) as association:
            association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")))
        send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")])
    wait_for(lambda: not dicom_threads())
    assert open_descriptors() <= before
    assert bridge.server.associations == 0
