"""Performed steps and storage commitment as a user, against servers of pynetdicom and Orthanc."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence
from pynetdicom import AE, evt

from gdtbridge.confirmation.model import CommitmentResult
from gdtbridge.dicom.client import Peer, PeerError
from gdtbridge.dicom.device_client import (
    CommitmentListener,
    create_step,
    request_commitment,
    set_step,
)
from gdtbridge.dicom.negotiation import PERFORMED_STEP, STORAGE_COMMITMENT
from gdtbridge.dicom.store_client import break_off, store
from gdtbridge.errors import BridgeError
from gdtbridge.simulator.exam import sample_files
from tests.tools.dicom_server import Bridge
from tests.tools.foreign import orthanc
from tests.tools.ports import free_port
from tests.tools.waiting import wait_for

COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"


@contextmanager
def server(sop_class: str, *handlers: Any) -> Iterator[Peer]:
    """Yield a server of pynetdicom's for one SOP class."""
    entity = AE("OTHER")
    entity.add_supported_context(sop_class)
    running = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers))
    assert running is not None
    try:
        yield Peer("127.0.0.1", running.server_address[1], "OTHER", "US01")
    finally:
        running.shutdown()


def instances(*uids: str, transaction: str = "2.25.77") -> Dataset:
    """Return a request for commitment of these ultrasound images."""
    request = Dataset()
    request.TransactionUID = transaction
    request.ReferencedSOPSequence = Sequence()
    for uid in uids:
        item = Dataset()
        item.ReferencedSOPClassUID = US_IMAGE
        item.ReferencedSOPInstanceUID = uid
        request.ReferencedSOPSequence.append(item)
    return request


def status(text: str) -> Dataset:
    """Return the attributes of a step in this state."""
    attributes = Dataset()
    attributes.PerformedProcedureStepStatus = text
    return attributes


def test_a_step_is_created_and_set() -> None:
    """The peer gets the attributes of both under the one UID, and its statuses come back."""
    seen: list[tuple[str, str]] = []

    def create(event: Any) -> tuple[int, Dataset]:
        seen.append((event.request.AffectedSOPInstanceUID, event.attribute_list.PatientID))
        return 0x0107, Dataset()

    def change(event: Any) -> tuple[int, None]:
        uid = event.request.RequestedSOPInstanceUID
        seen.append((uid, event.modification_list.PerformedProcedureStepStatus))
        return 0x0110, None

    began = status("IN PROGRESS")
    began.PatientID = "4711"
    with server(PERFORMED_STEP, (evt.EVT_N_CREATE, create), (evt.EVT_N_SET, change)) as peer:
        answer = create_step(peer, "2.25.5", began)
        changed = set_step(peer, "2.25.5", status("COMPLETED"))

    assert (answer.status, answer.SOPInstanceUID, changed) == (0x0107, "2.25.5", 0x0110)
    assert seen == [("2.25.5", "4711"), ("2.25.5", "COMPLETED")]


def test_a_step_without_a_uid_has_the_peers() -> None:
    """Who leaves the UID to the peer learns it from the answer."""

    def create(event: Any) -> tuple[int, Dataset]:
        assert event.request.AffectedSOPInstanceUID is None
        given = Dataset()
        given.AffectedSOPInstanceUID = "2.25.6"
        return 0x0000, given

    with server(PERFORMED_STEP, (evt.EVT_N_CREATE, create)) as peer:
        assert create_step(peer, "", status("IN PROGRESS")).SOPInstanceUID == "2.25.6"


def test_a_peer_without_the_service_is_an_error() -> None:
    """A server that offers no such class is told of."""
    with server(STORAGE_COMMITMENT) as peer, pytest.raises(PeerError, match="bietet nicht"):
        create_step(peer, "2.25.5", status("IN PROGRESS"))


def test_commitment_on_the_same_association() -> None:
    """A report that comes before the association ends is taken and answered."""
    answered = threading.Event()

    def act(event: Any) -> tuple[int, None]:
        report = Dataset()
        report.TransactionUID = event.action_information.TransactionUID
        report.ReferencedSOPSequence = event.action_information.ReferencedSOPSequence

        def tell() -> None:
            said, _ = event.assoc.send_n_event_report(
                report, 1, STORAGE_COMMITMENT, COMMITMENT_INSTANCE
            )
            if said.Status == 0:
                answered.set()

        threading.Timer(0.1, tell).start()
        return 0x0000, None

    with server(STORAGE_COMMITMENT, (evt.EVT_N_ACTION, act)) as peer:
        done = request_commitment(peer, instances("1.2.3", "1.2.4"), wait_seconds=60)

    assert done == (0, CommitmentResult("2.25.77", frozenset({"1.2.3", "1.2.4"}), {}))
    assert answered.wait(60)


def test_no_report_on_the_same_association() -> None:
    """Who waits for a report that does not come goes on after that time."""
    with server(STORAGE_COMMITMENT, (evt.EVT_N_ACTION, lambda _event: (0, None))) as peer:
        assert request_commitment(peer, instances("1.2.3"), wait_seconds=0.1) == (0, None)


@pytest.mark.peer
@pytest.mark.slow
def test_orthanc_commits(tmp_path: Path) -> None:
    """Orthanc's report on an association of its own says what is stored, and what not and why."""
    files = sample_files()[:2]
    uids = [str(dcmread(file, specific_tags=["SOPInstanceUID"]).SOPInstanceUID) for file in files]
    with (
        CommitmentListener("US01", 0, "127.0.0.1") as listener,
        orthanc(tmp_path, free_port()) as other,
    ):
        known = {"AET": "US01", "Host": "127.0.0.1", "Port": listener.port}
        requests.put(f"{other.url}/modalities/us", json=known, timeout=60)
        peer = Peer("127.0.0.1", other.dicom_port, "ORTHANC", "US01")
        assert [kept for _, kept in store(peer, files)] == [0, 0]
        assert request_commitment(peer, instances(*uids, "1.2.3")) == (0, None)
        report = listener.report(20)

    assert report == CommitmentResult("2.25.77", frozenset(uids), {"1.2.3": 0x0112})


def test_a_port_that_is_taken_is_told() -> None:
    """Where nobody can listen, a sentence says so."""
    with CommitmentListener("US01", 0, "127.0.0.1") as listener:
        second = CommitmentListener("US01", listener.port, "127.0.0.1")
        with pytest.raises(BridgeError, match=str(listener.port)), second:
            pass


def test_half_an_object(bridge: Bridge) -> None:
    """A device that dies within an object leaves nothing of it."""
    break_off(Peer("127.0.0.1", bridge.port, "GDTBRIDGE", "US01"), sample_files()[0])

    wait_for(lambda: not bridge.spooled(), what="the end of the half object")
    assert bridge.core.received == []
