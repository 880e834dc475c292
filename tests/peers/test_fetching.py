"""Earlier exams fetched from Orthanc, dcmqrscp and another bridge, by C-GET and by C-MOVE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.test_foreign_devices import copies
from tests.tools.dcmtk import by_uid, dataset_bytes, dcmtk
from tests.tools.foreign import Orthanc, orthanc
from tests.tools.ports import free_port
from tests.tools.qrscp import AREA, QueryArchive, qrscp
from tests.tools.service import Service, service
from tests.tools.surgery import QUICK

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # starts peers and two services

ORTHANC, OTHER = "ORTHANC", "OTHER"
PEERS = (ORTHANC, AREA, OTHER)
PEER = '\n[[peer]]\naet = "{aet}"\nhost = "127.0.0.1"\nport = {port}\n'
WAYS = ("get", "move")


def study_of(peer: str, by: str) -> str:
    """Return the UID of the study that is fetched from a peer in one way."""
    return f"2.25.7{PEERS.index(peer)}{WAYS.index(by)}"


@dataclass(frozen=True, slots=True)
class Town:
    """A bridge among archives that have earlier exams of patient 4711."""

    bridge: Service
    files: dict[str, dict[str, Path]]
    """What the archives have of each study, by SOP Instance UID."""

    def fetch(self, *arguments: str) -> str:
        """Fetch; return what is told."""
        done = self.bridge.command("fetch", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Return a bridge and its peers, each with a study for each way."""
    root = tmp_path_factory.mktemp("town")
    ports = {aet: free_port() for aet in (*PEERS, "GDTBRIDGE")}
    own = ports["GDTBRIDGE"]
    files: dict[str, dict[str, Path]] = {}
    for peer in PEERS:
        for by in WAYS:
            study = study_of(peer, by)
            folder = root / study
            folder.mkdir()
            copies(folder, study, PatientID="4711", PatientName="Müller^Änne")
            files[study] = by_uid(folder)
    for name, known in (("bridge", PEERS), ("other", ("GDTBRIDGE",))):
        (root / name).mkdir()
        tables = [PEER.format(aet=aet, port=ports[aet]) for aet in known]
        (root / name / "gdtbridge.toml").write_text("".join(tables), encoding="utf-8")
    (root / "orthanc").mkdir()
    with (
        service(root / "other", **QUICK, dicom__port=str(ports[OTHER]), dicom__aet=OTHER),
        service(root / "bridge", **QUICK, dicom__port=str(own)) as bridge,
        orthanc(root / "orthanc", ports[ORTHANC]) as store,
        qrscp(root / "qrscp", ports[AREA], GDTBRIDGE=own) as archive,
    ):
        _fill(store, archive, ports[OTHER], files)
        store.know(own)
        yield Town(bridge, files)


def _fill(
    peer: Orthanc, archive: QueryArchive, other: int, files: dict[str, dict[str, Path]]
) -> None:
    of = {aet: [one for by in WAYS for one in files[study_of(aet, by)].values()] for aet in PEERS}
    peer.keep(of[ORTHANC])
    kept = []
    for number, path in enumerate(of[AREA]):
        kept.append(archive.folder / f"{number}.dcm")
        kept[-1].write_bytes(path.read_bytes())
    archive.fill(kept)
    sent = dcmtk("storescu", "-xs", "-aec", OTHER, "127.0.0.1", other, *of[OTHER])
    assert sent.returncode == 0, sent.stderr


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("peer", PEERS)
def test_a_study_is_fetched(town: Town, peer: str, by: str) -> None:
    """Each object is here as the archive has it, found by a query, and makes no record."""
    study = study_of(peer, by)
    told = town.fetch("--study", study, "--from", peer, "--by", by)
    assert "2 neu / new, 2 dort / there" in told
    kept = {uid: path for uid, path in by_uid(town.bridge.archive).items() if uid.startswith(study)}
    assert sorted(kept) == sorted(town.files[study])
    for uid, path in kept.items() if peer != OTHER else ():  # which sends what it decided
        assert dataset_bytes(path) == dataset_bytes(town.files[study][uid])
    assert "0 neu / new" in town.fetch("--study", study, "--from", peer, "--by", by)
    assert list(town.bridge.gdt_out.glob("*.gdt")) == []
