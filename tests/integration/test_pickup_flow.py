"""An engine takes what a modality leaves in a folder, sends it to a PACS, and that to a VNA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gdtbridge.dicom.server import DicomServer
from gdtbridge.settings import DicomSettings, load_settings
from tests.tools.elements import still
from tests.tools.pickup import SETTINGS, PickupDesk
from tests.tools.practice import Practice
from tests.tools.storage_peer import StoragePeer, storage_peer

PEER = """
[[peer]]
aet = "{aet}"
host = "127.0.0.1"
port = {port}
[[forward]]
to = "{aet}"
{rule}
"""


@dataclass
class Flow:
    """The engine with its folder, the PACS and the VNA; what leaves is let go by hand."""

    engine: Practice
    desk: PickupDesk
    pacs: Practice
    vna: StoragePeer

    def run(self) -> None:
        """Take what lies there, and let it go on from place to place."""
        self.desk.look()
        for practice, destination in ((self.engine, "forward:PACS"), (self.pacs, "forward:VNA")):
            practice.wait()
            practice.clock.seconds += 70
            while practice.outbox.deliver_due(destination):
                pass

    def error(self, practice: Practice) -> str:
        """Return why a practice's archive did not get what was sent."""
        (status,) = [one for one in practice.outbox.status() if one.kind == "forward"]
        return status.last_error


def practice(folder: Path, text: str) -> Practice:
    """Return a bridge with its own folder."""
    folder.mkdir()
    (folder / "gdtbridge.toml").write_text(text)
    return Practice(folder, load_settings(folder / "gdtbridge.toml", {}))


@pytest.fixture
def callers() -> tuple[str, ...]:
    """Return whom the PACS lets in."""
    return ("ENGINE",)


@pytest.fixture
def flow(tmp_path: Path, callers: tuple[str, ...]) -> Iterator[Flow]:
    """Return all three; the PACS forwards what the engine's modality made, and nothing else."""
    vna = storage_peer("VNA")
    rule = 'devices = ["ENGINE"]\nmodalities = ["US"]'
    pacs = practice(tmp_path / "pacs", PEER.format(aet="VNA", port=vna.port, rule=rule))
    (tmp_path / "pacs" / "spool").mkdir()
    server = DicomServer(
        DicomSettings(aet="PACS", port=0, allowed_aets=callers),
        tmp_path / "pacs" / "spool",
        pacs.core.receiving,
        pacs.core.device_worklist,
    )
    server.start()
    after = f'[dicom]\naet = "ENGINE"\n{SETTINGS}aet = "SONO1"\nafter = "remove"\n'
    text = after + PEER.format(aet="PACS", port=server.port, rule='devices = ["SONO1"]')
    engine = practice(tmp_path / "engine", text)
    yield Flow(engine, PickupDesk(engine), pacs, vna)
    server.stop(grace=0)
    engine.close()
    pacs.close()


def test_a_file_goes_from_the_folder_to_the_pacs_and_from_there_to_the_vna(flow: Flow) -> None:
    """Each place has it once and by its rule; the folder is empty, the bytes of the pixels same."""
    flow.desk.drop("EXPORT/IM0001")
    flow.desk.drop("EXPORT/IM0002", "2.25.2", Modality="CT")
    with flow.vna.listening(titles=("GDTBRIDGE",)):
        flow.run()
        flow.run()

    assert flow.desk.names() == []
    assert flow.desk.received() == ["2.25.1", "2.25.2"]
    assert sorted(flow.pacs.core.forward.counts()) == ["VNA"]
    assert flow.vna.uids == ["2.25.1"]
    assert flow.vna.received[0].PixelData == still(1)[-256:]


@pytest.mark.parametrize("callers", [("OTHER",)])
def test_a_pacs_that_does_not_know_the_engine_is_told_by_name(flow: Flow) -> None:
    """Nothing is lost: the engine keeps it until the PACS lets it in."""
    flow.desk.drop("IM0001")
    flow.run()

    assert "unseren AE-Titel ENGINE" in flow.error(flow.engine)
    assert flow.engine.core.forward.counts()["PACS"] != {}
    assert flow.desk.received() == ["2.25.1"]


def test_a_vna_of_another_title_is_told_by_name(flow: Flow) -> None:
    """The PACS has it and says which title the other side does not know."""
    flow.desk.drop("IM0001")
    flow.vna.aet = "ELSE"
    with flow.vna.listening():
        flow.run()

    assert "AE-Titel VNA" in flow.error(flow.pacs)
    assert flow.vna.uids == []
