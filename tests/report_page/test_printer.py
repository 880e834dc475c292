"""The printing process: pages arrive, errors are about the sheet, nothing heavy is loaded here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gdtbridge.report_page import PageFormat, PagePrinter
from gdtbridge.sr import ReportLimitError
from tests.report_page.conftest import sheet_of_file
from tests.sr.builder import dataset, echo_section, num, write

pytestmark = pytest.mark.slow  # starts children with typesetting

ECHO = "samples/sr/echo.dcm"


def test_pages_arrive_from_the_child(project: Path) -> None:
    """Both formats; two children print the same bytes."""
    sheet = sheet_of_file(project / ECHO)
    with PagePrinter() as first, PagePrinter() as second:
        page = first.print(sheet, PageFormat.HTML)
        assert page.startswith(b"<!DOCTYPE html>")
        assert "Wójcik" in page.decode()
        paper = first.print(sheet, PageFormat.PDF)
        assert paper.startswith(b"%PDF-")
        assert paper == second.print(sheet, PageFormat.PDF)
        assert len(first.processes()) == 1


def test_late_child_costs_its_page_only(project: Path) -> None:
    """A page that takes too long is a limit, the next one is printed; after the end there is none.

    The child is stopped, so the sheet, longer than a pipe, is never read.
    """
    sheet = sheet_of_file(project / ECHO)
    with PagePrinter(seconds=6) as printer:
        printer.print(sheet, PageFormat.PDF)
        os.kill(printer.processes()[0], signal.SIGSTOP)
        with pytest.raises(ReportLimitError):
            printer.print(sheet, PageFormat.PDF)
        assert printer.print(sheet, PageFormat.PDF)
    with pytest.raises(ReportLimitError):
        printer.print(sheet, PageFormat.PDF)


@pytest.mark.slow
def test_five_thousand_values_take_seconds_and_little_memory(tmp_path: Path) -> None:
    """The largest report there is delays nobody for long."""
    numbers = [num(f"99X|{at}|Messwert {at}", f"{at}.25", "mm") for at in range(5000)]
    sheet = sheet_of_file(write(dataset(echo_section(*numbers)), tmp_path / "big.dcm"))
    with PagePrinter() as printer:
        begun = time.monotonic()
        assert len(printer.print(sheet, PageFormat.PDF)) < 2_000_000
        assert time.monotonic() - begun < 60
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
