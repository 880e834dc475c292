"""Structured Reports to measurements.

Here live the walk over the content tree, codes and units, the rules by which values are left out,
the ids of measurements (also the predecessor's) and the reading in child processes. `read_report`
reads in this process, `ReportReader` in a child; both return a `Report` of `Measurement`s as the
device sent them.

Must not live here: names and units of the practice (`catalogue`), GDT, networks, the archive.
The rules: ``docs/reference/measurements.md``.
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
    ReportHindered,
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
    "ReportHindered",
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
