"""Exams: whose an exam is, when it is complete, and what of it waits for a person.

What must not live here: GDT records, and the folders they go to.
"""

from gdtbridge.exams.hold_reasons import HELD_TEXT, HoldReason
from gdtbridge.exams.model import PROBLEM_TEXT, Exam, ExamState, PatientExam
from gdtbridge.exams.study_query import StudyQuery, asked, query_of

__all__ = [
    "HELD_TEXT",
    "PROBLEM_TEXT",
    "Exam",
    "ExamState",
    "HoldReason",
    "PatientExam",
    "StudyQuery",
    "asked",
    "query_of",
]
