"""The scripts against the real bridge: what a click in the practice puts on the worklist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from tests.ais.conftest import TOKEN, Workstation
from tests.ais.medical_office import PATIENT, PHP, documented_line, medical_office
from tests.tools.service import Service, service
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # starts whole services


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Service]:
    """Return a running bridge that wants a password."""
    with service(tmp_path, http__token=TOKEN, orders__settle_seconds="0.1") as running:
        yield running


def worklist(bridge: Service) -> list[pydicom.Dataset]:
    """Return the entries a device would be told."""
    files = sorted((bridge.root / "var" / "worklist").glob("*.wl"))
    return [pydicom.dcmread(file, force=True) for file in files]


@pytest.mark.skipif(PHP is None, reason="php is not installed")
@pytest.mark.parametrize("name", ["Müller", "O'Brien", 'Weiß "& Söhne"'])
def test_the_line_of_medical_office_puts_the_patient_on_the_worklist(
    project: Path, workstation: Workstation, bridge: Service, name: str
) -> None:
    """Clicked twice, it is one entry, with the name as it is written."""
    workstation.configure(adresse=f"http://127.0.0.1:{bridge.ports['HTTP']}", kennwort=TOKEN)
    values = PATIENT | {"Patient.Stammdaten.Nachname": name}
    line = documented_line(project, "worklist.php")
    assert medical_office(workstation, line, values, "cp1252") == ""
    (entry,) = worklist(bridge)
    assert workstation.shown == ""
    assert (entry.PatientID, str(entry.PatientName)) == ("10042", f"{name}^Änne")
    assert (entry.PatientBirthDate, entry.PatientSex) == ("19580312", "F")
    assert entry.RequestedProcedureDescription == "Abdomen"


@pytest.mark.skipif(PHP is None, reason="php is not installed")
def test_the_bridge_says_why_it_refuses(
    project: Path, workstation: Workstation, bridge: Service
) -> None:
    """A wrong password and a day that is none are sentences on the screen."""
    line = documented_line(project, "worklist.php")
    address = f"http://127.0.0.1:{bridge.ports['HTTP']}"
    workstation.configure(adresse=address, kennwort=TOKEN)
    medical_office(
        workstation, line, PATIENT | {"Patient.Stammdaten.Geburtsdatum": "31.02.1958"}, "cp1252"
    )
    assert "birthdate" in workstation.shown
    workstation.configure(adresse=address, kennwort="something else entirely")
    medical_office(workstation, line, PATIENT, "cp1252")
    assert workstation.shown.startswith("Der Auftrag ist NICHT bestätigt.")
    assert "birthdate" not in workstation.shown
    assert worklist(bridge) == []


def test_a_handed_over_order_is_taken(
    project: Path, workstation: Workstation, bridge: Service
) -> None:
    """The bridge takes the file the script leaves in its folder."""
    folder = bridge.root / "var" / "gdt" / "in"
    workstation.configure(auftragsordner=str(folder))
    order = project / "samples" / "gdt" / "abdomen-order-cp437.gdt"
    workstation.export.write_bytes(order.read_bytes())
    done = workstation.run("sh", str(workstation.scripts / "auftrag.sh"), str(workstation.export))
    assert (done.returncode, done.stderr) == (0, "")
    wait_for(lambda: bool(worklist(bridge)), what="the entry")
    (entry,) = worklist(bridge)
    assert str(entry.PatientName) == "Müller^Änne"
    wait_for(lambda: not list(folder.iterdir()), what="the empty folder")
