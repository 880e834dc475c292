"""Measurements as a sheet of paper: a German page of a report or of a whole exam, as PDF or HTML.

Here live the sheet (`sheet`; `compose` makes it of a report, `exam_sheet` of all reports and
pictures of an exam), its renderings (`html`, `pdf`; `letter` as text)
and `PagePrinter`, which renders in a child process: ReportLab, Jinja2 and the fonts are never
loaded into the service.

Not here: GDT, exams, where a file goes, reading a report.
The rules: ``docs/reference/report-page.md``.
"""

from gdtbridge.report_page.compose import sheet_of
from gdtbridge.report_page.exam_sheet import SheetSubject, exam_sheet_of
from gdtbridge.report_page.letter import USUAL_LETTER, letter_text, unknown_variables
from gdtbridge.report_page.picture_files import picture_files
from gdtbridge.report_page.printer import PagePrinter
from gdtbridge.report_page.sheet import LANGUAGE, PageFormat, ReportSheet, SheetPicture

__all__ = [
    "LANGUAGE",
    "USUAL_LETTER",
    "PageFormat",
    "PagePrinter",
    "ReportSheet",
    "SheetPicture",
    "SheetSubject",
    "exam_sheet_of",
    "letter_text",
    "picture_files",
    "sheet_of",
    "unknown_variables",
]
