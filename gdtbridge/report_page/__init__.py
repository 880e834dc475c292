"""A Structured Report as a sheet of paper: a German page of its measurements, as PDF or HTML.

Here live the sheet (`sheet`, `compose`: what it says), its two renderings (`html`, `pdf`) and the
process that makes them in safety. `Printer` does all of it in a guarded child: ReportLab, Jinja2
and the fonts are never loaded into the service.

Not here: GDT, exams, where a file goes. ``docs/reference/report-page.md`` tells the rules.
"""

from gdtbridge.report_page.printer import Printer
from gdtbridge.report_page.sheet import Form, Person, Printed

__all__ = ["Form", "Person", "Printed", "Printer"]
