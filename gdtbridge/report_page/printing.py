"""A report's file to its sheet in either form, in this process."""

from __future__ import annotations

from pathlib import Path

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.report_page.compose import sheet_of
from gdtbridge.report_page.head import read_head
from gdtbridge.report_page.sheet import Form, Person, Printed, Sheet
from gdtbridge.sr import read_report


def print_report(
    path: Path, form: Form, rows: tuple[dict[str, str], ...], person: Person | None
) -> Printed:
    """Return the sheet of the report in ``path``; raise `ReportError`."""
    sheet = sheet_of(read_report(path), read_head(path), Catalogue.load(rows), person)
    return Printed(f"{sheet.title} {sheet.day}".rstrip(), _printed(sheet, form))


def _printed(sheet: Sheet, form: Form) -> bytes:
    """Load what the form needs and nothing else."""
    if form is Form.PDF:
        from gdtbridge.report_page.pdf import to_pdf

        return to_pdf(sheet)
    from gdtbridge.report_page.html import to_html

    return to_html(sheet)
