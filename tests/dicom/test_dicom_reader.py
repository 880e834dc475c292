"""How data is read from a connection: in whatever pieces it comes, to the byte, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
import threading
import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from gdtbridge.dicom.upper_layer import reactor, sockets, waiting
from tests.dicom.test_dicom_hostile import dicom_threads
from tests.dicom.test_dicom_storage import dataset_of
from tests.tools.device import (
    WORKLIST,
    Closed,
    RawAssociation,
    Response,
    cancel_rq,
    find_rq,
    p_data,
    pdu,
    send_raw,
    store_rq,
)
from tests.tools.dicom_server import Bridge
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE
from tests.tools.waiting import wait_for
from worklist import Match

REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
CONTEXTS = [(US_IMAGE, [EXPLICIT]), (REPORT, [EXPLICIT])]
ABORT = pdu(0x07, bytes(4))
RELEASE = pdu(0x05, bytes(4))

Value = tuple[int, int, bytes]
"""Context, message control header and fragment of a presentation data value."""


def bytes_of(number: int, size: int) -> bytes:
    """Return ``size`` bytes that no other number has."""
    return hashlib.shake_256(b"%d" % number).digest(size)


def values_of(
    context: int, command: bytes, dataset: bytes, pieces: Sequence[int] = ()
) -> list[Value]:
    """Return the values of a message; its dataset is cut at the places of ``pieces``."""
    cuts = sorted({0, *(min(one, len(dataset)) for one in pieces), len(dataset)})
    parts = [dataset[a:b] for a, b in pairwise(cuts)] or [b""]
    data = [(context, 0, part) for part in parts]
    data[-1] = (context, 2, parts[-1])
    return [(context, 3, command), *data]


def pdu_of(values: Sequence[Value]) -> bytes:
    """Return one P-DATA-TF with all of the values."""
    return pdu(
        0x04,
        b"".join(
            struct.pack(">LBB", len(fragment) + 2, context, control) + fragment
            for context, control, fragment in values
        ),
    )


def associated(bridge: Bridge) -> RawAssociation:
    """Return an association for images (context 1) and reports (context 3)."""
    return RawAssociation(bridge.port).associate(CONTEXTS)


def nothing_is_left(bridge: Bridge) -> None:
    """Wait until spool and threads are gone; nothing was stored, and the next device is served."""
    wait_for(lambda: not dicom_threads())
    assert bridge.spooled() == []
    assert bridge.core.received == []
    assert send_raw(bridge.port, [(US_IMAGE, "1.2.9", EXPLICIT, b"data")]) == [0]


@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 2999), max_size=5),
    grouping=st.lists(st.integers(1, 7), min_size=1, max_size=6),
    segments=st.lists(st.integers(1, 5000), min_size=1, max_size=6),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_the_pieces_the_bytes_are_kept(
    bridge: Bridge, sizes: list[int], cuts: list[int], grouping: list[int], segments: list[int]
) -> None:
    """Messages in any fragments, those in any PDUs, these in any segments: kept, in order."""
    already = len(bridge.core.received)
    datasets = [bytes_of(number, size) for number, size in enumerate(sizes)]
    values: list[Value] = []
    for number, dataset in enumerate(datasets):
        sop_class = (US_IMAGE, REPORT)[number % 2]
        command = store_rq(sop_class, f"1.2.{number + 1}", number + 1)
        values += values_of((1, 3)[number % 2], command, dataset, cuts)
    stream, turn = b"", 0
    while values:
        count = grouping[turn % len(grouping)]
        stream, values, turn = stream + pdu_of(values[:count]), values[count:], turn + 1
    with associated(bridge) as association:
        turn = 0
        while stream:
            size = segments[turn % len(segments)]
            association.send(stream[:size])
            stream, turn = stream[size:], turn + 1
        responses = [association.response() for _ in datasets]
        association.release()
    assert [one.status for one in responses] == [0] * len(datasets)
    numbers = [int.from_bytes(one.elements[0x0120], "little") for one in responses]
    assert numbers == list(range(1, len(datasets) + 1))
    assert [dataset_of(path) for path in bridge.core.files()[already:]] == datasets
    assert bridge.spooled() == []


def test_one_byte_at_a_time(bridge: Bridge) -> None:
    """Fragments of one byte, and segments of one byte, are put together as they should be."""
    dataset = bytes_of(1, 300)
    values = values_of(1, store_rq(US_IMAGE, "1.2.3"), dataset, range(300))
    stream = b"".join(pdu_of([value]) for value in values)
    with associated(bridge) as association:
        for at in range(len(stream)):
            association.send(stream[at : at + 1])
        assert association.response().status == 0
    assert dataset_of(bridge.core.files()[0]) == dataset


def test_many_messages_in_one_pdu(bridge: Bridge) -> None:
    """Commands and datasets of forty messages in one PDU are forty objects."""
    datasets = [bytes_of(number, 1000 + number) for number in range(40)]
    values = [
        value
        for number, dataset in enumerate(datasets)
        for value in values_of(1, store_rq(US_IMAGE, f"1.2.{number + 1}"), dataset)
    ]
    with associated(bridge) as association:
        association.send(pdu_of(values))
        assert [association.response().status for _ in datasets] == [0] * 40
    assert [dataset_of(path) for path in bridge.core.files()] == datasets


def test_object_of_many_megabytes_in_pdus_of_every_size(bridge: Bridge) -> None:
    """PDUs that never fit the buffer evenly lose and repeat nothing."""
    dataset = bytes_of(1, 9_000_000)
    sizes = (131_000, 1, 65_537, 40_000, 99_999, 7)
    with associated(bridge) as association:
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")))
        at = turn = 0
        while at < len(dataset):
            piece = dataset[at : at + sizes[turn % len(sizes)]]
            at, turn = at + len(piece), turn + 1
            association.send(p_data(1, 2 if at == len(dataset) else 0, piece))
        assert association.response().status == 0
    assert dataset_of(bridge.core.files()[0]) == dataset


def test_device_that_never_waits(bridge: Bridge) -> None:
    """A device that sends three hundred objects before it reads an answer gets all, in order."""
    datasets = [bytes_of(number, 20_000) for number in range(300)]

    def send_all() -> None:
        for number, dataset in enumerate(datasets):
            association.message(1, store_rq(US_IMAGE, f"1.2.{number + 1}", number), dataset)
        association.send(RELEASE)

    with associated(bridge) as association:
        sender = threading.Thread(target=send_all)
        sender.start()
        wait_for(lambda: len(bridge.core.received) == len(datasets))
        sender.join()
        answered = [association.response() for _ in datasets]
        assert association.read_pdu()[0] == 0x06
    assert [one.status for one in answered] == [0] * 300
    assert [int.from_bytes(one.elements[0x0120], "little") for one in answered] == list(range(300))
    assert [dataset_of(path) for path in bridge.core.files()] == datasets


@pytest.mark.parametrize("ending", ["close", "reset", "half-close"])
@pytest.mark.parametrize("cut", [1, 5, 6, 9, 11, 12, 500])
def test_connection_that_ends_within_a_pdu(bridge: Bridge, cut: int, ending: str) -> None:
    """However it ends within a header, a value or its header, nothing of the object is left."""
    with associated(bridge) as association:
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")) + p_data(1, 0, bytes(5000)))
        wait_for(lambda: len(bridge.spooled()) == 1)
        association.send(p_data(1, 2, bytes(1000))[:cut])
        if ending == "reset":
            linger = struct.pack("ii", 1, 0)
            association.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif ending == "half-close":
            association.socket.shutdown(socket.SHUT_WR)
            assert association.ended()
    nothing_is_left(bridge)


@pytest.mark.parametrize(
    "interruption",
    [
        ABORT,
        RELEASE,
        pdu(0x06, bytes(4)),
        pdu(0x0A, bytes(20)),
        pdu(0x00, b""),
        pdu(0xFF, bytes(3)),
        pdu(0x04, bytes(3)),
        pdu(0x04, struct.pack(">LBB", 900, 1, 2) + bytes(100)),
        pdu(0x04, struct.pack(">LBB", 3, 1, 0) + b"x" + struct.pack(">LB", 1, 1)),
        pdu(0x01, bytes(68)),
        p_data(3, 0, b"data of another context"),
        p_data(3, 3, store_rq(REPORT, "1.2.4")),
        p_data(1, 3, store_rq(US_IMAGE, "1.2.4")),
        p_data(7, 2, b"data of no context"),
    ],
    ids=[
        "abort",
        "release",
        "release answered",
        "unknown type",
        "type 0",
        "type 255",
        "cut off value",
        "value too long",
        "second value without header",
        "association request",
        "another context",
        "command in another context",
        "command in the dataset",
        "unknown context",
    ],
)
def test_what_interrupts_an_object_ends_it(bridge: Bridge, interruption: bytes) -> None:
    """Nothing of an object is kept that was interrupted, whatever follows in the same segment."""
    begun = p_data(1, 3, store_rq(US_IMAGE, "1.2.3")) + p_data(1, 0, bytes_of(1, 5000))
    with associated(bridge) as association:
        association.send(begun + interruption + p_data(1, 2, b"rest"))
        association.socket.shutdown(socket.SHUT_WR)
        assert association.ended()
    nothing_is_left(bridge)


def test_object_complete_before_an_abort_is_whole(bridge: Bridge) -> None:
    """An abort in the segment of the last fragment changes nothing of the object before it."""
    dataset = bytes_of(1, 5000)
    message = pdu_of(values_of(1, store_rq(US_IMAGE, "1.2.3"), dataset))
    half = p_data(1, 3, store_rq(US_IMAGE, "1.2.4")) + p_data(1, 0, b"half")
    with associated(bridge) as association:
        association.send(message + half + ABORT)
        assert association.ended()
    wait_for(lambda: not dicom_threads())
    assert [dataset_of(path) for path in bridge.core.files()] == [dataset]
    assert bridge.spooled() == []


def test_half_a_pdu_needs_no_time(bridge: Bridge) -> None:
    """Waiting for the rest of a PDU costs next to no processor time."""
    with associated(bridge) as association:
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")))
        association.send(p_data(1, 2, b"whole")[:-1])
        before, began = time.process_time(), time.monotonic()
        threading.Event().wait(1)
        used = (time.process_time() - before) / (time.monotonic() - began)
        association.send(b"e")
        assert association.response().status == 0
    assert used < 0.1


def test_silence_while_an_object_is_stored_is_no_stall(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storing may take longer than a peer may pause; what was sent meanwhile is taken."""
    monkeypatch.setattr(reactor, "STALL_SECONDS", 1)
    monkeypatch.setattr(reactor, "IDLE_SECONDS", 1)
    monkeypatch.setattr(reactor, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(sockets, "PDU_SECONDS", 1)
    bridge.core.gate = threading.Event()
    second = p_data(1, 2, b"second")
    with associated(bridge) as association:
        association.message(1, store_rq(US_IMAGE, "1.2.3"), b"first")
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.4")) + second[:9])
        assert bridge.core.entered.wait(60)
        threading.Event().wait(2)
        bridge.core.gate.set()
        association.send(second[9:])
        assert [association.response().status for _ in range(2)] == [0, 0]


def test_object_behind_a_query_waits_for_its_turn(bridge: Bridge) -> None:
    """A C-STORE sent during a C-FIND is answered after it, and a C-CANCEL is still heard."""
    bridge.core.matches = [Match(Dataset(), unsupported_keys=False)] * 50
    bridge.core.gate = threading.Event()
    with RawAssociation(bridge.port) as association:
        association.associate([(US_IMAGE, [EXPLICIT]), (WORKLIST, [IMPLICIT])])
        association.message(3, find_rq(1), b"")
        wait_for(lambda: bridge.core.given == 1)
        association.message(1, store_rq(US_IMAGE, "1.2.3", 2), b"data")
        association.send(p_data(3, 3, cancel_rq(1)))
        assert not bridge.core.entered.wait(0.2)
        bridge.core.gate.set()
        answers: list[Response] = []
        while not answers or answers[-1].elements[0x0120] != b"\x02\0":
            answers.append(association.response())
    assert answers[-1].status == 0
    assert answers[-2].status == 0xFE00
    assert bridge.core.given < 50


def test_stop_ends_a_connection_whose_object_is_being_stored(bridge: Bridge) -> None:
    """After the grace a device is not left waiting for an answer of a core that hangs."""
    bridge.core.gate = threading.Event()
    with associated(bridge) as association:
        association.message(1, store_rq(US_IMAGE, "1.2.3"), b"data")
        assert bridge.core.entered.wait(60)
        stopping = threading.Thread(target=bridge.server.stop, args=(0,))
        began = time.monotonic()
        stopping.start()
        with pytest.raises(Closed):
            association.response()
        assert time.monotonic() - began < 30
        bridge.core.gate.set()
        stopping.join(60)
    assert not stopping.is_alive()
    wait_for(lambda: not dicom_threads())
    assert bridge.spooled() == []


@pytest.mark.parametrize("begun", [b"\x04\0\0\1", p_data(1, 0, bytes(1000))[:500]])
def test_pdu_has_one_deadline(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    """A PDU that is not whole in time ends the association, however many bytes drip meanwhile."""
    monkeypatch.setattr(sockets, "PDU_SECONDS", 0.5)
    monkeypatch.setattr(reactor, "TICK_SECONDS", 0.05)
    with associated(bridge) as association:
        association.send(p_data(1, 3, store_rq(US_IMAGE, "1.2.3")) + begun)
        until = time.monotonic() + 30
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < until:
                association.send(b"\0")
                threading.Event().wait(0.1)
        assert time.monotonic() < until
    nothing_is_left(bridge)


def test_sending_has_one_deadline(bridge: Bridge) -> None:
    """A peer that takes a little again and again does not extend the time for a PDU."""
    with associated(bridge) as association:
        waiting.wait_to_send(association.socket, 1)
        with pytest.raises(TimeoutError):
            waiting.wait_to_send(association.socket, 0)
