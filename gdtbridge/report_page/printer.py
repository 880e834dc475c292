"""Prints sheets in child processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gdtbridge.report_page.sheet import PageFormat, ReportSheet
from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.room import MEBIBYTE, SandboxRoom, SandboxTask, SandboxTexts
from gdtbridge.sr import ReportHindered, ReportLimitError, UnreadableReportError

ADD_STRIP: Final = SandboxTask("gdtbridge.report_page.strip:with_strip", bytes)
PRINT_SHEET: Final = SandboxTask("gdtbridge.report_page.printing:print_sheet", bytes)
PRINT_TOGETHER: Final = SandboxTask("gdtbridge.report_page.printing:print_together", bytes)

PAGES: Final = SandboxRoom(
    place=f"{__name__}:PAGES",
    tasks=(PRINT_SHEET, PRINT_TOGETHER, ADD_STRIP),
    errors=(UnreadableReportError, ReportLimitError, ReportHindered),
    damage=UnreadableReportError,
    limit=ReportLimitError,
    hindered=ReportHindered,
    texts=SandboxTexts(
        failed="Der Bericht lässt sich nicht drucken. / Cannot be printed: ",
        memory="Der Bericht braucht zu viel Speicher. / Too much memory needed.",
        too_large="Der Bericht ist zu groß. / The report is too large.",
        nonsense="Der Druckprozess antwortet Unsinn. / The printing process answers nonsense.",
    ),
    prepare="gdtbridge.report_page.printing:prepare_child",
    max_text=64 * 1024,
    max_body=32 * MEBIBYTE,
)
"""Children with ReportLab or Jinja2; the sheet of 20,000 measurements takes less than 32 MiB."""


class PagePrinter(SandboxClient):
    """Prints sheets in child processes; threads may share one object."""

    room = PAGES

    def print(self, sheet: ReportSheet, page_format: PageFormat) -> bytes:
        """Return the file of a sheet; raise `ReportError` and nothing else."""
        return self.call(PRINT_SHEET, sheet=sheet, page_format=page_format)

    def print_together(self, sheets: Sequence[ReportSheet]) -> bytes:
        """Return one HTML file of several sheets; raise `ReportError` and nothing else."""
        return self.call(PRINT_TOGETHER, sheets=tuple(sheets))

    def with_strip(self, picture: Path, lines: tuple[str, ...]) -> bytes:
        """Return the JPEG of a picture's file with a white strip of lines below it.

        Raises `ReportError` and nothing else.
        """
        return self.call(ADD_STRIP, path=picture.absolute(), lines=lines)
