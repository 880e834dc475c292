"""Association requests as odd devices and attackers send them (PS3.8 9.3.2)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdtbridge.dicom.negotiation import PERFORMED_STEP, STORAGE_COMMITMENT
from gdtbridge.dicom.upper_layer.request import (
    AssociationRequestError,
    implementation_of,
    readable_request,
)
from gdtbridge.dicom.upper_layer.sockets import MAX_REQUEST
from tests.tools.device import (
    VERIFICATION,
    RawAssociation,
    Rejected,
    command_element,
    command_set,
    item,
    pdu,
    title,
)
from tests.tools.dicom_server import Bridge
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE

MAXIMUM, CLASS = item(0x51, struct.pack(">L", 16384)), item(0x52, b"1.2.3.4")
DICOM = item(0x10, b"1.2.840.10008.3.1.1.1")
ECHO_RQ = command_set(
    command_element(0x0002, VERIFICATION),
    command_element(0x0100, 0x0030),
    command_element(0x0110, 7),
    command_element(0x0800, 0x0101),
)


def context(
    context_id: int,
    abstract: bytes | None = VERIFICATION.encode(),
    transfers: tuple[bytes, ...] = (IMPLICIT.encode(),),
    further: bytes = b"",
) -> bytes:
    """Return a presentation context item."""
    syntaxes = b"".join(item(0x40, one) for one in transfers)
    named = b"" if abstract is None else item(0x30, abstract)
    return item(0x20, bytes([context_id, 0, 0, 0]) + named + syntaxes + further)


def request(items: bytes, version: int = 1) -> bytes:
    """Return the body of an A-ASSOCIATE-RQ."""
    return struct.pack(">Hxx", version) + title("ANY") + title("RAW") + bytes(32) + items


def user(*further: bytes) -> bytes:
    """Return a whole request whose user information holds ``further`` sub-items."""
    return request(DICOM + context(1) + item(0x50, MAXIMUM + CLASS + b"".join(further)))


def sized(text: bytes) -> bytes:
    """Return a text with its length in two bytes."""
    return struct.pack(">H", len(text)) + text


ECHO, MPPS = VERIFICATION.encode(), PERFORMED_STEP.encode()
COMMITMENT, STORAGE = STORAGE_COMMITMENT.encode(), US_IMAGE.encode()
UNDERSTOOD = {
    "unknown user item": user(item(0x5A, b"hello")),
    "unknown user item between": request(
        DICOM + context(1) + item(0x50, MAXIMUM + item(0xFF, bytes(300)) + CLASS)
    ),
    "unknown item": request(DICOM + context(1) + item(0x77, b"zz") + item(0x50, MAXIMUM + CLASS)),
    "unknown item in a context": request(
        DICOM + context(1, further=item(0x43, b"zz")) + item(0x50, MAXIMUM)
    ),
    "asynchronous window": user(item(0x53, bytes(4))),
    "asynchronous window cut short": user(item(0x53, b"\0")),
    "role selection": user(item(0x54, sized(ECHO) + b"\1\1")),
    "role selection of nothing": user(item(0x54, sized(ECHO) + b"\7\x09")),
    "role selection cut short": user(item(0x54, b"\0\x20abc")),
    "extended negotiation": user(item(0x56, sized(ECHO) + b"\1\1\1")),
    "common extended negotiation": user(item(0x57, sized(ECHO) + sized(ECHO) + sized(b""))),
    "user identity": user(item(0x58, b"\2\1" + sized(b"user") + sized(b"secret"))),
    "user identity of an unknown kind": user(item(0x58, b"\x09\1" + sized(b"x") + sized(b""))),
    "long version name": user(item(0x55, b"V" * 500)),
    "version name in Latin-1": user(item(0x55, b"SAMSUNG\xae\0")),
    "long implementation UID": request(
        DICOM + context(1) + item(0x50, MAXIMUM + item(0x52, b"1." + b"2" * 70))
    ),
    "short maximum length": request(DICOM + context(1) + item(0x50, item(0x51, b"\1") + CLASS)),
    "no user information": request(DICOM + context(1)),
    "no application context": request(context(1) + item(0x50, MAXIMUM + CLASS)),
    "user information first": request(item(0x50, MAXIMUM + CLASS) + context(1) + DICOM),
    "further protocol versions": request(DICOM + context(1) + item(0x50, MAXIMUM), version=3),
    "even context ID": request(DICOM + context(2) + context(1) + item(0x50, MAXIMUM)),
    "context ID twice": request(
        DICOM + context(1) + context(1, US_IMAGE.encode()) + item(0x50, MAXIMUM)
    ),
    "context without abstract syntax": request(
        DICOM + context(3, None) + context(1) + item(0x50, MAXIMUM)
    ),
    "abstract syntax too long": request(
        DICOM + context(3, b"1." + b"2" * 63) + context(1) + item(0x50, MAXIMUM)
    ),
    "abstract syntax in Latin-1": request(
        DICOM + context(3, b"1.2.\xe4") + context(1) + item(0x50, MAXIMUM)
    ),
    "transfer syntax in Latin-1": request(
        DICOM + context(1, transfers=(b"1.2.\xe4", IMPLICIT.encode())) + item(0x50, MAXIMUM)
    ),
    "zeros at the end": request(DICOM + context(1) + item(0x50, MAXIMUM + CLASS) + bytes(6)),
}


@pytest.mark.parametrize("body", UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_what_is_not_needed_is_ignored(bridge: Bridge, body: bytes) -> None:
    """Unknown, unwanted and damaged parameters keep no device out: its C-ECHO succeeds."""
    with RawAssociation(bridge.port) as association:
        association.send(pdu(0x01, body))
        kind, answer = association.read_pdu()
        assert kind == 0x02
        association._note_results(answer)
        assert association.accepted == {1: IMPLICIT}
        association.message(1, ECHO_RQ)
        assert association.response().status == 0
        association.release()


def test_what_we_do_not_negotiate_is_answered_by_silence(bridge: Bridge) -> None:
    """Roles, windows and identities get no item in the answer: the defaults hold."""
    asked = (0x53, 0x54, 0x56, 0x57, 0x58)
    with RawAssociation(bridge.port) as association:
        association.send(
            pdu(
                0x01,
                user(
                    item(0x53, bytes(4)),
                    item(0x54, sized(ECHO) + b"\1\1"),
                    item(0x56, sized(ECHO) + b"\1"),
                    item(0x58, b"\1\1" + sized(b"user") + sized(b"")),
                ),
            )
        )
        _, answer = association.read_pdu()
    information = answer[answer.index(item(0x51, (128 * 1024).to_bytes(4, "big"))) :]
    kinds = []
    while information:
        kind, length = struct.unpack_from(">BxH", information)
        kinds.append(kind)
        information = information[4 + length :]
    assert not set(kinds) & set(asked)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (sized(MPPS) + b"\1\0", sized(MPPS) + b"\1\0"),
        (sized(MPPS) + b"\1\1", sized(MPPS) + b"\1\1"),
        (sized(MPPS) + b"\1\7", sized(MPPS) + b"\1\0"),
        (sized(MPPS) + b"\0\1", None),  # the device as provider: the defaults hold
        (sized(COMMITMENT) + b"\0\1", sized(COMMITMENT) + b"\0\1"),  # a peer that reports
        (sized(COMMITMENT) + b"\1\1", sized(COMMITMENT) + b"\1\1"),
        (sized(COMMITMENT) + b"\0\0", None),
        (sized(STORAGE) + b"\0\1", sized(STORAGE) + b"\0\1"),  # who retrieves by C-GET
        (sized(STORAGE) + b"\1\1", sized(STORAGE) + b"\1\1"),
        (sized(STORAGE) + b"\0\0", None),
        (sized(MPPS), None),
        (sized(ECHO) + b"\1\1", None),
        (b"\xff\xff" + MPPS + b"\1\1", None),
    ],
)
def test_roles_that_are_answered(said: bytes, kept: bytes | None) -> None:
    """A role is negotiated where a caller may have it and is waiting for an answer."""
    information = item(0x50, MAXIMUM + (item(0x54, kept) if kept else b""))
    assert readable_request(user(item(0x54, said))).endswith(information)


@pytest.mark.parametrize("version", [0, 2])
def test_protocol_we_do_not_speak(bridge: Bridge, version: int) -> None:
    """Without the bit of version 1 the request is rejected: protocol version not supported."""
    body = request(DICOM + context(1) + item(0x50, MAXIMUM), version)
    with RawAssociation(bridge.port) as association:
        association.send(pdu(0x01, body))
        kind, answer = association.read_pdu()
    assert kind == 0x03
    assert Rejected(*answer[1:4]) == Rejected(1, 2, 2)


def test_largest_request(bridge: Bridge) -> None:
    """128 contexts with 50 of the longest transfer syntaxes each are answered."""
    longest = tuple(b"1.2.3." + b"%058d" % (10**57 + number) for number in range(49))
    contexts = (
        context(number, US_IMAGE.encode(), (*longest, EXPLICIT.encode()))
        for number in range(1, 256, 2)
    )
    body = request(DICOM + b"".join(contexts) + item(0x50, MAXIMUM + CLASS))
    assert 400_000 < len(body) < MAX_REQUEST
    with RawAssociation(bridge.port) as association:
        association.send(pdu(0x01, body))
        kind, answer = association.read_pdu()
        assert kind == 0x02
        association._note_results(answer)
    assert set(association.accepted.values()) == {EXPLICIT}
    assert len(association.accepted) == 128


@pytest.mark.parametrize(
    "body",
    [b"", request(b"")[:40], request(b"\x50\0\xff\xff"), request(DICOM + b"\x20\0")],
    ids=["empty", "no titles", "item too long", "item cut off"],
)
def test_cut_off_request_is_aborted(bridge: Bridge, body: bytes) -> None:
    """What is no request gets an A-ABORT."""
    with RawAssociation(bridge.port) as association:
        association.send(pdu(0x01, body))
        assert association.read_pdu()[0] == 0x07


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_rewritten_request_stays_as_it_is(items: bytes) -> None:
    """Any bytes are refused as a request or become one that is not changed again."""
    try:
        once = readable_request(request(items))
    except AssociationRequestError:
        return
    assert readable_request(once) == once


IMPLEMENTATIONS = [
    (user(item(0x55, b"GE_VOLUSON_E10 ")), ("1.2.3.4", "GE_VOLUSON_E10")),
    (user(), ("1.2.3.4", "")),
    (request(DICOM + item(0x50, item(0x52, b"none") + item(0x55, b"\xfc\n1"))), ("", "ü?1")),
    (request(DICOM + item(0x50, item(0x52, b""))), ("", "")),
    (request(DICOM), ("", "")),
]


@pytest.mark.parametrize(("body", "told"), IMPLEMENTATIONS)
def test_who_made_the_device_is_read(body: bytes, told: tuple[str, str]) -> None:
    """Implementation Class UID and Version Name (PS3.7 D.3.3.2); what is unreadable is not told."""
    assert implementation_of(body) == told
