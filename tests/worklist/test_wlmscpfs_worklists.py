"""Random worklists and random queries: the bridge finds what DCMTK's ``wlmscpfs`` finds.

Both serve one folder by the network. Where they differ on purpose, the table of the documentation
has a row, and the row has a test here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import UID

from gdtbridge.devices import Caller
from gdtbridge.dicom.identifier import decode_dataset, encode_dataset
from gdtbridge.dicom.server import DicomServer
from gdtbridge.settings import DicomSettings
from tests.tools.device import WORKLIST, RawAssociation, find_rq
from tests.tools.dicom_server import Recorder
from tests.tools.elements import IMPLICIT
from tests.tools.ports import free_port
from tests.worklist.test_wlmscpfs_peer import AET, TOOLS, query_for, wait_for
from worklist import Entry, EntryDetails, Match, WorklistFolder, make_entry

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in TOOLS), reason="DCMTK is not installed"
    ),
]


@dataclass(frozen=True, slots=True)
class Twins:
    """The bridge and wlmscpfs on one folder."""

    folder: WorklistFolder
    ours: int
    theirs: int

    def fill(self, entries: list[Entry]) -> None:
        """Let the folder have these entries and no others."""
        for file in self.folder.path.glob("*.wl"):
            file.unlink()
        self.folder.refresh()
        for entry in entries:
            self.folder.add(entry)

    def ask(self, keys: Mapping[str, str], step: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Return the accession numbers both answer with, ours first."""
        query = encode_dataset(query_for(dict(keys), dict(step)), UID(IMPLICIT))
        ours, theirs = (sorted(found(port, query)) for port in (self.ours, self.theirs))
        return ours, theirs


def found(port: int, query: bytes) -> Iterator[str]:
    """Yield the accession number of each answer of a server."""
    association = RawAssociation(port)
    with association.associate([(WORKLIST, [IMPLICIT])], "US01", AET):
        association.message(1, find_rq(), query)
        while (answer := association.response()).status in {0xFF00, 0xFF01}:
            yield str(decode_dataset(answer.dataset, UID(IMPLICIT)).AccessionNumber)
        if answer.status:
            yield f"{answer.status:04X}"


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """Start both servers on one empty folder; stop them in the end."""
    root = tmp_path_factory.mktemp("twins")
    folder = WorklistFolder(root / AET, interval_seconds=0.0)
    server = DicomServer(DicomSettings(port=0), root / "spool", Recorder(root), Asked(folder))
    server.start()
    port, log = free_port(), root / "wlmscpfs.log"
    command = ["wlmscpfs", "-s", "-dhl", "-csk", "-dfp", str(root), str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(port, process, log)
        yield Twins(folder, server.port, port)
    finally:
        process.terminate()
        process.wait(60)
        server.stop(grace=0)


@dataclass(frozen=True, slots=True)
class Asked:
    """The folder as the DICOM server asks it, with the standard policy."""

    folder: WorklistFolder

    def find(self, query: Dataset, *, caller: Caller) -> Iterator[Match]:
        """Return the answers."""
        return self.folder.find(query, calling_aet=caller.aet)


MORNING = datetime.fromisoformat("2024-01-15 00:00:00")
NAMES = ["Meier^Anna", "Meier^Hans", "Meier", "Maier^Hans^^Dr.", "Oz", "von der Ohe^Eva"]
IDS = ["1", "12", "A 12", "123"]
STATIONS = ["US01", "US02", "CR01"]
MODALITIES = ["US", "CR", "OT"]
PHYSICIANS = ["", "Meier^A", "Arzt^B"]
DESCRIPTIONS = ["", "Abdomen"]


@st.composite
def entry_lists(draw: st.DrawFn) -> list[Entry]:
    """Return a worklist of up to six entries."""
    return [
        make_entry(
            AccessionNumber=f"R{number:010d}",
            PatientID=draw(st.sampled_from(IDS)),
            PatientName=draw(st.sampled_from(NAMES)),
            PatientBirthDate=draw(st.sampled_from([None, date(1951, 1, 1), date(1960, 12, 31)])),
            PatientSex=draw(st.sampled_from(["M", "F", "O", ""])),
            Modality=draw(st.sampled_from(MODALITIES)),
            ScheduledStationAETitle=draw(st.sampled_from(STATIONS)),
            RequestedProcedureDescription=draw(st.sampled_from(DESCRIPTIONS)),
            ScheduledPerformingPhysicianName=draw(st.sampled_from(PHYSICIANS)),
            scheduled=MORNING + timedelta(minutes=draw(st.integers(-1500, 1500))),
            details=EntryDetails(
                ReferringPhysicianName=draw(st.sampled_from(PHYSICIANS)),
                RequestingPhysician=draw(st.sampled_from(PHYSICIANS)),
                RequestedProcedurePriority=draw(st.sampled_from(["", "STAT", "ROUTINE"])),
            ),
        )
        for number in range(1, draw(st.integers(0, 6)) + 1)
    ]


NAME_KEYS = [*NAMES, "Meier*", "M?ier*", "*Hans*", "*", "Nobody"]
KEYS = {
    "PatientName": NAME_KEYS,
    "PatientID": [*IDS, "*", "9"],
    "PatientSex": ["M", "F", "O"],
    "PatientBirthDate": ["19510101", "19000101-", "-19550101", "19520101-19601231"],
    "AccessionNumber": ["R0000000001", "R000000000?", "R*", "X"],
    "RequestedProcedureID": ["R0000000002", "*3"],
    "ReferringPhysicianName": ["Meier*", "Arzt^B", "*"],
    "RequestingPhysician": ["M*", "Arzt^?"],
    "RequestedProcedurePriority": ["STAT", "ROUTINE"],
}
STEP_KEYS = {
    "Modality": [*MODALITIES, "MR"],
    "ScheduledStationAETitle": [*STATIONS, "NONE"],
    "ScheduledPerformingPhysicianName": ["Meier^A", "M*", "*"],
    "ScheduledProcedureStepStartDate": [
        *("20240115", "20240114", "20240114-20240115", "-20240115", "20240115-"),
        "20240116-20240114",
    ],
    "ScheduledProcedureStepStartTime": ["000000", "08-12", "-12", "12-", "0000-235959"],
}
DAY, TIME = "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime"


def some(keys: dict[str, list[str]]) -> st.SearchStrategy[dict[str, str]]:
    """Draw any of the keys, each with one of its values."""
    return st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in keys.items()})


@pytest.mark.law
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(entries=entry_lists(), queries=st.lists(st.tuples(some(KEYS), some(STEP_KEYS)), max_size=4))
def test_both_find_the_same(
    twins: Twins, entries: list[Entry], queries: list[tuple[dict[str, str], dict[str, str]]]
) -> None:
    """Whatever the list and the keys, so long as those are well-formed and none of a difference."""
    twins.fill(entries)
    for keys, step in queries:
        if "-" in step.get(DAY, "") and TIME in step:
            continue  # two keys here, one range there
        ours, theirs = twins.ask(keys, step)
        assert ours == theirs


def entry(**changes: object) -> Entry:
    """Return the entry each difference is shown with."""
    values: dict[str, object] = {
        "AccessionNumber": "R1",
        "PatientID": "4711",
        "PatientName": "Meier^Anna",
        "PatientSex": "F",
        "RequestedProcedureDescription": "Abdomen",
        "scheduled": MORNING + timedelta(hours=8),
        **changes,
    }
    return make_entry(**values)  # type: ignore[arg-type]


def with_second_step(dataset: Dataset) -> None:
    """Add a step at another station."""
    step = deepcopy(dataset.ScheduledProcedureStepSequence[0])
    step.ScheduledStationAETitle, step.ScheduledProcedureStepID = "US02", "2"
    dataset.ScheduledProcedureStepSequence.append(step)


def without_description(dataset: Dataset) -> None:
    """Take what says what is to be done."""
    del dataset.RequestedProcedureDescription
    del dataset.ScheduledProcedureStepSequence[0].ScheduledProcedureStepDescription


def without_time(dataset: Dataset) -> None:
    """Take the start time and the procedure's ID."""
    del dataset.RequestedProcedureID
    del dataset.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime


MUELLER: dict[str, object] = {"PatientName": "Müller^Anna"}
Change = Callable[[Dataset], None]
DIFFERENCES: dict[str, list[tuple[dict[str, object] | Change, dict[str, str], dict[str, str], int]]]
DIFFERENCES = {
    # row of the table: what the entry is, what is asked, how many answers there are here
    "name in another case": [({}, {"PatientName": "MEIER^ANNA"}, {}, 1)],
    "name with trailing carets": [({}, {"PatientName": "Meier^Anna^^^"}, {}, 1)],
    "name without marks": [
        (MUELLER, {"PatientName": "Muller^Anna"}, {}, 1),
        (MUELLER, {"PatientName": "Mueller*"}, {}, 1),
    ],
    "one component group of several": [
        ({"PatientName": "Wang^X=王^小"}, {"PatientName": "Wang^X"}, {}, 1)
    ],
    "wildcard in an identifier": [
        ({}, {"PatientID": "47*"}, {}, 1),
        ({}, {}, {"ScheduledStationAETitle": "US*"}, 1),
        ({}, {}, {"Modality": "U?"}, 1),
    ],
    "several values in a key": [({}, {}, {"Modality": "CR\\US"}, 1)],
    "old date or time": [({}, {}, {DAY: "2024.01.15"}, 1), ({}, {}, {TIME: "08:00:00"}, 1)],
    "malformed key": [({}, {}, {DAY: "heute"}, 1), ({}, {"PatientBirthDate": "1950"}, {}, 1)],
    "description, step ID, status, study UID": [
        ({}, {"RequestedProcedureDescription": "Leber"}, {}, 0),
        ({}, {"StudyInstanceUID": "1.2.3"}, {}, 0),
        ({}, {}, {"ScheduledProcedureStepID": "9"}, 0),
        ({}, {}, {"ScheduledProcedureStepStatus": "STARTED"}, 0),
    ],
    "range of days with a time": [({}, {}, {DAY: "20240114-20240116", TIME: "12-13"}, 0)],
    "file with two steps": [
        (with_second_step, {}, {}, 2),
        (with_second_step, {}, {"ScheduledStationAETitle": "US02"}, 1),
    ],
    "file without description or code": [(without_description, {}, {}, 1)],
    "file without a time or procedure ID": [(without_time, {}, {}, 1)],
}


@pytest.mark.parametrize("row", sorted(DIFFERENCES))
def test_a_difference_is_as_documented(twins: Twins, row: str) -> None:
    """The bridge answers as its column says; wlmscpfs does not give the same answer."""
    for made, keys, step, count in DIFFERENCES[row]:
        twins.fill([entry(**made) if isinstance(made, dict) else entry()])
        if callable(made):
            foreign(twins.folder, made)
        ours, theirs = twins.ask(keys, step)
        assert ours == ["R1"] * count, (keys, step)
        assert theirs != ours, (keys, step)


def foreign(folder: WorklistFolder, change: Change) -> None:
    """Let the one entry of the folder be a file of another program that is changed."""
    (file,) = folder.path.glob("*.wl")
    dataset = dcmread(file)
    change(dataset)
    file.unlink()
    dcmwrite(folder.path / "other.wl", dataset, enforce_file_format=True)
    folder.refresh()


def test_every_difference_of_the_documentation_is_shown(project: Path) -> None:
    """And none is shown that it does not tell."""
    page = (project / "docs" / "reference" / "worklist.md").read_text("utf-8")
    _, _, table = page.partition("### Differences from wlmscpfs")
    rows = re.findall(r"^\| (?!key or file)([^|]+?) \|", table.partition("\n## ")[0], re.MULTILINE)
    assert rows == list(DIFFERENCES)
