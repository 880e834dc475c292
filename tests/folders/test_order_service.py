"""The real service with a folder of orders, asked by a real device's program, and killed."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pydicom
import pytest

from gdtbridge.gdt.read.reader import read_records
from tests.tools.reception import record
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

ROUNDS = 1
ALL_ROUNDS = 6
QUICK = {"exam__quiet_seconds": "0.5", "orders__settle_seconds": "0.1"}


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Service]:
    """Return a running service."""
    with service(tmp_path, **QUICK) as running:
        yield running


def drop(bridge: Service, data: bytes, name: str = "PRAXGDTB.GDT") -> Path:
    """Write an order into the watched folder."""
    path = bridge.root / "var" / "gdt" / "in" / name
    path.write_bytes(data)
    return path


def entries(bridge: Service) -> list[pydicom.Dataset]:
    """Return the files of the worklist."""
    files = sorted((bridge.root / "var" / "worklist").glob("*.wl"))
    return [pydicom.dcmread(file, force=True) for file in files]


def asked(bridge: Service, folder: Path, *keys: str) -> pydicom.Dataset:
    """Return the one answer to a worklist query of DCMTK, as it came."""
    program = shutil.which("findscu")
    if program is None:
        pytest.skip("findscu (DCMTK) is not installed")
    folder.mkdir()
    options = [part for key in keys for part in ("-k", key)]
    target = ["127.0.0.1", str(bridge.ports["DICOM"])]
    command = [program, "-W", "-X", "-od", str(folder), *options, *target]
    subprocess.run(command, timeout=30, check=True, capture_output=True)
    (answer,) = folder.iterdir()
    return pydicom.dcmread(answer, force=True)


@pytest.mark.slow
@pytest.mark.peer
def test_from_a_file_to_the_device_and_back(bridge: Service, tmp_path: Path) -> None:
    """A CP437 order is right at the device in Latin-1 and UTF-8; its result names the order."""
    dropped = drop(bridge, record(f9206="2", f8310="F-17", f8402="SONO00", f8411="Abdomen"))
    wait_for(lambda: not dropped.exists() and len(entries(bridge)) == 1, what="the entry")

    latin = asked(bridge, tmp_path / "latin", "0010,0010", "0008,0050")
    utf8 = asked(bridge, tmp_path / "utf8", "0008,0005=ISO_IR 192", "0010,0010")
    assert latin.SpecificCharacterSet == "ISO_IR 100"
    assert latin.get_item("PatientName").value.rstrip() == "Müller^Änne".encode("iso8859-1")
    assert utf8.SpecificCharacterSet == "ISO_IR 192"
    assert utf8.get_item("PatientName").value.rstrip() == "Müller^Änne".encode()

    sent = bridge.command(
        *("simulate", "--port", str(bridge.ports["DICOM"])),
        *("--accession", str(latin.AccessionNumber), "--yes"),
    )
    assert sent.returncode == 0, sent.stderr
    out = bridge.gdt_out
    file = out / f"{latin.AccessionNumber}.gdt"
    wait_for(file.exists, what="the result")
    (result,) = read_records(file.read_bytes())
    assert result.patient.family_name == "Müller"
    assert (result.first("8310"), result.first("8402")) == ("F-17", "SONO00")


@pytest.mark.slow
def test_cancelling_asking_and_calling(bridge: Service, tmp_path: Path) -> None:
    """6303 takes the entry away, 6300 is answered, and the command speaks for the same service."""
    file = tmp_path / "CALL.GDT"
    file.write_bytes(record(f8310="F1"))
    called = bridge.command("order", str(file), "--wait", "0.2")
    assert called.returncode == 3, called.stderr
    (entry,) = entries(bridge)
    assert called.stdout.strip() == entry.AccessionNumber

    drop(bridge, record("6303", f8310="F1"))
    wait_for(lambda: entries(bridge) == [], what="the cancellation")

    drop(bridge, record("6301"))
    wait_for(lambda: bridge.rows("SELECT family_name FROM patient") != [], what="the patient")
    drop(bridge, record("6300"))
    wait_for(lambda: any(bridge.gdt_out.glob("stammdaten-*.gdt")), what="the answer")

    file.write_bytes(record(f3000=None))
    refused = bridge.command("order", str(file))
    assert refused.returncode == 1
    assert "Feld 3000" in refused.stderr
    assert bridge.command("order").returncode == 2
    assert "Müller" not in bridge.log.read_text()


@pytest.mark.kill
def test_killed_again_and_again(tmp_path: Path, *, exhaustive: bool) -> None:
    """Killed at any moment between a file and its entry, the service has each order once."""
    running = Service(tmp_path, **QUICK)
    running.start()
    rounds = ALL_ROUNDS if exhaustive else ROUNDS
    for number in range(rounds):
        for case in range(6):
            drop(running, record(f3000=f"P{number}", f8310=f"F{case}"), f"{number}{case}.GDT")
        enough = number * 6 + number % 6
        wait_for(partial(_has_more, running, enough), what="some of them")
        running.kill()
        running.start()
    inbox = tmp_path / "var" / "gdt" / "in"
    wait_for(lambda: list(inbox.iterdir()) == [], what="the rest")
    running.stop()
    counted = Counter(str(entry.PatientID) for entry in entries(running))
    assert counted == {f"P{number}": 6 for number in range(rounds)}
    numbers = {str(entry.AccessionNumber) for entry in entries(running)}
    assert len(numbers) == rounds * 6


def _has_more(running: Service, count: int) -> bool:
    """Return whether more than that many entries are on the worklist."""
    return len(entries(running)) > count
