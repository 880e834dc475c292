"""C-GET byte by byte: roles, contexts, counts, cancel, and peers that take or answer nothing."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pydicom.uid import UID

from gdtbridge.dicom.identifier import decode_dataset
from gdtbridge.dicom.retrieve_contexts import outgoing_syntaxes
from gdtbridge.dicom.upper_layer import acceptor, sockets
from tests.tools.device import RawAssociation, cancel_rq
from tests.tools.dicom_server import Bridge
from tests.tools.elements import EXPLICIT, IMPLICIT, identification
from tests.tools.retrieving import counts, get_association, get_rq, keep_objects, received
from tests.tools.waiting import wait_for

JPEG, BIG, RLE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5"


def failed_uids(dataset: bytes) -> list[str]:
    """Return the Failed SOP Instance UID List of a last response."""
    found = decode_dataset(dataset, UID(IMPLICIT)).FailedSOPInstanceUIDList
    return [found] if isinstance(found, str) else list(found)


def test_objects_come_where_they_were_asked_for(bridge: Bridge) -> None:
    """Byte for byte, each counted."""
    keep_objects(bridge, 3, 3)
    with get_association(bridge.port) as peer:
        peer.message(1, get_rq(), b"")
        objects, responses = received(peer)
        peer.release()

    assert [one.dataset for one in objects] == [identification()] * 3
    uids = [one.elements[0x1000].decode().rstrip("\0") for one in objects]
    assert uids == ["2.25.1", "2.25.2", "2.25.3"]
    assert len({one.elements[0x0110] for one in objects}) == 3
    assert [counts(one) for one in responses] == [(2, 1, 0, 0), (1, 2, 0, 0), (None, 3, 0, 0)]


def test_warnings_and_failures_are_counted(bridge: Bridge) -> None:
    """What the peer refuses is named; what it keeps with a warning is not."""
    keep_objects(bridge, 3, 3)
    with get_association(bridge.port) as peer:
        peer.message(1, get_rq(), b"")
        _, (*_, last) = received(peer, lambda place: (0, 0xB000, 0xA700)[place])

    assert (last.status, counts(last)) == (0xB000, (None, 1, 1, 1))
    assert failed_uids(last.dataset) == ["2.25.3"]


@pytest.mark.parametrize("roles", [b"", b"\1\0"])
def test_nothing_is_sent_to_who_is_no_provider(bridge: Bridge, roles: bytes) -> None:
    """Without a role each object fails, and is named."""
    keep_objects(bridge, 2, 2)
    with get_association(bridge.port, roles=roles) as peer:
        peer.message(1, get_rq(), b"")
        objects, (*_, last) = received(peer)

    assert objects == []
    assert (last.status, failed_uids(last.dataset)) == (0xA702, ["2.25.1", "2.25.2"])


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_an_object_comes_in_the_syntax_of_its_context(bridge: Bridge, syntax: str) -> None:
    """Encoded anew where it must."""
    keep_objects(bridge, 1, 1)
    with get_association(bridge.port, [syntax]) as peer:
        peer.message(1, get_rq(), b"")
        (only,), _ = received(peer)

    assert decode_dataset(only.dataset, UID(syntax)).PatientID == "4711"


def test_a_context_nothing_fits_fails_by_name(bridge: Bridge) -> None:
    """Objects that are not compressed are never compressed."""
    keep_objects(bridge, 1, 1)
    with get_association(bridge.port, [JPEG]) as peer:
        peer.message(1, get_rq(), b"")
        objects, (last,) = received(peer)

    assert (objects, last.status, failed_uids(last.dataset)) == ([], 0xA702, ["2.25.1"])


@pytest.mark.parametrize(
    ("stored", "chosen"),
    [((JPEG,), JPEG), ((JPEG, EXPLICIT), EXPLICIT), ((IMPLICIT,), IMPLICIT), ((), EXPLICIT)],
)
def test_of_several_syntaxes_the_one_all_objects_can_go_in(
    bridge: Bridge, stored: tuple[str, ...], chosen: str
) -> None:
    """Whatever the peer names first."""
    bridge.core.syntaxes = stored
    with get_association(bridge.port, [BIG, JPEG, IMPLICIT, EXPLICIT]) as peer:
        assert peer.accepted[3] == chosen


@pytest.mark.parametrize(
    ("proposed", "stored", "chosen"),
    [
        ({1: [EXPLICIT], 3: [JPEG, EXPLICIT]}, [JPEG, EXPLICIT], {1: EXPLICIT, 3: JPEG}),
        ({1: [JPEG, EXPLICIT], 3: [RLE, EXPLICIT]}, [JPEG, RLE], {1: EXPLICIT, 3: RLE}),
        ({1: [JPEG], 3: [IMPLICIT]}, [RLE], {3: IMPLICIT}),
        ({1: [JPEG]}, [RLE], {}),
    ],
)
def test_several_contexts_of_a_class_share_the_work(
    proposed: dict[int, list[str]], stored: list[str], chosen: dict[int, str]
) -> None:
    """One is uncompressed, the others are as objects are stored."""
    assert outgoing_syntaxes(proposed, stored) == chosen


def test_a_cancel_ends_it_after_the_object_under_way(bridge: Bridge) -> None:
    """With what remains, and the association lives on."""
    keep_objects(bridge, 50, 50)
    with get_association(bridge.port) as peer:
        peer.message(1, get_rq(), b"")
        peer.message(1, cancel_rq())
        objects, (*_, last) = received(peer)
        peer.release()

    assert last.status == 0xFE00
    assert len(objects) < 50
    assert sum(number or 0 for number in counts(last)) == 50


def test_the_peers_largest_pdu_is_respected(bridge: Bridge) -> None:
    """However large the object is."""
    dataset = identification() + b"\xe0\x7f\x10\x00OB\0\0\x00\x00\x10\x00" + bytes(1024 * 1024)
    keep_objects(bridge, 1, 1, dataset)
    with get_association(bridge.port, max_pdu=4096) as peer:
        pdus: list[int] = []
        read = peer.read_pdu

        def noted() -> tuple[int, bytes]:
            kind, body = read()
            pdus.append(len(body))
            return kind, body

        peer.read_pdu = noted  # type: ignore[method-assign]
        peer.message(1, get_rq(), b"")
        (only,), _ = received(peer)

    assert only.dataset == dataset
    assert max(pdus) <= 4096


def test_a_peer_that_does_not_answer_is_not_waited_for(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was not sent fails, and it is told."""
    monkeypatch.setattr(acceptor, "ANSWER_SECONDS", 0.2)
    keep_objects(bridge, 2, 2)
    with get_association(bridge.port) as peer:
        peer.message(1, get_rq(), b"")
        peer.response()  # the first object, left without an answer
        last = peer.response()

    assert (last.status, counts(last)) == (0xA702, (None, 0, 2, 0))


def test_a_peer_that_stops_reading_ends_its_own_association(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And keeps nothing of the service: others are served, no copy stays."""
    monkeypatch.setattr(sockets, "PDU_SECONDS", 0.5)
    dataset = identification() + b"\xe0\x7f\x10\x00OB\0\0\x00\x00\x00\x02" + bytes(32 * 1024**2)
    keep_objects(bridge, 1, 1, dataset)
    with get_association(bridge.port) as peer:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.message(1, get_rq(), b"")
        wait_for(lambda: bridge.server.associations == 0, what="the end of the association")
    assert not list(Path(bridge.spool).glob("*.part"))
    with RawAssociation(bridge.port).associate([(JPEG, [IMPLICIT])]):
        assert bridge.server.associations == 1
