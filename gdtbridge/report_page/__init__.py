"""A Structured Report as a sheet of paper: a German page of its measurements, as PDF or HTML.

Here live the sheet (`sheet`; `compose` makes it of a report), its two renderings (`html`, `pdf`)
and `PagePrinter`, which renders in a child process: ReportLab, Jinja2 and the fonts are never
loaded into the service.

Not here: GDT, exams, where a file goes, reading a report.
The rules: ``docs/reference/report-page.md``.
"""

from gdtbridge.report_page.compose import sheet_of
from gdtbridge.report_page.printer import PagePrinter
from gdtbridge.report_page.sheet import PageFormat, ReportSheet

__all__ = ["PageFormat", "PagePrinter", "ReportSheet", "sheet_of"]
