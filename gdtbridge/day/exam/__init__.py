"""One exam as a person looks at it: who, what is here, its measurements, and what happened to it.

Words for people and Flask must not live here: a page has the words.
"""

from gdtbridge.day.exam.model import (
    ExamHistoryCode,
    ExamSheet,
    HistoryEntry,
    ShownObject,
    ShownReport,
)
from gdtbridge.day.exam.recent_reports import RecentReports
from gdtbridge.day.exam.sheets import ExamSheets

__all__ = [
    "ExamHistoryCode",
    "ExamSheet",
    "ExamSheets",
    "HistoryEntry",
    "RecentReports",
    "ShownObject",
    "ShownReport",
]
