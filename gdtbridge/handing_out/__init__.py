"""What of an exam leaves in a person's hand: the exam as PDF, its letter text, a copy on a medium.

Only what was decided to be one patient's is handed out, under the identity that was decided, and
each patient's by itself. Who asks for it, words of pages, and results must not live here. The
rules: ``docs/reference/handing-out.md``.
"""

from gdtbridge.handing_out.assigned import AssignedExam, AssignedExams, exam_mark
from gdtbridge.handing_out.desk import HandingDesk
from gdtbridge.handing_out.exam_report import ExamPicture, ExamReports, NotPrintable
from gdtbridge.handing_out.patient_copy import CopyBusy, CopyRefused, PatientCopies

__all__ = [
    "AssignedExam",
    "AssignedExams",
    "CopyBusy",
    "CopyRefused",
    "ExamPicture",
    "ExamReports",
    "HandingDesk",
    "NotPrintable",
    "PatientCopies",
    "exam_mark",
]
