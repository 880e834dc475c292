"""What a peer has committed: its report on an association of its own, and any bytes of one."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from gdtbridge.commitment import CommitmentReport
from gdtbridge.confirmation.model import CommitmentResult, ReportOutcome
from gdtbridge.dicom.client import EventReport, Peer, report_event
from gdtbridge.dicom.commitment_report import event_type_of, information_of
from gdtbridge.dicom.commitment_result import CommitmentResultError, parse_result
from gdtbridge.dicom.identifier import encode_dataset
from gdtbridge.dicom.negotiation import COMMITMENT_INSTANCE, STORAGE_COMMITMENT
from tests.tools.device import RawAssociation, item
from tests.tools.dicom_server import Bridge
from tests.tools.elements import IMPLICIT, US_IMAGE

SYNTAXES = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
FAILURES = {"2.25.8": 0x0112, "2.25.9": 0x0110}


def report(committed: list[str], failed: dict[str, int]) -> CommitmentReport:
    """Return what a provider tells."""
    kept = tuple((US_IMAGE, uid) for uid in committed)
    lost = tuple((US_IMAGE, uid, reason) for uid, reason in failed.items())
    return CommitmentReport(1, "2.25.1", "GDTBRIDGE", "PACS", "", committed=kept, failed=lost)


def tell(bridge: Bridge, said: CommitmentReport) -> int:
    """Report as a peer does."""
    event = EventReport(
        STORAGE_COMMITMENT, COMMITMENT_INSTANCE, event_type_of(said), information_of(said)
    )
    return report_event(Peer("127.0.0.1", bridge.port, "GDTBRIDGE", "PACS"), event)


def test_a_peer_reports_as_the_provider(bridge: Bridge) -> None:
    """What it keeps, what not and why, and who says so reach the core before it is answered."""
    assert tell(bridge, report(["2.25.7"], FAILURES)) == 0x0000
    ((caller, result),) = bridge.core.reports
    assert (caller.aet, caller.address) == ("PACS", "127.0.0.1")
    assert result == CommitmentResult("2.25.1", frozenset({"2.25.7"}), FAILURES)


@pytest.mark.parametrize("outcome", [ReportOutcome.UNKNOWN, ReportOutcome.STRANGER])
def test_a_stranger_learns_nothing_of_transactions(bridge: Bridge, outcome: ReportOutcome) -> None:
    """Whether a UID is that of no transaction or of another peer's, the answer is the same."""
    bridge.core.outcome = outcome
    assert tell(bridge, report(["2.25.7"], {})) == 0x0112


def test_the_role_of_a_provider_is_granted(bridge: Bridge) -> None:
    """A peer that waits for the answer to its proposal hears that it may report."""
    name = STORAGE_COMMITMENT.encode()
    role = item(0x54, len(name).to_bytes(2, "big") + name + b"\0\1")
    with RawAssociation(bridge.port) as association:
        association.associate([(STORAGE_COMMITMENT, [IMPLICIT])], further=role)
        assert role in association.accept_pdu


def test_both_kept_and_not_is_not_kept() -> None:
    """An instance in both lists is one the peer does not answer for."""
    said = encode_dataset(information_of(report(["2.25.8"], FAILURES)), ImplicitVRLittleEndian)
    assert parse_result(said, IMPLICIT) == CommitmentResult("2.25.1", frozenset(), FAILURES)


NUMBERS = st.lists(st.integers(0, 10**20), max_size=4, unique=True)


@settings(max_examples=25, deadline=None)
@given(kept=NUMBERS, lost=st.dictionaries(st.integers(10**21, 10**22), st.integers(1, 0xFFFF)))
def test_a_report_is_read_as_it_was_told(kept: list[int], lost: dict[int, int]) -> None:
    """In every transfer syntax, whatever the reasons are."""
    uids, failed = [f"2.25.{one}" for one in kept], {f"2.25.{k}": v for k, v in lost.items()}
    for syntax in SYNTAXES:
        said = encode_dataset(information_of(report(uids, failed)), UID(syntax))
        assert parse_result(said, syntax) == CommitmentResult("2.25.1", frozenset(uids), failed)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_broken_report_confirms_nothing_it_did_not(data: st.DataObject) -> None:
    """Cut short or with a byte changed it is refused, or names other UIDs, or says the same."""
    whole = encode_dataset(information_of(report(["2.25.7"], FAILURES)), ImplicitVRLittleEndian)
    cut = data.draw(st.integers(0, len(whole) - 1))
    broken = data.draw(
        st.sampled_from([whole[:cut], whole[:cut] + b"\xff" + whole[cut + 1 :], bytes(cut)])
    )
    try:
        result = parse_result(broken, IMPLICIT)
    except CommitmentResultError:
        return
    assert not result.committed & FAILURES.keys()
    assert all(chain(result.committed, [result.TransactionUID]))
