"""Earlier exams fetched from Orthanc, dcmqrscp and another bridge, by C-GET and by C-MOVE."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, evt

from gdtbridge.dicom.archive_client import InformationModel
from tests.peers.test_foreign_devices import copies
from tests.tools.dcmtk import by_uid, dataset_bytes, dcmtk
from tests.tools.foreign import Orthanc, orthanc
from tests.tools.forked import fork_command
from tests.tools.ports import free_port
from tests.tools.qrscp import AREA, QueryArchive, qrscp
from tests.tools.service import Service, service
from tests.tools.surgery import QUICK
from tests.tools.waiting import wait_for

pytestmark = [pytest.mark.peer, pytest.mark.slow]  # starts peers and two services

ORTHANC, OTHER, SLOW = "ORTHANC", "OTHER", "SLOW"
PEERS = (ORTHANC, AREA, OTHER)
"""Archives that have a study of patient 4711 for each way; `SLOW` is one a test plays itself."""
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
    ports: dict[str, int]
    orthanc: Orthanc
    folder: Path

    def keep(self, study: str, **said: str) -> list[Path]:
        """Let Orthanc have a study of an image and a report; return the files."""
        folder = self.folder / study
        folder.mkdir()
        files = copies(folder, study, **said)
        self.orthanc.keep(files)
        return files

    def state(self, study: str) -> list[str]:
        """Return where an exam stands, and the standing of each object of it."""
        exams = self.bridge.rows(f"SELECT state FROM exam WHERE study_instance_uid = '{study}'")
        objects = self.bridge.rows(
            f"SELECT standing FROM instance WHERE study_instance_uid = '{study}'"
        )
        return [state for state, _ in [*exams, *objects]]

    def records(self, study: str) -> int:
        """Return how many results of a study went to the practice software."""
        found = self.bridge.rows(
            "SELECT exam_result.id FROM exam_result JOIN exam ON exam.id = exam_id "
            f"WHERE study_instance_uid = '{study}'"
        )
        return len(found)

    def fetch(self, *arguments: str) -> str:
        """Fetch; return what is told."""
        done = self.bridge.command("fetch", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Return a bridge and its peers, each with a study for each way."""
    root = tmp_path_factory.mktemp("town")
    ports = {aet: free_port() for aet in (*PEERS, SLOW, "GDTBRIDGE")}
    own = ports["GDTBRIDGE"]
    files: dict[str, dict[str, Path]] = {}
    for peer in PEERS:
        for by in WAYS:
            study = study_of(peer, by)
            folder = root / study
            folder.mkdir()
            copies(folder, study, PatientID="4711", PatientName="Müller^Änne")
            files[study] = by_uid(folder)
    for name, known in (("bridge", (*PEERS, SLOW)), ("other", ("GDTBRIDGE",))):
        (root / name).mkdir()
        tables = [PEER.format(aet=aet, port=ports[aet]) for aet in known]
        (root / name / "gdtbridge.toml").write_text("".join(tables), encoding="utf-8")
    (root / "orthanc").mkdir()
    with (
        service(root / "other", **QUICK, dicom__port=str(ports[OTHER]), dicom__aet=OTHER) as other,
        service(root / "bridge", **QUICK, dicom__port=str(own)) as bridge,
        orthanc(root / "orthanc", ports[ORTHANC]) as store,
        qrscp(root / "qrscp", ports[AREA], GDTBRIDGE=own) as archive,
    ):
        _fill(store, archive, ports[OTHER], files)
        wait_for(other.settled, what="a decision whose the other bridge's studies are")
        store.know(own)
        yield Town(bridge, files, ports, store, root)


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
    if peer == AREA:
        assert "0 neu / new" in town.fetch("--study", study, "--from", peer, "--by", by)
    assert town.state(study) == ["fetched", "fetched", "fetched"]
    assert town.records(study) == 0


def test_everything_of_a_patient_is_listed_then_fetched(town: Town) -> None:
    """A list changes nothing; what is there of the number comes, and of nobody else."""
    for study, day in (("2.25.731", "20250301"), ("2.25.732", "20250401")):
        town.keep(study, PatientID="4731", PatientName="Beispiel^Bert", StudyDate=day)
    asked = ("--patient", "4731", "--from", ORTHANC)
    listed = json.loads(town.fetch(*asked, "--list", "--json"))
    assert [one["study_instance_uid"] for one in listed] == ["2.25.732", "2.25.731"]
    assert {one["patient_name"] for one in listed} == {"Beispiel^Bert"}
    assert town.state("2.25.731") == []
    town.fetch(*asked)
    assert town.state("2.25.731") == town.state("2.25.732") == ["fetched"] * 3
    nothing = town.bridge.command("fetch", "--patient", "473", "--from", ORTHANC)
    assert (nothing.returncode, nothing.stdout) == (1, "")


def test_a_device_that_sends_to_a_fetched_study_gets_its_result(town: Town) -> None:
    """The very objects that were fetched are results once a device sends them."""
    files = town.keep("2.25.733", PatientID="4733", PatientName="Beispiel^Bert")
    town.fetch("--study", "2.25.733", "--from", ORTHANC)
    sent = dcmtk("storescu", "-xs", "127.0.0.1", town.ports["GDTBRIDGE"], *files)
    assert sent.returncode == 0, sent.stderr
    wait_for(lambda: town.records("2.25.733") == 1, what="the result")


def test_what_is_fetched_to_be_reported_is_reported(town: Town) -> None:
    """With --report it goes its way as if a device had sent it."""
    town.keep("2.25.734", PatientID="4734", PatientName="Beispiel^Bert")
    town.fetch("--study", "2.25.734", "--from", ORTHANC, "--report")
    wait_for(lambda: town.records("2.25.734") == 1, what="the result")


def test_another_person_under_the_number_is_asked_about(town: Town) -> None:
    """The archive's 4735 is not the practice's: nothing comes without a word."""
    order = ("--id", "4735", "--lastname", "Muster", "--firstname", "Max")
    added = town.bridge.command("worklist", "add", *order, "--birthdate", "01.02.1950")
    assert added.returncode == 0, added.stderr
    said = {"PatientName": "Anders^Anna", "PatientBirthDate": "19881111"}
    town.keep("2.25.735", PatientID="4735", **said)
    asked = ("--patient", "4735", "--from", ORTHANC)
    refused = town.bridge.command("fetch", *asked)
    assert refused.returncode == 1
    assert "Muster" in refused.stderr
    assert town.state("2.25.735") == []
    town.fetch(*asked, "--confirm")
    assert town.state("2.25.735") == ["fetched"] * 3


class SlowArchive:
    """An archive that sends the first object of a study, and the rest when it may."""

    def __init__(self, files: list[Path], bridge: int) -> None:
        self.objects = [dcmread(file) for file in files]
        self.may_go_on = threading.Event()
        self.sent = threading.Event()
        self._bridge = bridge

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        level = str(event.identifier.QueryRetrieveLevel)
        for one in self.objects[:1] if level == "STUDY" else self.objects:
            answer = Dataset()
            for word in ("PatientID", "PatientName", "StudyInstanceUID", "StudyDate"):
                answer[word] = one[word]
            answer.SeriesInstanceUID = one.SeriesInstanceUID
            if level == "IMAGE":
                answer.SOPInstanceUID, answer.SOPClassUID = one.SOPInstanceUID, one.SOPClassUID
            if level != "IMAGE" or one.SeriesInstanceUID == event.identifier.SeriesInstanceUID:
                yield 0xFF00, answer

    def get(self, event: evt.Event) -> Iterator[Any]:
        yield len(self.objects)
        yield from self._objects()

    def move(self, event: evt.Event) -> Iterator[Any]:
        yield ("127.0.0.1", self._bridge)
        yield len(self.objects)
        yield from self._objects()

    def _objects(self) -> Iterator[tuple[int, Dataset]]:
        yield 0xFF00, self.objects[0]
        self.sent.set()
        assert self.may_go_on.wait(60)
        for one in self.objects[1:]:
            yield 0xFF00, one

    @contextmanager
    def listening(self, port: int) -> Iterator[None]:
        """Serve on a port."""
        entity = AE(SLOW)
        for one in (InformationModel.STUDY_ROOT.find, InformationModel.STUDY_ROOT.get):
            entity.add_supported_context(one)
        entity.add_supported_context(InformationModel.STUDY_ROOT.move)
        for ds in self.objects:
            syntax = ds.file_meta.TransferSyntaxUID
            entity.add_supported_context(ds.SOPClassUID, syntax, scu_role=True, scp_role=True)
            entity.add_requested_context(ds.SOPClassUID, syntax)
        handlers: list[Any] = [
            (evt.EVT_C_FIND, self.find),
            (evt.EVT_C_GET, self.get),
            (evt.EVT_C_MOVE, self.move),
        ]
        server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
        assert server is not None
        try:
            yield
        finally:
            self.may_go_on.set()
            server.shutdown()


@pytest.mark.parametrize("by", WAYS)
def test_killed_in_the_middle(town: Town, by: str, tmp_path: Path) -> None:
    """What came, and what still comes of a C-MOVE, is fetched; fetching again brings the rest."""
    study = f"2.25.74{WAYS.index(by)}"
    files = copies(tmp_path, study, PatientID="4741", PatientName="Beispiel^Bert")
    archive = SlowArchive(files, town.ports["GDTBRIDGE"])
    asked = ("fetch", "--study", study, "--from", SLOW, "--by", by)
    with archive.listening(town.ports[SLOW]):
        out, err = tmp_path / "out", tmp_path / "err"
        process = fork_command(asked, town.bridge.root, town.bridge.environment(), out, err)
        wait_for(lambda: len(town.state(study)) == 2, what="the first object")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        archive.may_go_on.set()
        if by == "move":  # an archive that does not notice, and does not say who wanted it
            late = ("storescu", "-xs", "-aet", SLOW, "127.0.0.1", town.ports["GDTBRIDGE"])
            assert dcmtk(*late, files[1]).returncode == 0
        assert set(town.state(study)) == {"fetched"}
        again = town.bridge.command(*asked)
        assert again.returncode == 0, again.stderr
    assert town.state(study) == ["fetched"] * 3
    assert town.records(study) == 0


def test_echo_says_who_answers_and_who_does_not(town: Town) -> None:
    """A peer by its title, anybody by address; a cause in words where there is no answer."""
    known = town.bridge.command("echo", ORTHANC)
    assert (known.returncode, "antwortet" in known.stdout) == (0, True), known.stderr
    place = f"127.0.0.1:{town.ports[AREA]}/{AREA}"
    assert town.bridge.command("echo", place).returncode == 0
    wrong = town.bridge.command("echo", f"127.0.0.1:{town.ports[AREA]}/NOBODY")
    assert (wrong.returncode, "NOBODY" in wrong.stderr) == (1, True)
    gone = town.bridge.command("echo", f"127.0.0.1:{free_port()}/X")
    assert (gone.returncode, "nicht erreichbar" in gone.stderr) == (1, True)
    assert town.bridge.command("echo", "NOSUCH").returncode == 1
