"""A workstation: a copy of the scripts, its settings, and a bridge that keeps what it is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

TOKEN = "0123456789abcdef"
NAME = "Müller-Łukasz & Söhne \"x\"; rm -rf $(id) `id` '%PATH%'"
"""A family name that is a command to every careless program."""

EXPORT = (
    "01380006311\r\n014810000114\r\n014921802.10\r\n014300010042\r\n0153101Müller\r\n"
    "017620015012024\r\n0158402SONO00\r\n"
).encode("cp1252")
"""What practice software exports to see an exam."""

VIEWER = "weasis://%24dicom%3Ars+--url+%22http%3A%2F%2Fpacs%3A8042%22+-r+%22studyUID%3D1.2.3%22"

OPENED = """#!/bin/sh
printf '%s' "$1" >{folder}/opened
"""
WINDOW = """#!/bin/sh
[ -z "${{GDTAIS_ADRESSE+x}}" ] || printf '%s' "$GDTAIS_ADRESSE" >{folder}/opened
[ -z "${{GDTAIS_MELDUNG+x}}" ] || printf '%s' "$GDTAIS_MELDUNG" >{folder}/shown
"""


@dataclass(frozen=True)
class Workstation:
    """A folder of scripts beside a practice's shares."""

    folder: Path

    @property
    def scripts(self) -> Path:
        """Return where the scripts lie; a folder with a blank and an umlaut."""
        return self.folder / "GDT für alle"

    @property
    def orders(self) -> Path:
        """Return the folder gdtbridge reads orders from."""
        return self.folder / "Aufträge der Praxis"

    @property
    def export(self) -> Path:
        """Return the file the practice software writes."""
        return self.folder / "export 1 & 2.gdt"

    @property
    def opened(self) -> str:
        """Return the address a viewer was started with, or nothing."""
        return self._kept("opened")

    @property
    def shown(self) -> str:
        """Return the message the user saw in a window, or nothing."""
        return self._kept("shown")

    def _kept(self, name: str) -> str:
        file = self.folder / name
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def configure(self, **settings: str) -> None:
        """Write gdtbridge-ais.ini, with the line ends of Windows."""
        text = "; Einstellungen für Müller\r\n"
        text += "".join(f"{key} = {value}\r\n" for key, value in settings.items())
        (self.scripts / "gdtbridge-ais.ini").write_text(text, encoding="utf-8", newline="")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program as it would run in a practice: with nothing of the tests' own settings."""
        environment: Mapping[str, str] = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "http_proxy": "http://127.0.0.1:9",
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )


def program(file: Path, text: str) -> None:
    """Write a program and make it executable."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture
def workstation(project: Path, tmp_path: Path, httpserver: HTTPServer) -> Workstation:
    """Return a workstation whose settings name the bridge, with an export just written."""
    made = Workstation(tmp_path)
    shutil.copytree(project / "scripts" / "ais", made.scripts)
    made.orders.mkdir()
    made.export.write_bytes(EXPORT)
    program(tmp_path / "bin" / "xdg-open", OPENED.format(folder=tmp_path))
    program(tmp_path / "gdtbridge-fenster.sh", WINDOW.format(folder=tmp_path))
    made.configure(
        adresse=httpserver.url_for("").rstrip("/"),
        kennwort=TOKEN,
        auftragsordner=str(made.orders),
        wartezeit="5",
    )
    return made
