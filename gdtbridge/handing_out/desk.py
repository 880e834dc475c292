"""Everything that is handed out, in one place for the pages and the command line."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.handing_out.assigned import AssignedExams
from gdtbridge.handing_out.exam_report import ExamReports
from gdtbridge.handing_out.patient_copy import PatientCopies


@dataclass(frozen=True, slots=True)
class HandingDesk:
    """What may be handed out, and who makes it."""

    exams: AssignedExams
    reports: ExamReports
    copies: PatientCopies
