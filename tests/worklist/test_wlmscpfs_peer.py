"""DCMTK's worklist server on the same folder: it accepts every file and finds the same entries."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom import config, dcmread, dcmwrite
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.tools.ports import free_port
from worklist import Entry, MatchPolicy, WorklistFolder, make_entry

Make = Callable[..., Entry]

TOOLS = ("wlmscpfs", "findscu", "echoscu")

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in TOOLS),
        reason="DCMTK's wlmscpfs, findscu and echoscu are not installed",
    ),
]

AET = "WL"


@dataclass(frozen=True, slots=True)
class Peer:
    """A running wlmscpfs that serves ``folder``."""

    folder: WorklistFolder
    port: int
    log: Path

    def find(self, query: Dataset) -> list[Dataset]:
        """Return its answers."""
        with TemporaryDirectory() as scratch:
            keys = Path(scratch) / "query.dcm"
            query.file_meta = FileMetaDataset()
            query.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            query.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.31")
            query.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
            dcmwrite(keys, query, enforce_file_format=True)
            command = ["findscu", "-W", "-X", "-od", scratch, "-aec", AET]
            done = subprocess.run(
                [*command, "127.0.0.1", str(self.port), str(keys)],
                capture_output=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr.decode(errors="replace")
            return [dcmread(path) for path in sorted(Path(scratch).glob("rsp*.dcm"))]


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Start wlmscpfs on a fresh worklist folder and stop it in the end."""
    root = tmp_path_factory.mktemp("wlmscpfs")
    folder = WorklistFolder(root / AET, interval_seconds=0.0)
    port, log = free_port(), root / "wlmscpfs.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["wlmscpfs", "-d", "-s", "-dhl", "-csk", "-dfp", str(root), str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(port, process, log)
        yield Peer(folder, port, log)
    finally:
        process.terminate()
        process.wait(60)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers a C-ECHO; show its log when it died."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")
        echo = ["echoscu", "-to", "1", "-aec", AET, "127.0.0.1", str(port)]
        if subprocess.run(echo, capture_output=True, check=False, timeout=60).returncode == 0:
            return
    pytest.fail(f"wlmscpfs does not answer:\n{log.read_text(errors='replace')}")


def query_for(values: dict[str, str], step_values: dict[str, str]) -> Dataset:
    """Return a query for accession number and the given keys."""
    query, step = Dataset(), Dataset()
    query.AccessionNumber = None
    step.Modality = None
    for dataset, keys in ((query, values), (step, step_values)):
        for keyword, value in keys.items():
            dataset.add(
                DataElement(keyword, dictionary_VR(keyword), value, validation_mode=config.IGNORE)
            )
    query.ScheduledProcedureStepSequence = [step]
    return query


def accessions(answers: list[Dataset]) -> set[str]:
    """Return the accession numbers of answers."""
    return {str(answer.AccessionNumber) for answer in answers}


VARIED: tuple[dict[str, object], ...] = (
    {"PatientName": "Meier^Anna", "PatientID": "1", "PatientSex": "F"},
    {"PatientName": "Meier^Hans", "PatientID": "12", "PatientSex": "M"},
    {"PatientName": "Maier^Hans^^Dr.", "PatientID": "A 12", "PatientSex": ""},
    {"PatientName": "Müller^Jürgen", "PatientID": "123", "PatientBirthDate": None},
    {"PatientName": "Żółć^Łukasz", "PatientID": "x*y", "ScheduledStationAETitle": "US02"},
    {"PatientName": "Oz", "PatientID": "0", "Modality": "CR", "ScheduledStationAETitle": "CR01"},
    {"PatientName": "von der Ohe^Eva", "RequestedProcedureDescription": ""},
    {"PatientName": "Meier", "ScheduledPerformingPhysicianName": "Meier^A"},
)
STARTS = (
    "2024-01-14 23:59:59",
    "2024-01-15 00:00:00",
    "2024-01-15 08:30:00",
    "2024-01-15 11:30:59",
    "2024-01-15 12:00:01",
    "2024-01-16 08:30:00",
    "2024-02-29 12:00:00",
    "2023-12-31 23:00:00",
)


ALL = {f"R{number:010d}" for number in range(1, 9)}


@pytest.fixture(scope="module")
def filled(peer: Peer) -> Peer:
    """Put eight entries of all kinds into the folder."""
    for number, (changes, start) in enumerate(zip(VARIED, STARTS, strict=True), 1):
        values: dict[str, object] = {
            "AccessionNumber": f"R{number:010d}",
            "PatientID": str(4710 + number),
            "PatientBirthDate": date(1950 + number, number, number),
            "PatientSex": "M",
            "RequestedProcedureDescription": "Abdomen",
            "scheduled": datetime.fromisoformat(start),
            **changes,
        }
        peer.folder.add(make_entry(**values))  # type: ignore[arg-type]
    return peer


def test_it_accepts_and_returns_every_entry(filled: Peer) -> None:
    """No file is incomplete for it, also those without a description or in other letters."""
    assert accessions(filled.find(query_for({}, {}))) == ALL
    log = filled.log.read_text(errors="replace")
    assert "is complete" in log
    assert "incomplete" not in log
    assert "is missing" not in log


def test_its_answers_carry_the_names(filled: Peer) -> None:
    """With the files' own character set, names arrive whole."""
    answers = filled.find(query_for({"PatientName": ""}, {}))
    names = {str(answer.AccessionNumber): str(answer.PatientName) for answer in answers}
    assert names["R0000000004"] == "Müller^Jürgen"
    assert names["R0000000005"] == "Żółć^Łukasz"


TEXT_KEYS = {
    "PatientName": ["Meier^Anna", "Meier*", "M?ier*", "*Hans*", "Meier", "?z", "Nobody"],
    "PatientID": ["1", "12", "A 12", "4711", "*"],
    "PatientSex": ["M", "F", "O"],
    "AccessionNumber": ["R0000000001", "R000000000?", "R*", "R1"],
    "RequestedProcedureID": ["R0000000002", "*3"],
    "PatientBirthDate": ["19510101", "19000101-", "19520101-19560101", "-19520202"],
}
STEP_KEYS = {
    "Modality": ["US", "CR", "MR"],
    "ScheduledStationAETitle": ["US01", "US02", "NONE"],
    "ScheduledPerformingPhysicianName": ["Meier^A", "M*", "*"],
}
DATES = ["20240115", "20240101-20240131", "-20240115", "20240115-", "20240116-20240114"]
TIMES = ["083000", "0830", "08-12", "-12", "12-", "0000-235959", "2200-0600", "113059"]


def some(keys: dict[str, list[str]], most: int) -> st.SearchStrategy[dict[str, str]]:
    """Draw a few keys with one of their values each."""
    return st.lists(st.sampled_from(sorted(keys)), max_size=most, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: st.sampled_from(keys[name]) for name in names})
    )


@pytest.mark.law
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=some(TEXT_KEYS, 2),
    step_values=some(STEP_KEYS, 1),
    start_date=st.sampled_from(["", *DATES]),
    start_time=st.sampled_from(["", *TIMES]),
)
def test_both_find_the_same(
    filled: Peer,
    values: dict[str, str],
    step_values: dict[str, str],
    start_date: str,
    start_time: str,
) -> None:
    """Any combination of well-formed keys gives the same entries from both servers."""
    # DCMTK ends such a range at the last day's midnight, before that day instead of after it
    assume(not (re.fullmatch(r"\d+-\d+", start_date) and start_time.endswith("-")))
    step = {
        **step_values,
        "ScheduledProcedureStepStartDate": start_date,
        "ScheduledProcedureStepStartTime": start_time,
    }
    query = query_for(values, step)
    policy = MatchPolicy(combined_start=True)
    ours = accessions([match.dataset for match in filled.folder.find(query, policy=policy)])
    assert ours == accessions(filled.find(query))


def test_it_sees_an_entry_go(peer: Peer, make: Make) -> None:
    """What is removed here is not served there."""
    entry = make(AccessionNumber="R0000000077", PatientID="gone")
    query = query_for({"PatientID": "gone"}, {})
    peer.folder.add(entry)
    assert accessions(peer.find(query)) == {"R0000000077"}
    peer.folder.remove("R0000000077")
    assert accessions(peer.find(query)) == set()
