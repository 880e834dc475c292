"""Days, exams, what was measured and handed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from gdtbridge.day import EVERY_LINE, DayFilter, DaySheet, ShownDevice
from gdtbridge.day.exam import ExamSheet
from gdtbridge.day.search import SearchPage, SearchQuery
from gdtbridge.exams import PatientExam, StudyQuery
from gdtbridge.people import Patient
from gdtbridge.trends import Curve, ExamTrends


class StudyPort(Protocol):
    """The studies of patients; `gdtbridge.exams` finds them."""

    def asked_by_file(self, data: bytes) -> StudyQuery:
        """Return what a GDT file asks for; raise `OrderError` naming what is wrong with it."""

    def find(self, query: StudyQuery) -> Sequence[PatientExam]:
        """Return the patient's studies the query fits, the newest first.

        Raises `AnotherPerson` when the query names somebody else than the person they are of.
        """


class DayPort(Protocol):
    """The lines of a day; `gdtbridge.day` has them."""

    @property
    def today(self) -> date:
        """The day it is in the practice."""

    def lines(self, day: date, wanted: DayFilter = EVERY_LINE) -> DaySheet:
        """Return the sheet of a day, of the ``wanted`` lines."""

    def shown_device(self, aet: str) -> ShownDevice:
        """Return the device of an AE title as it is shown."""


class SearchPort(Protocol):
    """The search over the whole stock; `gdtbridge.day.search` has it."""

    def read(self, text: str) -> SearchQuery:
        """Return how a search is read; never raises."""

    def find(self, query: SearchQuery, cursor: str = "") -> SearchPage:
        """Return a page of hits; without any condition that is everything."""

    def suggestions(self, text: str, most: int) -> SearchPage:
        """Return the first hits of what is being typed."""


class ExamSheetPort(Protocol):
    """Exams as a person looks at them; `gdtbridge.day.exam` has them."""

    def sheet(self, exam_id: int) -> ExamSheet:
        """Return everything a page shows of an exam; raise `NotFound`."""


class TrendPort(Protocol):
    """The values of patients over time; `gdtbridge.trends` has them."""

    def of_patient(self, number: str) -> Sequence[Curve]:
        """Return every series of a patient."""

    def curve(self, number: str, series: str) -> Curve | None:
        """Return one series of a patient; None where there is none."""

    def patient(self, number: str) -> Patient | None:
        """Return whom the newest record of the patient's exams names; None where there is none."""

    def of_exam(self, exam_id: int) -> Mapping[int, ExamTrends]:
        """Return what stands beside an exam, for each of its people of whom it is decided whose."""
