"""The printing process: sheets arrive, errors are about the file, nothing heavy is loaded here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from gdtbridge.report_page import Form, Person, Printer
from gdtbridge.sr import NotAReportError, ReportLimitError, UnreadableReportError
from tests.sr.builder import dataset, echo_section, num, write

ECHO = "samples/sr/echo.dcm"


def test_sheets_arrive_from_the_child(project: Path) -> None:
    """Both forms with their German title; two children print the same bytes."""
    with Printer() as first, Printer() as second:
        page = first.print(project / ECHO, Form.HTML)
        assert page.data.startswith(b"<!DOCTYPE html>")
        assert page.title == "Messwerte Echokardiographie 21.03.2024"
        paper = first.print(project / ECHO, Form.PDF)
        assert paper.data.startswith(b"%PDF-")
        assert paper == second.print(project / ECHO, Form.PDF)
        assert len(first.processes()) == 1


def test_person_and_own_rows_reach_the_sheet(project: Path) -> None:
    """What the practice knows and calls things is what is printed."""
    rows = ({"id": "LVIDD", "name": "LV innen", "unit": "cm", "decimals": "2"},)
    with Printer(rows) as printer:
        person = Person("8", "Weiß, Günther", date(1949, 11, 5), "R7")
        page = printer.print(project / ECHO, Form.HTML, person).data.decode()
    assert "LV innen" in page
    assert "4,82" in page
    assert "Weiß, Günther" in page
    assert "Wójcik" not in page


def test_errors_are_those_of_reading(project: Path, tmp_path: Path) -> None:
    """No report, no DICOM, no time: each its error, and the next file is printed."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with Printer(seconds=3) as printer:
        with pytest.raises(NotAReportError):
            printer.print(project / "samples/images/echo-1.dcm", Form.PDF)
        with pytest.raises((NotAReportError, UnreadableReportError)):
            printer.print(project / "README.md", Form.PDF)
        with pytest.raises(ReportLimitError):
            printer.print(pipe, Form.PDF)
        assert printer.print(project / ECHO, Form.PDF).data
    with pytest.raises(ReportLimitError):
        printer.print(project / ECHO, Form.PDF)


def test_five_thousand_values_take_seconds_and_little_memory(tmp_path: Path) -> None:
    """The largest report there is delays nobody for long."""
    numbers = [num(f"99X|{at}|Messwert {at}", f"{at}.25", "mm") for at in range(5000)]
    file = write(dataset(echo_section(*numbers)), tmp_path / "big.dcm")
    with Printer() as printer:
        begun = time.monotonic()
        assert len(printer.print(file, Form.PDF).data) < 2_000_000
        assert time.monotonic() - begun < 20
        (pid,) = printer.processes()
        status = Path(f"/proc/{pid}/status").read_text()
    assert int(status.partition("VmHWM:")[2].split()[0]) < 200_000


def test_the_service_loads_no_typesetting() -> None:
    """ReportLab and its fonts are in the child's memory only."""
    script = (
        "import sys, gdtbridge.service, gdtbridge.report_page\n"
        "assert 'reportlab' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
