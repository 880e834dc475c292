"""From a device to the chart and back to the viewer: the study that opens is the one meant."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from tests.tools.elements import identification, part10
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow

PACS = "http://pacs:8042"
STUDIES = {
    "2.25.901": {"StudyTime": "081500", "AccessionNumber": "A1"},
    "2.25.902": {"StudyTime": "101530.125", "AccessionNumber": ""},
    "2.25.903": {"StudyTime": "081500", "AccessionNumber": "A3", "PatientID": "4712"},
}
"""Two of one patient on one day, and a neighbour's at the same time."""


@pytest.fixture(scope="module", params=["gdt21", "gdt31", "medical-office", "x-comfort"])
def bridge(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Return a running service whose studies a peer has sent and that has reported them."""
    folder = tmp_path_factory.mktemp("bridge")
    settings = {"gdt__dialect": str(request.param), "viewer__kind": "ohif", "viewer__base": PACS}
    with service(folder, exam__quiet_seconds="0.2", **settings) as running:
        send(running, folder)
        wait_for(lambda: len(list(running.gdt_out.glob("*.gdt"))) == 3, what="three results")
        yield running


def send(bridge: Service, folder: Path) -> None:
    """Send every study with DCMTK's storescu."""
    program = shutil.which("storescu")
    if program is None:
        pytest.skip("storescu (DCMTK) is not installed")
    files = [
        part10(
            folder / f"{uid}.dcm",
            identification(StudyInstanceUID=uid, SOPInstanceUID=f"{uid}.1", **values),
        )
        for uid, values in STUDIES.items()
    ]
    target = ["127.0.0.1", str(bridge.ports["DICOM"])]
    subprocess.run([program, *target, *files], check=True, timeout=30)


def opened(bridge: Service, *arguments: str) -> str:
    """Return the Study Instance UID that ``gdtbridge open`` opens."""
    address = f"http://127.0.0.1:{bridge.ports['HTTP']}"
    done = bridge.command("open", "--print", "--bridge", address, *arguments)
    assert done.returncode == 0, done.stderr
    url, _, uid = done.stdout.strip().partition("=")
    assert url == f"{PACS}/viewer?StudyInstanceUIDs"
    return uid


def results(bridge: Service) -> dict[Path, Record]:
    """Return the files in the practice's folder and the record in each."""
    return {path: read_records(path.read_bytes())[0] for path in bridge.gdt_out.glob("*.gdt")}


@pytest.mark.peer
def test_each_result_opens_its_own_study(bridge: Service) -> None:
    """What we wrote into the chart, exported as it is, opens the study it reported."""
    times = {"081500": "2.25.901", "101530": "2.25.902"}
    for path, record in results(bridge).items():
        neighbour = record.patient.id == "4712"
        expected = "2.25.903" if neighbour else times[str(record.first("8439"))]
        assert opened(bridge, str(path)) == expected


def written(folder: Path, *lines: str) -> Path:
    """Return a file of these GDT lines."""
    file = folder / "export.gdt"
    file.write_bytes(b"".join(f"{len(line) + 5:03d}{line}\r\n".encode() for line in lines))
    return file


@pytest.mark.peer
def test_an_export_of_the_practice_softwares_own(bridge: Service, tmp_path: Path) -> None:
    """Number, day and minute are enough, also for the study no accession number tells apart."""
    lines = ("80006311", "30004711", "843215012024", "84391015")
    file = written(tmp_path, *lines)
    assert opened(bridge, str(file)) == "2.25.902"
    assert opened(bridge, "--patient", "4712") == "2.25.903"


@pytest.mark.peer
def test_an_export_that_names_another_person(bridge: Service, tmp_path: Path) -> None:
    """One patient's number with another's name and birth date opens nothing and says so."""
    lines = ("80006311", "30004711", "3101Omega", "310301011950", "843215012024", "84391015")
    file = written(tmp_path, *lines)
    address = f"http://127.0.0.1:{bridge.ports['HTTP']}"
    done = bridge.command("open", "--print", "--bridge", address, str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "gdtbridge: Die Nummer gehört zu einer anderen Person: Nachname und Geburtsdatum sind"
        " andere. / The number is another person's: family name and birth date differ.\n"
    )
