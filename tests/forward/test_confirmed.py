"""What was forwarded is asked about; a peer that takes everything and keeps nothing, found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gdtbridge.confirmation.book import LOOK_AGAIN_SECONDS, MOST_LOSSES
from gdtbridge.dicom.server import DicomServer
from gdtbridge.health import Figure
from gdtbridge.service import dimse_services, probes_of
from gdtbridge.settings import DicomSettings, load_settings
from tests.forward.conftest import PEER, Forwarding
from tests.tools.committing_peer import CommittingPeer, committing
from tests.tools.ports import free_port
from tests.tools.practice import Practice
from tests.tools.storage_peer import StoragePeer
from tests.tools.waiting import wait_for

UIDS = [f"2.25.500.{number}" for number in (1, 2, 3)]


@dataclass
class Confirming(Forwarding):
    """A practice that forwards to an archive that commits, and hears its reports."""

    archive: CommittingPeer

    def ask(self, seconds: float = 11) -> None:
        """Ask about what is due, and wait for the report."""
        self.practice.clock.turn(seconds)
        core, asked = self.practice.core, len(self.archive.asked)
        for one in core.confirmations.archives:
            core.confirmations.ask_due(one)
        new = len(self.archive.asked) > asked
        if new and self.archive.reports == "new":
            wait_for(lambda: len(self.archive.answers) == len(self.archive.asked), what="report")

    def told(self) -> dict[str, str]:
        """Return what needs a person of copies, by kind."""
        found = self.practice.core.attention.items()
        return {one.code: one.detail for one in found if one.code.startswith("forward-")}


@pytest.fixture
def confirming(tmp_path: Path) -> Iterator[Confirming]:
    """Return an exam of three objects that is settled and not forwarded yet."""
    port = free_port()
    file = tmp_path / "gdtbridge.toml"
    file.write_text(PEER.format(port=port))
    practice = Practice(tmp_path, load_settings(file))
    core = practice.core
    server = DicomServer(
        DicomSettings(port=0),
        tmp_path / "spool",
        core.receiving,
        core.device_worklist,
        further=dimse_services(core),
    )
    server.start()
    archive = CommittingPeer(port=port, bridge_port=server.port, reports="new")
    with committing(archive):
        one = Confirming(practice, StoragePeer(port), archive)
        for uid in UIDS:
            practice.send(StudyInstanceUID="2.25.500", SOPInstanceUID=uid, AccessionNumber="")
        practice.wait()
        yield one
    server.stop(grace=0)
    practice.close()


def test_what_the_archive_keeps_is_confirmed(confirming: Confirming) -> None:
    """By its report on an association of its own, once for the exam."""
    confirming.forward()
    assert confirming.states() == {"sent": 3}
    figures = probes_of(confirming.practice.core)["forward"]()["forward"].figures
    assert figures[Figure("gdtbridge_forward_unconfirmed", "PACS")] == 3
    confirming.ask()
    assert confirming.states() == {"confirmed": 3}
    assert (len(confirming.archive.asked), confirming.told()) == (1, {})


def test_an_archive_that_says_0000_and_keeps_nothing_is_found_out(confirming: Confirming) -> None:
    """Everything leaves three times, then a person is told, and nothing was ever confirmed."""
    confirming.archive.keeps = False
    confirming.archive.kept.add(UIDS[0])
    for _ in range(MOST_LOSSES + 1):
        confirming.forward()
        confirming.ask()
        confirming.ask(LOOK_AGAIN_SECONDS)
    assert confirming.states() == {"confirmed": 1, "failed": 2}
    assert sorted(confirming.archive.taken) == sorted([*UIDS, *UIDS[1:] * MOST_LOSSES])
    said = "does not have 2 of 3 objects it accepted"
    assert said in confirming.told()["forward-lost"]
    assert "forward-failed" not in confirming.told()


def test_what_was_lost_arrives_after_all(confirming: Confirming) -> None:
    """A person sends the exam again when the archive is mended: all is confirmed."""
    confirming.archive.keeps = False
    for _ in range(MOST_LOSSES + 1):
        confirming.forward()
        confirming.ask()
        confirming.ask(LOOK_AGAIN_SECONDS)
    confirming.archive.keeps = True
    confirming.practice.core.forward.again()
    confirming.forward()
    confirming.ask()
    assert (confirming.states(), confirming.told()) == ({"confirmed": 3}, {})


def test_an_archive_that_never_reports(
    confirming: Confirming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told after its time, and what it says then is heard."""
    monkeypatch.setattr("gdtbridge.dicom.confirming.SAME_ASSOCIATION_SECONDS", 0.3)
    confirming.archive.reports = ""
    confirming.forward()
    confirming.ask()
    confirming.practice.clock.turn(27 * 3600)
    assert confirming.told() == {
        "forward-unconfirmed": "PACS: 3 [hat es noch nicht bestätigt / has not confirmed it yet]"
    }
    confirming.archive.call("OTHER")
    assert confirming.states() == {"sent": 3}
    found = confirming.practice.core.attention.items()
    assert [one.detail[:5] for one in found if one.code == "device-refused"] == ["OTHER"]
    confirming.archive.call()
    assert (confirming.states(), confirming.told()) == ({"confirmed": 3}, {})
