"""Structured Reports to measurements.

Here live the walk over the content tree, codes and units, what is left out, the ids of
measurements, the catalogue of names and units (`catalogue`, `chart`), and the process that reads in
safety. `read_report` reads in this process, `ReportReader` in a guarded child; both return a
`Report` of `Measurement`s as the device sent them.

Not here: networks, GDT, the archive, the decision what of a report reaches the practice. Only the
standard library and pydicom are used. ``docs/reference/measurements.md`` tells the rules.
"""

from gdtbridge.sr.identity import fingerprint
from gdtbridge.sr.model import (
    REPORT_CLASSES,
    Code,
    Measurement,
    MeasurementProperty,
    NotAReportError,
    NumDecision,
    Report,
    ReportError,
    ReportLimitError,
    ReportWarning,
    UnreadableReportError,
    is_report,
)
from gdtbridge.sr.numbers import plain
from gdtbridge.sr.predecessor import predecessor_ids
from gdtbridge.sr.reader import ReportReader
from gdtbridge.sr.report import read_report

__all__ = [
    "REPORT_CLASSES",
    "Code",
    "Measurement",
    "MeasurementProperty",
    "NotAReportError",
    "NumDecision",
    "Report",
    "ReportError",
    "ReportLimitError",
    "ReportReader",
    "ReportWarning",
    "UnreadableReportError",
    "fingerprint",
    "is_report",
    "plain",
    "predecessor_ids",
    "read_report",
]
