"""Associations as devices ask for them, and who is let in, over real sockets."""

from __future__ import annotations

import pytest

from gdtbridge.dicom.upper_layer.sockets import MAX_PDU
from tests.tools.device import (
    VERIFICATION,
    WORKLIST,
    Closed,
    RawAssociation,
    Rejected,
    associate_rq,
    command_element,
    command_set,
    find_rq,
    item,
    p_data,
    send_raw,
    store_rq,
)
from tests.tools.dicom_server import Bridge, StartServer
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE
from tests.tools.waiting import wait_for

JPEG = "1.2.840.10008.1.2.4.50"
ECHO_RQ = command_set(
    command_element(0x0002, VERIFICATION),
    command_element(0x0100, 0x0030),
    command_element(0x0110, 7),
    command_element(0x0800, 0x0101),
)
CODES = [
    (b"VOLUSON         ", "VOLUSON"),
    (b"VOLUSON\0\0\0\0\0\0\0\0\0", "VOLUSON"),
    (b" " * 16, ""),
    (b"\0" * 16, ""),
    (b"K\xd6LN            ", "KÖLN"),
    (b"A\\B\n            ", "A\\B?"),
    (b"\xff" * 16, "ÿ" * 16),
]


def test_echo_alone(bridge: Bridge) -> None:
    """A verification-only association is accepted and its C-ECHO succeeds."""
    with RawAssociation(bridge.port).associate([(VERIFICATION, [IMPLICIT])]) as association:
        association.message(1, ECHO_RQ)
        response = association.response()
        association.release()
    assert response.status == 0
    assert response.elements[0x0120] == b"\x07\x00"
    assert response.elements[0x0100] == b"\x30\x80"
    wait_for(lambda: bridge.server.associations == 0)


@pytest.mark.parametrize(("raw", "title"), CODES)
def test_odd_calling_titles_are_accepted(bridge: Bridge, raw: bytes, title: str) -> None:
    """Blank, NUL-padded and Latin-1 titles associate, and the core hears the title."""
    assert send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")], raw) == [0]
    assert bridge.core.received[0].calling_aet == title
    assert bridge.core.received[0].peer == "127.0.0.1"


def test_called_title_is_ignored_and_repeated(bridge: Bridge) -> None:
    """Any called title is accepted, and the answer repeats titles and reserved bytes."""
    called, calling = b"W\xd6RONG\0\0\0\0\0\0\0\0\0\0", b"\\" * 16
    with RawAssociation(bridge.port) as association:
        association.associate([(VERIFICATION, [IMPLICIT])], calling, called)
        assert association.accept_pdu[4:68] == called + calling + bytes(range(32))


@pytest.mark.parametrize(
    "raw", [b"logiq           ", b"LOGIQ\0\0\0\0\0\0\0\0\0\0\0", b" LOGIQ" + b" " * 10]
)
def test_known_title_is_accepted_however_padded(start: StartServer, raw: bytes) -> None:
    """Neither case nor padding keeps a known device out."""
    bridge = start(allowed_aets=["LOGIQ"])
    with RawAssociation(bridge.port) as association:
        association.associate([(VERIFICATION, [IMPLICIT])], raw)
        assert association.results == {1: 0}


@pytest.mark.parametrize("raw", [b"OTHER           ", b" " * 16, b"LOGIQ2          "])
def test_unknown_title_is_rejected(start: StartServer, raw: bytes) -> None:
    """Whoever is not on the list is rejected for good: calling AE title not recognised."""
    bridge = start(allowed_aets=["LOGIQ"])
    with RawAssociation(bridge.port) as association, pytest.raises(Rejected) as caught:
        association.associate([(VERIFICATION, [IMPLICIT])], raw)
    assert caught.value == Rejected(1, 1, 3)


def test_too_many_associations_are_rejected_for_now(start: StartServer) -> None:
    """One more than allowed is rejected as transient; a place that becomes free is given."""
    bridge = start(max_associations=2)
    proposal = [(VERIFICATION, [IMPLICIT])]
    first = RawAssociation(bridge.port).associate(proposal)
    with RawAssociation(bridge.port).associate(proposal):
        with RawAssociation(bridge.port) as third, pytest.raises(Rejected) as caught:
            third.associate(proposal)
        assert caught.value == Rejected(2, 3, 2)
        first.release()
        first.socket.close()
        wait_for(lambda: bridge.server.associations == 1)
        with RawAssociation(bridge.port).associate(proposal) as fourth:
            assert fourth.results == {1: 0}


def test_128_contexts(bridge: Bridge) -> None:
    """As many contexts as there can be are answered one by one, repeated classes too."""
    proposals = [(US_IMAGE, [JPEG, IMPLICIT]), (US_IMAGE, [IMPLICIT, JPEG]), (US_IMAGE, [EXPLICIT])]
    proposals += [(f"1.2.840.10008.5.1.4.1.1.{number}", [JPEG, EXPLICIT]) for number in range(125)]
    with RawAssociation(bridge.port).associate(proposals) as association:
        assert len(association.results) == 128
        assert association.accepted[1] == JPEG
        assert association.accepted[3] == IMPLICIT
        assert association.accepted[5] == EXPLICIT
        assert association.accepted[255] == JPEG


def test_services_we_do_not_have(bridge: Bridge) -> None:
    """Composite Instance Root and MPPS notification are refused; the others live."""
    proposals = [
        ("1.2.840.10008.5.1.4.1.2.4.3", [IMPLICIT]),
        ("1.2.840.10008.3.1.2.3.5", [IMPLICIT]),
        (WORKLIST, [JPEG]),
        (WORKLIST, [IMPLICIT]),
    ]
    with RawAssociation(bridge.port).associate(proposals) as association:
        assert association.results == {1: 3, 3: 3, 5: 4, 7: 0}


def test_padded_uids_in_the_request(bridge: Bridge) -> None:
    """A device that pads the UIDs of its proposals with NUL is understood."""
    with RawAssociation(bridge.port) as association:
        association.associate([(US_IMAGE + "\0", [EXPLICIT + "\0"])])
        assert association.results == {1: 0}


def test_announced_maximum(bridge: Bridge) -> None:
    """We announce the PDU size we take, and who we are."""
    with RawAssociation(bridge.port).associate([(VERIFICATION, [IMPLICIT])]) as association:
        assert item(0x51, MAX_PDU.to_bytes(4, "big")) in association.accept_pdu
        assert b"GDTBRIDGE_" in association.accept_pdu


@pytest.mark.parametrize("limit", [0, 1, 7, 200, 0xFFFFFFFF])
def test_peers_maximum_is_respected(bridge: Bridge, limit: int) -> None:
    """However small or large a PDU the peer can take, it gets its answer."""
    with RawAssociation(bridge.port) as association:
        association.associate([(VERIFICATION, [IMPLICIT])], max_pdu=limit)
        association.message(1, ECHO_RQ)
        assert association.response().status == 0


def test_unknown_operation_is_refused(bridge: Bridge) -> None:
    """A request nobody serves is answered 0211, and the association lives on."""
    with RawAssociation(bridge.port).associate([(VERIFICATION, [IMPLICIT])]) as association:
        association.message(1, ECHO_RQ.replace(b"\x30\x00", b"\x50\x01"))
        assert association.response().status == 0x0211
        association.message(1, ECHO_RQ)
        assert association.response().status == 0


@pytest.mark.parametrize(
    ("abstract", "command"), [(VERIFICATION, store_rq(US_IMAGE, "1.2.3")), (US_IMAGE, find_rq())]
)
def test_operation_in_the_wrong_context(bridge: Bridge, abstract: str, command: bytes) -> None:
    """A request in a context of another service is answered 0122."""
    with RawAssociation(bridge.port).associate([(abstract, [IMPLICIT])]) as association:
        association.message(1, command, b"abcd")
        assert association.response().status == 0x0122


@pytest.mark.parametrize(
    "fragments",
    [
        [(1, 2, b"dataset without a command")],
        [(9, 3, ECHO_RQ)],
        [(1, 3, b"not a command set")],
        [(1, 3, ECHO_RQ.replace(b"\x30\x00", b"\x30\x80"))],
        [(1, 1, bytes(9000)), (1, 1, bytes(9000))],
        [(1, 3, store_rq(US_IMAGE, "1.2.3")), (1, 0, b"data"), (1, 3, ECHO_RQ)],
        [(1, 3, store_rq(US_IMAGE, "1.2.3")), (3, 2, b"data")],
        [(1, 3, store_rq(US_IMAGE, "1.2.3")), (1, 0, b"data"), (99, 2, b"data")],
        [(1, 1, ECHO_RQ[:9]), (3, 3, ECHO_RQ[9:])],
    ],
    ids=[
        "no command",
        "unknown context",
        "nonsense",
        "response",
        "endless",
        "interleaved",
        "dataset of another encoding",
        "dataset in no context",
        "command in two contexts",
    ],
)
def test_nonsense_ends_the_association(
    bridge: Bridge, fragments: list[tuple[int, int, bytes]]
) -> None:
    """What is no message aborts this association, leaves nothing, and harms no other."""
    proposals = [(US_IMAGE, [IMPLICIT]), (US_IMAGE, [EXPLICIT])]
    with RawAssociation(bridge.port).associate(proposals) as association:
        for context_id, control, fragment in fragments:
            association.send(p_data(context_id, control, fragment))
        with pytest.raises(Closed):
            association.response()
    wait_for(lambda: bridge.server.associations == 0)
    assert bridge.spooled() == []
    assert send_raw(bridge.port, [(US_IMAGE, "1.2.3", EXPLICIT, b"data")]) == [0]


def test_second_association_request_aborts(bridge: Bridge) -> None:
    """An A-ASSOCIATE-RQ within an association ends it (PS3.8 Table 9-10)."""
    with RawAssociation(bridge.port).associate([(VERIFICATION, [IMPLICIT])]) as association:
        association.send(associate_rq([(VERIFICATION, [IMPLICIT])]))
        assert association.ended()
    wait_for(lambda: bridge.server.associations == 0)
