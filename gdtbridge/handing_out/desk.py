"""Everything that is handed out, in one place for the pages and the command line."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.handing_out.assigned import AssignedExams
from gdtbridge.handing_out.exam_report import ExamReports


@dataclass(frozen=True, slots=True)
class HandingDesk:
    """What may be handed out, and who makes it."""

    exams: AssignedExams
    reports: ExamReports
