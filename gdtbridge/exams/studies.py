"""The search for the studies of a patient.

A patient's number opens that patient's studies and no others. What is said besides must fit; what
fits nothing finds nothing. Who names another person than the one a study is of is told that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import da_text, tm_text, to_date, to_time
from gdtbridge.errors import AnotherPerson, OrderError, ProcessingFailure
from gdtbridge.exams import store
from gdtbridge.exams.identity import Attribution, judge, look_up
from gdtbridge.exams.model import Exam, ExamState
from gdtbridge.exams.study_query import NO_PATIENT, StudyQuery, query_of_file
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order, StudyNames
from gdtbridge.people import Patient, are_two, tells_a_person
from worklist import FolderError, WorklistFolder

ANOTHER_PERSON: Final = (
    "Die Nummer gehört zu einer anderen Person: Nachname und Geburtsdatum sind andere. / The number"
    " is another person's: family name and birth date differ."
)


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
        patient is certain. Raises `OrderError` without a patient number, `AnotherPerson` when all
        that fits is of another person than the query names, `ProcessingFailure` when whose a study
        is cannot be found out at the moment.
        """
        if not query.patient_id:
            raise OrderError("patient_id", NO_PATIENT)
        with self.database.read() as connection:
            exams = store.exams_of(connection, query.patient_id)
            names = store.names_of(connection, query.patient_id)
        fitting = [exam for exam in exams if fits(exam, names.get(exam.id, StudyNames()), query)]
        certain = [exam for exam in fitting if self._is_certain(exam)]
        of_person = self._of_person(at_time(certain, query.study_time), query.patient)
        return sorted(of_person, key=_when, reverse=True)

    def _of_person(self, exams: list[Exam], asked: Patient) -> list[Exam]:
        """Return the exams that are not another person's; raise `AnotherPerson` when all are."""
        if not tells_a_person(asked):
            return exams
        with self.database.read() as connection:
            theirs = [e for e in exams if not is_another(asked, people_of(connection, e))]
        if exams and not theirs:
            raise AnotherPerson(ANOTHER_PERSON)
        return theirs

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


def people_of(connection: Connection, exam: Exam) -> Iterator[Patient]:
    """Yield the descriptions of the person an exam is of, the one to be believed most first.

    That is the exam's own; of one that a person released, what the practice knows of the number it
    was released for. Then come the orders of the number and its master data.
    """
    if not exam.released:
        yield exam.sent_patient
    orders = order_store.orders_of(connection, exam.patient_id)
    yield from (order.patient for order in sorted(orders, key=lambda o: not _answers(exam, o)))
    known = order_store.find_patient(connection, exam.patient_id)
    if known is not None:
        yield known
    if exam.released and not exam.mixed and exam.sent_patient_id == exam.patient_id:
        yield exam.sent_patient


def _answers(exam: Exam, order: Order) -> bool:
    return (
        order.study_instance_uid == exam.study_instance_uid
        or order.accession_number == exam.accession_number
    )


def is_another(asked: Patient, known: Iterable[Patient]) -> bool:
    """Return whether somebody else is asked for than the first that tells a person."""
    first = next((patient for patient in known if tells_a_person(patient)), None)
    return first is not None and are_two(asked, first)


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
