"""The search for the studies of a patient.

A patient's number opens that patient's studies and no others. What is said besides must fit; what
fits nothing finds nothing. Who names another person than the one a study is of is told that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import time
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import da_text, tm_text, to_date, to_time
from gdtbridge.errors import AnotherPerson, OrderError, ProcessingFailure
from gdtbridge.exams import claim_store, evidence, result_store, store
from gdtbridge.exams.decision import DecisionMaker
from gdtbridge.exams.model import Claim, ClaimState, Exam, ExamState, PatientExam, by_person
from gdtbridge.exams.study_query import NO_PATIENT, StudyQuery, query_of_file
from gdtbridge.orders import patient_store
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order, StudyNames
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient, are_two
from worklist import FolderError, WorklistFolder, canonical_number

ANOTHER_PERSON: Final = (
    "Die Nummer gehört zu einer anderen Person: Nachname und Geburtsdatum sind andere. / The number"
    " is another person's: family name and birth date differ."
)


@dataclass(frozen=True, slots=True)
class StudyFinder:
    """Finds studies; changes nothing."""

    database: Database
    worklist: WorklistFolder
    maker: DecisionMaker
    encoding: str | None = None
    """Character set of files that name none."""

    def asked_by_file(self, data: bytes) -> StudyQuery:
        """Return what a GDT file asks for; raise `OrderError` naming what is wrong with it."""
        return query_of_file(data, self.encoding)

    def find(self, query: StudyQuery) -> list[PatientExam]:
        """Return the studies the query fits, the newest first.

        A number the chart had before finds them as well. Held ones are never among them, and of
        those still being received only the ones whose patient is certain. Raises `OrderError`
        without a patient number, `AnotherPerson` when all that fits is of another person than the
        query names, `ProcessingFailure` when whose a study is cannot be found out at the moment.
        """
        if not query.patient_id:
            raise OrderError("patient_id", NO_PATIENT)
        with self.database.read() as connection:
            moves = moves_of(connection, [query.patient_id])
            number, numbers = moves.now(query.patient_id), moves.all_of(query.patient_id)
            exams = store.exams_of(connection, numbers)
            sent = claim_store.claims_of_exams(connection, [one.id for one in exams])
            claims = claim_store.follow(connection, sent)
            names = store.names_of(connection, numbers)
        found = [one for exam in exams for one in self._of_number(exam, claims, number)]
        found = self._without_foreign_orders(found, numbers)
        fitting = [one for one in found if fits(one, names.get(one.id, StudyNames()), query)]
        of_person = self._of_person(at_time(fitting, query.study_time), query.patient)
        return sorted(of_person, key=_when, reverse=True)

    def _of_number(
        self, exam: Exam, claims: Sequence[Claim], patient_id: str
    ) -> Iterator[PatientExam]:
        """Yield the exam as it is of the number's patient: what is settled, or surely will be.

        What was fetched from another archive is yielded where there is nothing else of the exam.
        """
        people = by_person(exam, [claim for claim in claims if claim.exam_id == exam.id])
        found = [
            one
            for one in people
            if one.patient_id == patient_id
            and (
                any(claim.number == patient_id for claim in one.claims)
                or self._is_certain(exam, one)
            )
        ]
        sent = [one for one in found if one.state is not ExamState.FETCHED]
        yield from sent or found

    def _without_foreign_orders(
        self, found: Sequence[PatientExam], numbers: Sequence[str]
    ) -> list[PatientExam]:
        """Return exams without the accession number of an order for another chart's patient."""
        with self.database.read() as connection:
            return [
                replace(one, accession_number="")
                if is_foreign(connection, one.accession_number, numbers)
                else one
                for one in found
            ]

    def _of_person(self, exams: list[PatientExam], asked: Patient) -> list[PatientExam]:
        """Return the exams that are not another person's; raise `AnotherPerson` when all are."""
        if not (asked.family_name and asked.birth_date):
            return exams
        with self.database.read() as connection:
            theirs = [e for e in exams if not is_another(asked, people_of(connection, e))]
        if exams and not theirs:
            raise AnotherPerson(ANOTHER_PERSON)
        return theirs

    def _is_certain(self, exam: Exam, one: PatientExam) -> bool:
        """Return whether nobody else may claim what is still being received."""
        if not all(claim.state is ClaimState.OPEN for claim in one.claims):
            return False
        try:
            listed = evidence.look_up(exam, one.claims, self.worklist)
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error
        with self.database.read() as connection:
            claims = claim_store.claims_of(connection, exam.id)
            found = evidence.collect(connection, exam, claims, listed)
        decided = (d for d in self.maker.decide(found) if d.person == one.person)
        return any(d.reason is None for d in decided)


def is_foreign(connection: Connection, sent: str, numbers: Sequence[str]) -> bool:
    """Return whether an accession number, as sent or typed, is an order's of another chart."""
    for accession in {sent, canonical_number(sent) or ""} - {""}:
        order = order_store.order_by_number(connection, accession)
        if order is not None and order.patient.id not in numbers:
            return True
    return False


def people_of(connection: Connection, exam: PatientExam) -> Iterator[Patient]:
    """Yield the descriptions of the person an exam is of, the one to be believed most first.

    That is whom its records name, then the orders of the number and its master data, and the
    objects where they name the number.
    """
    results = result_store.results_of(connection, exam.id)
    numbers = moves_of(connection, [exam.patient_id]).all_of(exam.patient_id)
    yield from (one.patient for one in results if one.patient_id in numbers)
    orders = order_store.orders_of(connection, exam.patient_id)
    yield from (order.patient for order in sorted(orders, key=lambda o: not _answers(exam, o)))
    known = patient_store.find_patient(connection, exam.patient_id)
    if known is not None:
        yield known
    if exam.sent_patient_id == exam.patient_id:
        yield exam.sent_patient


def _answers(exam: PatientExam, order: Order) -> bool:
    return (
        order.study_instance_uid == exam.study_instance_uid
        or order.accession_number == exam.accession_number
    )


def is_another(asked: Patient, known: Iterable[Patient]) -> bool:
    """Return whether somebody else is asked for than the first description with both tells of."""
    whole = (patient for patient in known if patient.family_name and patient.birth_date)
    first = next(whole, None)
    return first is not None and are_two(asked, first)


def fits(exam: PatientExam, names: StudyNames, query: StudyQuery) -> bool:
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


def at_time(exams: Sequence[PatientExam], clock: str) -> list[PatientExam]:
    """Return the exams of that time of day (HHMM or HHMMSS).

    Seconds count where they are said. ``00`` may be all that is left of them in the practice
    software, so it means any study of the minute.
    """
    of_minute = [exam for exam in exams if _clock(exam)[:4] == clock[:4] or not clock]
    if clock[4:] in {"", "00"}:
        return of_minute
    return [exam for exam in of_minute if _clock(exam) == clock]


def _clock(exam: PatientExam) -> str:
    at = to_time(exam.study_time)
    return tm_text(at) if at is not None else ""


def _when(exam: PatientExam) -> tuple[str, time, int]:
    return exam.study_date, to_time(exam.study_time) or time(0), exam.id
