"""The simulated device against real servers: ours with a real worklist folder, and DCMTK's."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from gdtbridge.confirmation.model import CommitmentResult
from gdtbridge.devices import Caller
from gdtbridge.dicom.client import Peer, PeerError
from gdtbridge.dicom.device_client import StepAnswer
from gdtbridge.dicom.server import DicomServer
from gdtbridge.errors import OutOfResources
from gdtbridge.settings import DicomSettings
from gdtbridge.simulator import network
from gdtbridge.simulator.choice import Pick, named_entry
from gdtbridge.simulator.device import SimulatedDevice, simulate
from gdtbridge.simulator.exam import SimulationError, sample_files, sample_folder
from gdtbridge.simulator.examination import GREEN, NOT_GREEN, NOT_OFFERED
from gdtbridge.simulator.habits import Behaviour, CommitmentWish
from gdtbridge.simulator.query import worklist_query
from gdtbridge.simulator.result import SimulatedExam
from tests.tools.foreign import orthanc
from tests.tools.ports import free_port
from tests.tools.waiting import wait_for
from worklist import Entry, Match, WorklistFolder, make_entry

pytestmark = pytest.mark.slow  # plays whole exams

WITHOUT_STEPS = Behaviour(frozenset({"no-mpps"}))
"""Nobody stands behind the server who would take steps."""
NOON = datetime.combine(date.today(), datetime.min.time()) + timedelta(hours=12)  # noqa: DTZ011


@dataclass
class Core:
    """What stands behind the server: a real worklist folder and a folder for what comes."""

    worklist: WorklistFolder
    kept: Path
    refusals: int = 0
    peers: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)

    def receive(self, incoming: IncomingInstance) -> ReceiptStatus:
        """Keep the object, or refuse it as long as there are refusals left."""
        if self.refusals:
            self.refusals -= 1
            raise OutOfResources
        self.peers.append(incoming.calling_aet)
        self.classes.append(incoming.SOPClassUID)
        incoming.path.rename(self.kept / f"{incoming.SOPInstanceUID}.dcm")
        return ReceiptStatus.NEW

    def room_for(self, size: int) -> None:
        """There is always room."""

    def find(self, query: Dataset, *, caller: Caller) -> Iterator[Match]:
        """Ask the folder."""
        return self.worklist.find(query, calling_aet=caller.aet)

    def instances(self) -> list[Dataset]:
        """Return what was kept."""
        return [dcmread(path) for path in sorted(self.kept.iterdir())]


@pytest.fixture
def core(tmp_path: Path) -> Core:
    """Return an empty core."""
    (tmp_path / "kept").mkdir()
    return Core(WorklistFolder(tmp_path / "worklist"), tmp_path / "kept")


@pytest.fixture
def peer(core: Core, tmp_path: Path) -> Iterator[Peer]:
    """Return a running server in front of ``core``."""
    server = DicomServer(DicomSettings(port=0), tmp_path / "spool", core, core)
    server.start()
    yield Peer("127.0.0.1", server.port, "GDTBRIDGE", "US01")
    server.stop(grace=0)


def order(
    accession: str, name: str = "Müller^Änne", station: str = "US01", patient: str = "12345"
) -> Entry:
    """Return today's order for an invented patient."""
    return make_entry(
        AccessionNumber=accession,
        PatientID=patient,
        PatientName=name,
        PatientBirthDate=date(1958, 3, 12),
        PatientSex="F",
        RequestedProcedureDescription="Schilddrüse",
        ScheduledStationAETitle=station,
        scheduled=NOON,
    )


def own_order(accession: str) -> Entry:
    """Return today's order for the device's own test patient."""
    return order(accession, "Testpatient^Simulation", patient="SIMULATION")


def named(accession: str | None = None, patient: str | None = None) -> Pick:
    """Return what picks the order that was named."""
    return named_entry(accession, patient, lambda _entry: None)


def few_samples() -> tuple[Path, ...]:
    """Return one image and one report."""
    return tuple(sample_folder() / name for name in ("images/echo-1.dcm", "sr/abdomen.dcm"))


def play(
    peer: Peer, samples: Sequence[Path] | None = None, **options: object
) -> tuple[SimulatedExam, list[str]]:
    """Play an exam; return its result and what the device showed."""
    shown: list[str] = []
    options.setdefault("behaviour", WITHOUT_STEPS)
    result = simulate(
        peer,
        station="US01",
        samples=samples or few_samples(),
        report=shown.append,
        **options,  # type: ignore[arg-type]
    )
    return result, shown


def test_exam_of_a_named_entry(core: Core, peer: Peer) -> None:
    """Every instance arrives with the order's patient, study and accession number."""
    entry = order("R0000000007")
    core.worklist.add(entry)
    result, shown = play(peer, sample_files(), pick=named("R0000000007"))
    assert (result.ok, result.AccessionNumber) == (True, "R0000000007")
    assert result.StudyInstanceUID == entry.StudyInstanceUID
    seen = {
        (
            ds.StudyInstanceUID,
            ds.AccessionNumber,
            ds.PatientID,
            str(ds.PatientName),
            ds.PatientBirthDate,
            ds.PatientSex,
            ds.StudyDescription,
        )
        for ds in core.instances()
    }
    assert seen == {
        (
            entry.StudyInstanceUID,
            "R0000000007",
            "12345",
            "Müller^Änne",
            "19580312",
            "F",
            "Schilddrüse",
        )
    }
    assert len(core.instances()) == len(sample_files()) == 7
    assert set(core.peers) == {"US01"}
    assert any("Müller^Änne" in line and "R0000000007" in line for line in shown)


def test_images_come_before_reports(core: Core, peer: Peer) -> None:
    """The device sends its images first, whatever the order of the files."""
    core.worklist.add(order("R0000000007"))
    samples = sample_files()[::-1]
    simulate(peer, station="US01", samples=samples, report=lambda _line: None)
    assert [ComprehensiveSRStorage == uid for uid in core.classes] == [False] * 4 + [True] * 3


def test_every_exam_has_identifiers_of_its_own(core: Core, peer: Peer) -> None:
    """Two exams share no instance and no series."""
    core.worklist.add(order("R0000000007"))
    play(peer)
    play(peer)
    instances = core.instances()
    assert len({ds.SOPInstanceUID for ds in instances}) == 4
    assert len({ds.SeriesInstanceUID for ds in instances}) == 4


@pytest.mark.parametrize(
    ("pick", "expected"),
    [
        (named("R0000000008"), "R0000000008"),
        (named(patient="12345"), "R0000000007"),
        (named("R0000000009", "777"), "R0000000009"),
    ],
    ids=["accession number", "patient number", "both"],
)
def test_named_order_is_taken(core: Core, peer: Peer, pick: Pick, expected: str) -> None:
    """An accession number, a patient number or both choose among the entries."""
    core.worklist.add(own_order("R0000000006"))
    core.worklist.add(order("R0000000007"))
    core.worklist.add(order("R0000000008"))
    core.worklist.add(order("R0000000009", patient="777"))
    result, shown = play(peer, pick=pick)
    assert result.AccessionNumber == expected
    (said,) = (line for line in shown if line.startswith("Untersuche / Examining"))
    assert expected in said
    assert "Müller^Änne" in said


@pytest.mark.parametrize(
    ("accession", "patient", "german", "english"),
    [
        ("R0000000099", None, "Kein Auftrag R0000000099 auf", "No order R0000000099 on"),
        (None, "999", "Kein Auftrag für Patient 999 auf", "No order of patient 999 on"),
        ("R0000000007", "999", "R0000000007 für Patient 999", "R0000000007 of patient 999"),
    ],
    ids=["accession number", "patient number", "both"],
)
def test_named_order_is_not_listed(
    core: Core, peer: Peer, accession: str | None, patient: str | None, german: str, english: str
) -> None:
    """The device says in both languages what is not on the list, and sends nothing."""
    core.worklist.add(own_order("R0000000006"))
    core.worklist.add(order("R0000000007"))
    with pytest.raises(SimulationError, match=english) as raised:
        play(peer, pick=named(accession, patient))
    assert german in str(raised.value)
    assert core.instances() == []


def test_somebody_may_still_say_no(core: Core, peer: Peer) -> None:
    """Whoever is asked sees the entry; the test patient's own needs no asking."""
    asked: list[str] = []

    def refuse(entry: Dataset) -> None:
        asked.append(str(entry.PatientID))
        raise SimulationError("no")

    core.worklist.add(own_order("R0000000006"))
    core.worklist.add(order("R0000000007"))
    with pytest.raises(SimulationError, match="no"):
        play(peer, pick=named_entry(None, "12345", refuse))
    assert core.instances() == []
    assert play(peer, pick=named_entry(None, "SIMULATION", refuse))[0].ok
    assert asked == ["12345"]


def test_own_test_patient_is_found_on_the_list(core: Core, peer: Peer) -> None:
    """Unless an order is named the device takes only that of its test patient."""
    core.worklist.add(order("R0000000007"))
    core.worklist.add(own_order("R0000000008"))
    result, shown = play(peer)
    assert result.AccessionNumber == "R0000000008"
    assert {ds.PatientID for ds in core.instances()} == {"SIMULATION"}
    assert any("Examining: R0000000008  SIMULATION  Testpatient" in line for line in shown)


@pytest.mark.parametrize(
    "listed",
    [
        (),
        (order("R0000000007"),),
        (order("R0000000007", patient="SIMULATION"),),
        (order("R0000000007", name="Testpatient^Simulation"),),
        (order("R0000000007", "Testpatient^Simulation", "US02", "SIMULATION"),),
    ],
    ids=["nothing", "somebody", "same number", "same name", "another station"],
)
def test_orders_of_others_are_left_alone(core: Core, peer: Peer, listed: tuple[Entry, ...]) -> None:
    """The test patient is then examined without an order, and the device says so."""
    for entry in listed:
        core.worklist.add(entry)
    result, shown = play(peer)
    assert result.AccessionNumber == ""
    seen = {(ds.PatientID, str(ds.PatientName), ds.AccessionNumber) for ds in core.instances()}
    assert seen == {("SIMULATION", "Testpatient^Simulation", "")}
    assert {entry.StudyInstanceUID for entry in listed}.isdisjoint({result.StudyInstanceUID})
    assert any("without an order: -  SIMULATION  Testpatient^Simulation" in line for line in shown)


def test_exam_without_the_worklist(core: Core, peer: Peer) -> None:
    """``pick=None`` asks no worklist, not even for the test patient; the study is nobody's."""
    core.worklist.add(own_order("R0000000007"))
    result, shown = play(peer, pick=None)
    assert result.AccessionNumber == ""
    assert {ds.StudyInstanceUID for ds in core.instances()} == {result.StudyInstanceUID}
    assert result.StudyInstanceUID != dcmread(few_samples()[0]).StudyInstanceUID
    assert not any("Worklist" in line for line in shown)


def test_refused_objects_are_shown(core: Core, peer: Peer) -> None:
    """Without further attempts a refusal stays one, and the result says so."""
    core.worklist.add(order("R0000000007"))
    core.refusals = 1
    result, shown = play(peer)
    assert [one.status for one in result.sent] == [0xA700, 0]
    assert not result.ok
    assert "C-STORE echo-1.dcm: A700" in shown


def test_device_repeats_what_was_refused(core: Core, peer: Peer) -> None:
    """With attempts left only what was refused is sent again, after growing pauses."""
    core.worklist.add(order("R0000000007"))
    core.refusals = 2
    pauses: list[float] = []
    device = SimulatedDevice(
        peer, "US01", lambda _line: None, attempts=4, behaviour=WITHOUT_STEPS, pause=pauses.append
    )
    assert device.examine(few_samples(), lambda entries: entries[0]).ok
    assert len(core.instances()) == 2
    assert pauses == [1.0, 2.0]


@dataclass
class Flaky:
    """A link that breaks a few times before it works."""

    failures: int

    def _break(self) -> None:
        if self.failures:
            self.failures -= 1
            raise PeerError("broken")

    def echo(self, peer: Peer) -> None:
        """Break, or echo."""
        self._break()
        network.echo(peer)

    def find_worklist(self, peer: Peer, query: Dataset) -> list[Dataset]:
        """Break, or find."""
        self._break()
        return network.find_worklist(peer, query)

    def store(self, peer: Peer, files: Sequence[Path]) -> list[tuple[Path, int]]:
        """Break, or store."""
        self._break()
        return network.store(peer, files)

    def break_off(self, peer: Peer, file: Path) -> None:
        """Never asked for."""
        raise NotImplementedError

    def create_step(self, peer: Peer, SOPInstanceUID: str, attributes: Dataset) -> StepAnswer:  # noqa: N803
        """Offer no steps."""
        raise PeerError("not offered")

    def set_step(self, peer: Peer, SOPInstanceUID: str, attributes: Dataset) -> int:  # noqa: N803
        """Never asked for."""
        raise NotImplementedError

    def request_commitment(
        self, peer: Peer, request: Dataset, *, wait_seconds: float = 0.0
    ) -> tuple[int, CommitmentResult | None]:
        """Never asked for."""
        raise NotImplementedError


class Deaf(Flaky):
    """A link over which nobody ever answers for anything."""

    def _break(self) -> None:
        """Never break."""

    def request_commitment(
        self, peer: Peer, request: Dataset, *, wait_seconds: float = 0.0
    ) -> tuple[int, CommitmentResult | None]:
        """Take the request, and no more."""
        return 0, None


@pytest.mark.parametrize(("failures", "pauses"), [(0, []), (1, [1.0]), (3, [1.0, 2.0, 4.0])])
def test_device_outlives_a_broken_network(
    core: Core, peer: Peer, failures: int, pauses: list[float]
) -> None:
    """Broken associations are tried again, each pause twice as long."""
    core.worklist.add(order("R0000000007"))
    waited: list[float] = []
    device = SimulatedDevice(
        peer,
        "US01",
        lambda _line: None,
        attempts=4,
        link=Flaky(failures),
        pause=waited.append,
    )
    assert device.examine(few_samples(), lambda entries: entries[0]).ok
    assert waited == pauses


def test_device_gives_up(peer: Peer) -> None:
    """When the last attempt fails too, its error comes through."""
    waited: list[float] = []
    link = Flaky(9)
    device = SimulatedDevice(
        peer, "US01", lambda _line: None, attempts=3, link=link, pause=waited.append
    )
    with pytest.raises(PeerError, match="broken"):
        device.examine(few_samples(), None)
    assert (waited, link.failures) == ([1.0, 2.0], 6)


def test_query_has_many_empty_keys_and_today() -> None:
    """The query names station, modality and day, and asks for dozens of keys it leaves empty."""
    query = worklist_query("US01", NOON)
    (step,) = query.ScheduledProcedureStepSequence
    today = NOON.strftime("%Y%m%d")
    assert (step.ScheduledStationAETitle, step.Modality) == ("US01", "US")
    assert step.ScheduledProcedureStepStartDate == f"{today}-{today}"
    assert sum(element.is_empty for element in query) >= 30
    assert {"StudyInstanceUID", "PatientID", "AccessionNumber"} <= set(query.dir())


def test_unknown_file_is_refused(core: Core, peer: Peer, tmp_path: Path) -> None:
    """What is not DICOM is named before anything is sent."""
    text = tmp_path / "notes.txt"
    text.write_text("no DICOM")
    with pytest.raises(SimulationError, match=r"notes\.txt"):
        simulate(peer, station="US01", samples=[text], report=lambda _line: None)


@pytest.mark.peer
def test_storescp_takes_the_exam(tmp_path: Path) -> None:
    """DCMTK's server receives the exam, and its SR reader reads the reports."""
    if shutil.which("storescp") is None:
        pytest.skip("storescp is not installed")
    port = free_port()
    command = ["storescp", "--output-directory", str(tmp_path), str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        peer = Peer("127.0.0.1", port, "STORESCP", "US01")
        wait_for(lambda: _listens(port), what="storescp listening")
        assert play(peer, sample_files(), pick=None)[0].ok
    finally:
        server.terminate()
        server.communicate(timeout=60)
    reports = [path for path in tmp_path.iterdir() if path.name.startswith("SR")]
    assert len(list(tmp_path.iterdir())) == 7
    for path in reports:
        done = subprocess.run(["dsrdump", str(path)], capture_output=True, check=False)
        assert (done.returncode, b"NUM:" in done.stdout) == (0, True)


@pytest.mark.peer
def test_orthanc_takes_the_exam_and_answers_for_it(tmp_path: Path) -> None:
    """Orthanc offers no steps, which stops nothing; its report of commitment makes it green."""
    port = free_port()
    shown: list[str] = []
    with orthanc(tmp_path, free_port()) as other:
        other.know(port, "US01")
        result = simulate(
            Peer("127.0.0.1", other.dicom_port, "ORTHANC", "US01"),
            station="US01",
            samples=few_samples(),
            report=shown.append,
            pick=None,
            behaviour=Behaviour(commitment=CommitmentWish(port, "127.0.0.1", seconds=60)),
        )
    assert (result.ok, result.is_green, result.step_statuses) == (True, True, ())
    assert NOT_OFFERED in shown
    assert GREEN in shown


def test_nobody_answers_for_the_exam(core: Core, peer: Peer) -> None:
    """A device that waits in vain says so, and is not satisfied; its objects are there."""
    shown: list[str] = []
    wish = CommitmentWish(0, "127.0.0.1", seconds=0.1)
    device = SimulatedDevice(
        peer,
        "US01",
        shown.append,
        behaviour=Behaviour(frozenset({"no-mpps"}), wish),
        link=Deaf(9),
    )
    result = device.examine(few_samples(), None)
    assert (result.ok, result.is_green) == (False, False)
    assert NOT_GREEN in shown
    assert len(core.instances()) == 2


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
