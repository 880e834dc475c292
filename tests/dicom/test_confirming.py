"""Archives of pynetdicom's and Orthanc, asked whether they keep what they were sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from gdtbridge.confirmation.model import Confirmation, ConfirmingArchive
from gdtbridge.dicom.client import Peer
from gdtbridge.dicom.commitment_result import result_services
from gdtbridge.dicom.confirming import ArchiveNetwork
from gdtbridge.dicom.server import DicomServer
from gdtbridge.dicom.store_client import store
from gdtbridge.retrieve.peers import ArchivePeer, PeerDirectory
from gdtbridge.settings import DicomSettings
from tests.confirmation.copies import Copies
from tests.tools.committing_peer import CommittingPeer, committing
from tests.tools.foreign import Orthanc, orthanc
from tests.tools.ports import free_port
from tests.tools.practice import Practice
from tests.tools.waiting import wait_for

UIDS = "2.25.1", "2.25.2"


def asking(practice: Practice, port: int, way: Confirmation = Confirmation.COMMITMENT) -> Copies:
    """Return two copies an archive on a port was sent, asked over the network."""
    peers = PeerDirectory([ArchivePeer("PACS", "127.0.0.1", port, None)])
    archive = ConfirmingArchive("PACS", way, "PRAXIS1", 3600.0)
    copies = Copies(practice, archive, ArchiveNetwork(peers), peers.is_peer)
    copies.forward(*UIDS)
    return copies


@contextmanager
def hearing(copies: Copies, folder: Path) -> Iterator[int]:
    """Let a server of ours take reports inside the block; yield its port."""
    core = copies.practice.core
    server = DicomServer(
        DicomSettings(port=0),
        folder / "spool",
        core.receiving,
        core.device_worklist,
        further=result_services(copies.book),
    )
    server.start()
    try:
        yield server.port
    finally:
        server.stop(grace=0)


def test_an_archive_that_reports_on_the_same_association(practice: Practice) -> None:
    """It is called from the title objects were sent from, and heard before the association ends."""
    with committing(CommittingPeer({"2.25.2"}, reports="same")) as pacs:
        copies = asking(practice, pacs.port)
        copies.ask()
    assert copies.states() == {"2.25.1": "sent", "2.25.2": "commitment"}
    assert copies.reasons() == {"", "does not have it (0112)"}
    assert (pacs.callers, pacs.answers) == ([("PRAXIS1", "PACS")], [0])


def test_an_archive_that_reports_on_its_own(practice: Practice, tmp_path: Path) -> None:
    """Nobody waits any longer on the other association; a stranger and a title like it are not."""
    with committing(CommittingPeer(set(UIDS), reports="new")) as pacs:
        copies = asking(practice, pacs.port)
        with hearing(copies, tmp_path) as pacs.bridge_port:
            copies.ask()
            wait_for(lambda: pacs.answers == [0], what="the report")
            pacs.call("OTHER")
            pacs.call("pacs")
    assert pacs.answers == [0, 0x0112, 0]
    assert copies.states() == dict.fromkeys(UIDS, "commitment")


def test_an_archive_without_the_service(practice: Practice) -> None:
    """It says so at once, and everybody can read it."""
    with committing(CommittingPeer(), commits=False) as pacs:
        copies = asking(practice, pacs.port)
        assert copies.ask() == 60
    assert copies.reasons() == {"does not offer what is needed, or does not speak DICOM."}


@pytest.mark.parametrize(("patient", "state"), [("4711", "query"), ("815", "sent"), ("", "query")])
def test_an_archive_that_is_queried(practice: Practice, patient: str, state: str) -> None:
    """It lists an instance, under the patient it was sent for, or says nothing of the patient."""
    with committing(CommittingPeer({"2.25.2"}, patient)) as pacs:
        copies = asking(practice, pacs.port, Confirmation.QUERY)
        copies.ask()
    assert copies.states() == {"2.25.1": "sent", "2.25.2": state}


@pytest.mark.parametrize(("patient", "others"), [("815", "4711"), (" 4711", "815")])
def test_an_archive_that_lists_further_studies(
    practice: Practice, patient: str, others: str
) -> None:
    """Whose another study is says nothing; spaces around a number do not count."""
    with committing(CommittingPeer(set(UIDS), patient, {"2.25.555": others})) as pacs:
        copies = asking(practice, pacs.port, Confirmation.QUERY)
        copies.ask()
    assert set(copies.states().values()) == {"sent" if patient == "815" else "query"}


@pytest.mark.peer
@pytest.mark.slow
def test_orthanc_commits_what_it_has(practice: Practice, tmp_path: Path) -> None:
    """Of two objects one is deleted there: one is confirmed, the other lost, both ways."""
    port = free_port()
    with orthanc(tmp_path, port, "PACS") as other:
        copies = asking(practice, port)
        practice.core.sync_files()
        files = sorted((practice.folder / "archive").rglob("*.dcm"))
        sent = store(Peer("127.0.0.1", port, "PACS", "PRAXIS1"), files)
        assert [status for _, status in sent] == [0, 0]
        delete(other, UIDS[0])
        with hearing(copies, tmp_path) as ours:
            known = {"AET": "PRAXIS1", "Host": "127.0.0.1", "Port": ours}
            requests.put(f"{other.url}/modalities/us", json=known, timeout=60)
            copies.ask()
            wait_for(lambda: "commitment" in copies.states().values(), what="Orthanc's report")
        assert copies.states() == {UIDS[0]: "sent", UIDS[1]: "commitment"}
        assert copies.reasons() == {"", "does not have it (0112)"}
        copies.archive = ConfirmingArchive("PACS", Confirmation.QUERY, "PRAXIS1", 3600.0)
        copies.ask(301)
        assert copies.sent_again == [UIDS[0]]


def delete(other: Orthanc, uid: str) -> None:
    """Delete an instance at Orthanc."""
    found = requests.post(f"{other.url}/tools/lookup", data=uid, timeout=60).json()
    (instance,) = [one["ID"] for one in found if one["Type"] == "Instance"]
    requests.delete(f"{other.url}/instances/{instance}", timeout=60)
