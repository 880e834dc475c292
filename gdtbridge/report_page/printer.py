"""Prints reports in child processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gdtbridge.report_page.sheet import Form, Person, Printed
from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.room import MEBIBYTE, SandboxRoom, SandboxTask, SandboxTexts
from gdtbridge.sr import NotAReportError, ReportLimitError, UnreadableReportError

PRINT_REPORT: Final = SandboxTask("gdtbridge.report_page.printing:print_report", Printed)

PAGES: Final = SandboxRoom(
    place=f"{__name__}:PAGES",
    tasks=(PRINT_REPORT,),
    errors=(NotAReportError, UnreadableReportError, ReportLimitError),
    damage=UnreadableReportError,
    limit=ReportLimitError,
    texts=SandboxTexts(
        failed="Der Bericht lässt sich nicht drucken. / Cannot be printed: ",
        memory="Der Bericht braucht zu viel Speicher. / Too much memory needed.",
        too_large="Der Bericht ist zu groß. / The report is too large.",
        nonsense="Der Druckprozess antwortet Unsinn. / The printing process answers nonsense.",
    ),
    prepare=f"{__name__}:prepare_child",
    max_text=64 * 1024,
    max_body=32 * MEBIBYTE,
)
"""Children with ReportLab or Jinja2; the sheet of 20,000 measurements takes less than 32 MiB."""


def prepare_child() -> None:
    """Let a child have Pillow, without which ReportLab does not start, and no other library."""
    import PIL  # noqa: F401

    from gdtbridge.dataset.image_libraries import keep_image_libraries_out

    keep_image_libraries_out()


class Printer(SandboxClient):
    """Prints Structured Reports; share one object between threads.

    ``catalogue_rows`` are the practice's own (`Catalogue.load`).
    """

    room = PAGES

    def __init__(
        self, catalogue_rows: Sequence[Mapping[str, str]] = (), *, seconds: float | None = None
    ) -> None:
        super().__init__(seconds=seconds)
        self._rows = [dict(cells) for cells in catalogue_rows]

    def print(self, path: Path, form: Form, person: Person | None = None) -> Printed:
        """Return the sheet of the report in ``path``; raise `ReportError` and nothing else.

        ``person`` is whose the report is where that is known better than the file does.
        """
        return self.call(
            PRINT_REPORT, path=path.absolute(), form=form, rows=self._rows, person=person
        )
