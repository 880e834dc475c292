"""The whole bridge as its users meet it: a practice software, a device, and peers' programs."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from tests.tools.ports import free_port
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # starts whole services

STUDY = r"R\d{10}\.gdt"
"""Name of a study record: the accession number."""
SEED_URL = (
    "/worklist/add?id=12345&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1"
    "&modality=US&scheduledStation=US01&procedure=Abdomen&physician=Mustermann^Max"
)
KEYS = (
    *("0008,0005", "0008,0050", "0008,0080", "0008,0090", "0008,1110", "0010,0010", "0010,0020"),
    *("0010,0021", "0010,0030", "0010,0040", "0010,1030", "0010,2000", "0010,2110", "0010,21c0"),
    *("0010,4000", "0020,000d", "0032,1032", "0032,1033", "0032,1060", "0032,1064", "0038,0010"),
    *("0038,0050", "0038,0300", "0038,0500", "0040,1001", "0040,1003", "0040,1004", "0040,2400"),
)
STEP_KEYS = (
    *("0008,0060", "0032,1070", "0040,0001", "0040,0002", "0040,0003", "0040,0006", "0040,0007"),
    *("0040,0008", "0040,0009", "0040,0010", "0040,0011", "0040,0012", "0040,0400"),
)


def peer(program: str) -> str:
    """Return the path of a DCMTK program, or skip where there is none."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} (DCMTK) is not installed")
    return path


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Service]:
    """Return a running service with a short quiet time."""
    with service(tmp_path, exam__quiet_seconds="0.5") as running:
        yield running


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a running service for tests that only ask."""
    with service(tmp_path_factory.mktemp("listed")) as running:
        yield running


@pytest.fixture(scope="module")
def seed_answer(asked: Service) -> bytes:
    """Return the answer to the seed's URL, called once: a minute later it is another order."""
    return call(asked, SEED_URL)


@pytest.fixture(scope="module")
def listed(asked: Service, seed_answer: bytes) -> Service:
    """Return that service with the seed's patient on the list."""
    return asked


def call(bridge: Service, path: str) -> bytes:
    """Return the answer of the web server."""
    with urllib.request.urlopen(f"http://127.0.0.1:{bridge.ports['HTTP']}{path}") as response:
        return bytes(response.read())


def findscu(bridge: Service, *keys: str, port: int | None = None, aet: str = "ANY") -> list[str]:
    """Return the answers of a worklist query, as DCMTK prints them."""
    arguments = [part for key in keys for part in ("-k", key)]
    target = ["127.0.0.1", str(port or bridge.ports["DICOM"])]
    output = subprocess.run(
        [peer("findscu"), "-v", "-W", "-aec", aet, *arguments, *target],
        capture_output=True,
        timeout=30,
        check=True,
    )
    _, *answers = (output.stdout + output.stderr).decode("latin-1").split("Find Response:")
    return answers


def results(bridge: Service, count: int) -> dict[str, Record]:
    """Wait for ``count`` files in the practice's folder and read them; none may be odd."""
    wait_for(lambda: len(list(bridge.gdt_out.glob("*.gdt"))) >= count, what=f"{count} GDT files")
    records = {}
    for path in bridge.gdt_out.glob("*.gdt"):
        (record,) = read_records(path.read_bytes())
        assert record.warnings == ()
        records[path.name] = record
    return records


@pytest.mark.peer
@pytest.mark.parametrize(
    "keys",
    [
        ("0040,0100[0].0040,0001=US01",),
        ("0010,0010=do*",),
        ("0010,0010=D?e^J*",),
        ("0040,0100[0].0040,0002=20000101-20991231", "0040,0100[0].0008,0060=US"),
        ("0010,0020=12345",),
        (*KEYS, *(f"0040,0100[0].{key}" for key in STEP_KEYS)),
        ("0040,0100",),
    ],
)
def test_the_seeds_url_puts_a_patient_on_the_list(listed: Service, keys: tuple[str, ...]) -> None:
    """Every kind of query finds the patient."""
    (answer,) = findscu(listed, *keys)

    assert "[Doe^John]" in answer
    for key in keys:
        tag = key.split("=")[0].rpartition(".")[2].lower()
        assert f"({tag})" in answer or tag == "0008,0005"


@pytest.mark.peer
@pytest.mark.parametrize(
    "key", ["0040,0100[0].0040,0001=US02", "0010,0010=Doe^Jane", "0040,0100[0].0040,0002=19990101"]
)
def test_other_queries_do_not_find_the_patient(listed: Service, key: str) -> None:
    """A device sees only what is for it."""
    assert findscu(listed, key) == []


@pytest.mark.peer
def test_why_a_device_sees_nobody_is_told(listed: Service) -> None:
    """By a command beside the service, within seconds: which key, and what the entry says."""
    findscu(listed, "0040,0100[0].0008,0060=OT")

    def told() -> dict[str, Any]:
        done = listed.command("worklist", "why", "--device", "findscu", "--json")
        found = [one for one in json.loads(done.stdout) if "OT" in str(one["keys"])]
        return found[0] if found else {}

    wait_for(told, what="the query of findscu")
    (entry,) = told()["entries"]
    assert entry["patient_name"] == "Doe^John"
    (cause,) = entry["excluded_by"]
    assert (cause["path"][-1], cause["asked"], cause["stored"]) == ("Modality", ["OT"], ["US"])
    seen = listed.command("worklist", "preview", "--device", "findscu").stdout
    assert "Sieht jetzt:     kein Eintrag" in seen


def test_the_seeds_url_answers_with_gdt(seed_answer: bytes) -> None:
    """The patient is in the answer."""
    (record,) = read_records(seed_answer)
    assert record.record_type == "6310"
    assert record.patient.id == "12345"


@pytest.mark.peer
def test_wlmscpfs_serves_the_same_folder(bridge: Service, tmp_path: Path) -> None:
    """DCMTK's worklist server accepts every entry."""
    call(bridge, SEED_URL)
    call(bridge, SEED_URL.replace("Doe", "M%C3%BCller").replace("12345", "2"))
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "US01").symlink_to(tmp_path / "var" / "worklist")
    port = free_port()
    server = subprocess.Popen(
        [peer("wlmscpfs"), "-dfp", tmp_path / "served", str(port)], stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: _listens(port), what="start of wlmscpfs")
        answers = findscu(bridge, "0010,0010", "0040,0100[0].0040,0001", port=port, aet="US01")
    finally:
        server.kill()
        server.wait()
    assert len(answers) == 2


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.peer
def test_an_exam_from_order_to_result(bridge: Service, project: Path) -> None:
    """Order, worklist, images and report, and two files for the practice software."""
    call(bridge, SEED_URL)
    done = bridge.command(
        *("simulate", "--port", str(bridge.ports["DICOM"]), "--patient", "12345"),
        *_samples(project, "images/*", "sr/echo*"),
    )
    assert done.returncode == 0, done.stderr

    records = results(bridge, 2)

    (study,) = (record for name, record in records.items() if re.fullmatch(STUDY, name))
    (values,) = (record for name, record in records.items() if "-sr-" in name)
    assert study.patient.family_name == "Doe"
    assert "US: Abdomen" in study.all("6228")
    assert len(values.all("8420")) == len(values.all("8410")) > 10
    bridge.wait_until_ready()


@pytest.mark.peer
def test_a_report_arrives_with_its_page(
    tmp_path: Path, project: Path, poppler: Callable[..., str]
) -> None:
    """DCMTK sends a report; the value record names a PDF that is there and holds the values."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    with service(
        tmp_path,
        exam__quiet_seconds="0.5",
        gdt__dialect="medistar",
        gdt__attachments_folder=str(folder),
        gdt__report_attachment="true",
    ) as bridge:
        subprocess.run(
            [
                peer("storescu"),
                "127.0.0.1",
                str(bridge.ports["DICOM"]),
                *_samples(project, "sr/echo*"),
            ],
            check=True,
            timeout=30,
        )
        values = next(record for name, record in results(bridge, 2).items() if "-sr-" in name)
    (path,) = values.all("6305")
    assert Path(path).parent == folder
    text = poppler(Path(path).read_bytes(), "pdftotext", "-layout")
    assert all(value.replace(".", ",") in text for value in values.all("8420"))
    assert "Wójcik, Łukasz" in text


@pytest.mark.slow
def test_the_simulator_writes_into_no_chart_unasked(bridge: Service, project: Path) -> None:
    """With somebody on the list it examines its own test patient; a named one only after a yes."""
    call(bridge, SEED_URL)
    simulate = ("simulate", "--port", str(bridge.ports["DICOM"]))
    samples = _samples(project, "images/echo-1*")

    done = bridge.command(*simulate, *samples)
    assert done.returncode == 0, done.stderr
    assert "without an order: -  SIMULATION  Testpatient^Simulation" in done.stdout
    terminal, ours = pty.openpty()
    os.write(terminal, b"n\n")
    refused = subprocess.run(
        [sys.executable, "-m", "gdtbridge", *simulate, "--patient", "12345", *samples],
        stdin=ours,
        capture_output=True,
        encoding="utf-8",
        cwd=bridge.root,
        env=bridge.environment(),
        timeout=60,
        check=False,
    )
    os.close(terminal)
    os.close(ours)
    assert refused.returncode == 1
    assert "into the chart of 12345 Doe^John?" in refused.stdout

    (record,) = results(bridge, 1).values()
    assert record.patient.id == "SIMULATION"
    assert record.patient.family_name == "Testpatient"
    assert bridge.rows("SELECT DISTINCT patient_id FROM claim") == [("SIMULATION", "SIMULATION")]


def _samples(project: Path, *patterns: str) -> list[str]:
    return [str(path) for pattern in patterns for path in (project / "samples").glob(pattern)]


@pytest.mark.slow
def test_nothing_of_the_patient_is_in_the_log(bridge: Service, project: Path) -> None:
    """Name and number of the patient appear in no line of the log."""
    call(bridge, SEED_URL.replace("12345", "987654321"))
    port = str(bridge.ports["DICOM"])
    samples = _samples(project, "images/*", "sr/*")
    bridge.command("simulate", "--port", port, "--patient", "987654321", *samples)
    results(bridge, 2)

    log = bridge.log.read_text()
    assert "Doe" not in log
    assert "987654321" not in log
    assert "Abdomen" not in log


@pytest.mark.slow
def test_a_share_that_is_away_delays_and_loses_nothing(bridge: Service, project: Path) -> None:
    """The folder vanishes, the exam goes on, and the files come when it is back."""
    away = bridge.gdt_out.with_name("away")
    bridge.gdt_out.rename(away)
    call(bridge, SEED_URL)
    port = str(bridge.ports["DICOM"])
    samples = _samples(project, "images/*")
    bridge.command("simulate", "--port", port, "--patient", "12345", *samples)
    wait_for(lambda: "1 wartend" in str(bridge.readiness()), what="a waiting message")
    assert not bridge.gdt_out.exists()

    away.rename(bridge.gdt_out)

    (name,) = results(bridge, 1)
    assert re.fullmatch(STUDY, name)


def test_it_stops_when_asked(bridge: Service) -> None:
    """SIGTERM ends the service cleanly."""
    assert bridge.stop() == 0


def test_two_services_on_one_root_are_refused(listed: Service) -> None:
    """A second start says that the first one runs."""
    second = listed.command("serve")

    assert second.returncode == 1
    assert "schon" in second.stderr


@pytest.mark.slow
def test_commands_beside_the_service(bridge: Service) -> None:
    """The worklist can be kept from the command line while the service runs."""
    added = bridge.command(
        *("worklist", "add", "--id", "7", "--lastname", "Weiß", "--birthdate", "24.12.1958"),
        *("--procedure", "Schilddrüse"),
    )
    assert added.returncode == 0, added.stderr
    number = added.stdout.strip()
    wait_for(lambda: number.encode() in call(bridge, "/api/v1/worklist"), what="the entry")

    assert "Weiß" in bridge.command("worklist", "list").stdout
    assert bridge.command("worklist", "remove", number).returncode == 0
    assert bridge.command("worklist", "remove", number).returncode == 1
    assert bridge.command("check").returncode == 0
