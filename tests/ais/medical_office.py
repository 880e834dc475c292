"""Medical Office, as far as its users describe it: it fills variables into one line and runs it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.ais.conftest import Workstation

PHP = shutil.which("php")

PATIENT = {
    "Patient.PatID": "10042",
    "Patient.Geschlecht": "2",
    "Patient.Stammdaten.Geburtsdatum": "12.03.1958",
    "Patient.Stammdaten.Nachname": "Müller",
    "Patient.Stammdaten.Vorname": "Änne",
    "AArzt.Nachname": "O'Brien",
    "AArzt.Vorname": "Zoë",
}


def documented_line(project: Path, script: str) -> str:
    """Return the line docs/praxis/ais/medical-office.md tells to put into Medical Office."""
    text = (project / "docs" / "praxis" / "ais" / "medical-office.md").read_text(encoding="utf-8")
    (line,) = (row for row in text.splitlines() if row.startswith("{PHP}") and script in row)
    return line


def medical_office(
    workstation: Workstation, line: str, values: dict[str, str], encoding: str
) -> str:
    """Do what Medical Office does: put values into the line and run what stands in {PHP}.

    Returns what was printed, which Medical Office may take for a program to start.
    """
    for name, value in values.items():
        line = line.replace("{" + name + "}", value)
    code = line.removeprefix("{PHP}").removesuffix("{/PHP}").encode(encoding)
    code = code.replace(b"C:/GDT/export.gdt", os.fsencode(workstation.export))
    code = code.replace(b"C:/GDT/", os.fsencode(workstation.scripts) + b"/")
    # Twice in one process: nothing may be declared a second time.
    file = workstation.folder / "line.php"
    file.write_bytes(b"<?php " + code + b"\n" + code)
    done = workstation.run(str(PHP), "-d", "error_reporting=-1", str(file))
    assert done.returncode == 0
    assert done.stderr == ""
    return done.stdout
