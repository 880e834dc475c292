"""The search for the studies of a patient.

A patient's number opens that patient's studies and no others. What is said besides must fit; what
fits nothing finds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from gdtbridge.database import Database
from gdtbridge.dataset.values import da_text, tm_text, to_date, to_time
from gdtbridge.errors import OrderError, ProcessingFailure
from gdtbridge.exams import store
from gdtbridge.exams.identity import Attribution, judge, look_up
from gdtbridge.exams.model import Exam, ExamState
from gdtbridge.exams.study_query import NO_PATIENT, StudyQuery, query_of_file
from gdtbridge.orders.model import StudyNames
from worklist import FolderError, WorklistFolder


@dataclass(frozen=True, slots=True)
class StudyFinder:
    """Finds studies; changes nothing."""

    database: Database
    worklist: WorklistFolder
    encoding: str | None = None
    """Character set of files that name none."""

    def asked_by_file(self, data: bytes) -> StudyQuery:
        """Return what a GDT file asks for; raise `OrderError` naming what is wrong with it."""
        return query_of_file(data, self.encoding)

    def find(self, query: StudyQuery) -> list[Exam]:
        """Return the studies the query fits, the newest first.

        Held ones are never among them, and of those still being received only the ones whose
        patient is certain. Raises `OrderError` without a patient number, `ProcessingFailure` when
        that cannot be found out at the moment.
        """
        if not query.patient_id:
            raise OrderError("patient_id", NO_PATIENT)
        with self.database.read() as connection:
            exams = store.exams_of(connection, query.patient_id)
            names = store.names_of(connection, query.patient_id)
        fitting = [exam for exam in exams if fits(exam, names.get(exam.id, StudyNames()), query)]
        certain = [exam for exam in fitting if self._is_certain(exam)]
        return sorted(at_time(certain, query.study_time), key=_when, reverse=True)

    def _is_certain(self, exam: Exam) -> bool:
        """Return whether nobody else may claim the exam; what is reported was asked before."""
        if exam.state is ExamState.REPORTED:
            return True
        try:
            listed = look_up(exam, self.worklist)
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error
        with self.database.read() as connection:
            return isinstance(judge(connection, exam, listed), Attribution)


def fits(exam: Exam, names: StudyNames, query: StudyQuery) -> bool:
    """Return whether everything but the time of day fits.

    An order without a number of the practice software's (8310) is called by its accession number
    there: GDT 3 demands the field, so that is what the result has in it.
    """
    numbers = {*names.accession_numbers, exam.accession_number.strip()}
    day = to_date(exam.study_date)
    return (
        query.study_instance_uid in {"", exam.study_instance_uid}
        and (not query.accession_number or query.accession_number in numbers)
        and (not query.case_id or query.case_id in (names.case_ids or numbers))
        and (not query.study_date or da_text(day) == query.study_date)
    )


def at_time(exams: Sequence[Exam], clock: str) -> list[Exam]:
    """Return the exams of that time of day (HHMM or HHMMSS).

    Seconds count where they are said. ``00`` may be all that is left of them in the practice
    software, so it means any study of the minute.
    """
    of_minute = [exam for exam in exams if _clock(exam)[:4] == clock[:4] or not clock]
    if clock[4:] in {"", "00"}:
        return of_minute
    return [exam for exam in of_minute if _clock(exam) == clock]


def _clock(exam: Exam) -> str:
    at = to_time(exam.study_time)
    return tm_text(at) if at is not None else ""


def _when(exam: Exam) -> tuple[str, time, int]:
    return exam.study_date, to_time(exam.study_time) or time(0), exam.id
