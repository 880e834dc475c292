"""Evidence: everything that says whose an exam is, in one form.

Objects, orders, master data, earlier exams and a person's word all name a `Patient`. What is
collected here is only read; `gdtbridge.exams.decision` draws the conclusion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from gdtbridge.database import Connection
from gdtbridge.dataset.values import to_date
from gdtbridge.durable.clock import local_time
from gdtbridge.exams import claim_store, result_store, store
from gdtbridge.exams.model import Claim, Exam, ExamResult
from gdtbridge.exams.steps import PerformedStep, StepState
from gdtbridge.exams.steps import store as step_store
from gdtbridge.exams.steps.orders import orders_of
from gdtbridge.orders import patient_store
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order
from gdtbridge.orders.patient_moves import NumberMoves, moved_patient, moves_of
from gdtbridge.people import Patient, are_two
from worklist import Entry, WorklistFolder, canonical_number


class Source(StrEnum):
    """Where evidence comes from."""

    OBJECT = "object"
    ORDER = "order"
    """An order reached by Study Instance UID or accession number."""
    OPEN_ORDER = "open-order"
    """An open order for the number, or of the day for the same person."""
    MASTER_DATA = "master-data"
    EARLIER_EXAM = "earlier-exam"
    """What was sent under the number before."""
    PERSON = "person"
    """Somebody's word."""
    STEP = "step"
    """A performed procedure step of the study (MPPS)."""
    MOVE = "move"
    """A former number of the chart, and what it became."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source's word: whom it names, and by which number or UID it was reached."""

    source: Source
    patient: Patient
    reference: str = ""


@dataclass(frozen=True, slots=True)
class StepEvidence:
    """A performed procedure step that says something of the exam: whom it names.

    ``mistaken`` says that the device took back that this patient was examined, after objects had
    been made.
    """

    sop_instance_uid: str
    patient: Patient
    mistaken: bool


@dataclass(frozen=True, slots=True)
class ListedEntries:
    """Entries of the worklist, also of other programs, that may concern an exam."""

    by_study: Order | None = None
    by_number: Mapping[str, Order] | None = None
    of_patients: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class ExamEvidence:
    """All evidence of one exam at one moment; equal evidence gives equal decisions."""

    exam: Exam
    claims: tuple[Claim, ...]
    results: tuple[ExamResult, ...]
    """What was sent of the exam and not withdrawn, oldest first."""
    by_study: Order | None
    """The order that gave the study its UID."""
    by_number: Mapping[str, Order]
    """By accession number as sent: the order with that very number."""
    typed: Mapping[str, Order | None]
    """By accession number as sent: the order whose number it may be, typed by hand."""
    of_number: Mapping[str, tuple[Order, ...]]
    """By patient number: the open orders, newest first."""
    of_person: tuple[Order, ...]
    """Open orders whose patient has the birth date of one of the exam's people."""
    master_data: Mapping[str, Patient]
    """By patient number: what a 6301 said, else the newest order that is closed."""
    earlier: Mapping[str, Patient]
    """By patient number: the patient named in its newest result of another exam."""
    taken: frozenset[int]
    """Ids of claims with an object whose UID another study had before."""
    corrected: frozenset[int]
    """Ids of claims with an object that was sent for another of the exam's people."""
    received: date
    """Local day of the first object."""
    steps: tuple[StepEvidence, ...] = ()
    """What performed procedure steps of the study say, oldest first."""
    reports: frozenset[int] = frozenset()
    """Ids of the claims of an exam of several people whose objects are reports alone."""
    is_behind: bool = False
    """Whether an exam of the same people that was due before is not reported yet.

    Known where there are open orders: which of the two exams one is for cannot be told then.
    """
    moves: NumberMoves = field(default_factory=NumberMoves)
    """Which numbers became others. Claims, orders and the keys above have what they are now."""

    def numbers_of(self, number: str) -> tuple[str, ...]:
        """Return the number and all others of the same chart; results have what was sent."""
        return self.moves.all_of(number)

    def results_for(self, number: str) -> list[ExamResult]:
        """Return what a chart got of the exam, that under its number first, then the oldest."""
        found = [one for one in self.results if self.moves.now(one.patient_id) == number]
        return sorted(found, key=lambda one: one.patient_id != number)

    def orders_of(self, one: Claim) -> list[Order]:
        """Return every order a claim leads to: that of the study, and that of its number."""
        found = (self.by_study, self.own_order(one))
        return list({order.accession_number: order for order in found if order}.values())

    def own_order(self, one: Claim) -> Order | None:
        """Return the order a person said, else the one a claim's own accession number leads to.

        A number typed by hand leads to an order only where patient and day fit as well.
        """
        if one.order_word:
            return self.by_number.get(one.order_word)
        literal = self.by_number.get(one.accession_number)
        typed = self.typed.get(one.accession_number)
        if literal is not None or typed is None:
            return literal
        fits = (
            typed.patient.id == (one.word or one.patient_id)
            and not are_two(typed.patient, one.patient)
            and self.is_of_day(typed, one)
        )
        return typed if fits else None

    def is_of_day(self, order: Order, one: Claim) -> bool:
        """Return whether an order is for the day of the exam, or of its receipt."""
        return day_of(order) in {to_date(one.study_date) or self.received, self.received}


def day_of(order: Order) -> date:
    """Return the local day an order is for."""
    if order.scheduled is not None:
        return order.scheduled.date()
    return local_time(order.ordered_at).date()


def look_up(exam: Exam, claims: Sequence[Claim], worklist: WorklistFolder) -> ListedEntries:
    """Return what the worklist's folder has of an exam; raise `worklist.FolderError`.

    The folder may hang, so call this outside of a transaction.
    """
    numbers = {one.accession_number for one in claims} - {""}
    patients = {said for one in claims for said in (one.patient_id, one.word)} - {""}
    found = {number: worklist.get(number) for number in numbers}
    return ListedEntries(
        _order(worklist.by_study_uid(exam.study_instance_uid)),
        {number: Order.of(entry) for number, entry in found.items() if entry is not None},
        tuple(Order.of(one) for number in sorted(patients) for one in worklist.of_patient(number)),
    )


def _order(entry: Entry | None) -> Order | None:
    return Order.of(entry) if entry is not None else None


def collect(
    connection: Connection,
    exam: Exam,
    claims: Sequence[Claim],
    listed: ListedEntries,
) -> ExamEvidence:
    """Return the evidence of an exam; the database's word counts before the folder's."""
    sent = {one.accession_number for one in claims} - {""}
    met = {number for one in claims for number in (one.order_number, one.order_word)} - {""}
    births = {one.patient.birth_date_da for one in claims if one.patient.birth_date}
    meant = {number: _typed(number) for number in sorted(sent)}
    placed = order_store.orders_by_number(connection, sent | met | set(meant.values()) - {""})
    own = {**(listed.by_number or {}), **placed}
    by_number = {number: own[number] for number in sorted(sent | met) if number in own}
    typed = {number: placed.get(canonical) for number, canonical in meant.items()}
    of_person = order_store.open_orders_born(connection, sorted(births))
    results = tuple(result_store.results_of(connection, exam.id))
    steps = step_store.of_study(connection, exam.study_instance_uid)
    known = order_store.order_of_study(connection, exam.study_instance_uid)
    by_study = known or listed.by_study
    if by_study is None and not (results or by_number or any(one.unmatched for one in claims)):
        by_study = _of_steps(connection, steps)
    reached = (by_study, *by_number.values(), *typed.values(), *of_person)
    said = {number for one in claims for number in _numbers_of(one)}
    said |= {one.patient_id for one in steps}
    moves = moves_of(connection, said | {order.patient.id for order in reached if order})
    numbers = sorted({moves.now(number) for number in said} - {""})
    of_number = {number: _open(connection, number, listed, moves) for number in numbers}
    return ExamEvidence(
        exam=exam,
        claims=tuple(claim_store.followed(one, moves) for one in claims),
        results=results,
        by_study=_moved(connection, by_study, moves) if by_study else None,
        by_number={key: _moved(connection, one, moves) for key, one in by_number.items()},
        typed={key: _moved(connection, one, moves) if one else None for key, one in typed.items()},
        of_number=of_number,
        of_person=tuple(_moved(connection, order, moves) for order in of_person),
        master_data=_master_data(connection, numbers, moves),
        earlier=_earlier(connection, exam.id, numbers, moves),
        taken=frozenset(claim_store.taken_claims(connection, exam.id)),
        corrected=frozenset(claim_store.corrected_claims(connection, exam.id)),
        reports=frozenset(_reports(connection, exam, claims)),
        is_behind=any(of_number.values()) and bool(store.due_of_same_people(connection, exam.id)),
        received=local_time(exam.first_instance_at).date(),
        steps=tuple(_told_by_steps(connection, exam, steps, moves)),
        moves=moves,
    )


def _reports(connection: Connection, exam: Exam, claims: Iterable[Claim]) -> Iterable[int]:
    """Return the claims that are of reports alone, where there are pictures of somebody else."""
    several = len({one.person for one in claims if one.is_active}) > 1
    return claim_store.report_claims(connection, exam.id) if several else ()


def _of_steps(connection: Connection, steps: Iterable[PerformedStep]) -> Order | None:
    """Return the order the steps of a study name, where that is one for their patient."""
    found = {order.accession_number: order for one in steps for order in orders_of(connection, one)}
    return next(iter(found.values())) if len(found) == 1 else None


def _told_by_steps(
    connection: Connection, exam: Exam, steps: Sequence[PerformedStep], moves: NumberMoves
) -> Iterator[StepEvidence]:
    """Yield what steps say of an exam; one that was discontinued without an object says nothing."""
    discontinued = [one.id for one in steps if one.state is StepState.DISCONTINUED]
    silent = step_store.silent(connection, discontinued)
    for one in steps:
        made = one.id not in silent or exam.first_instance_at <= (one.ended_at or 0.0)
        if made:
            patient = replace(one.patient, id=moves.now(one.patient_id))
            yield StepEvidence(one.sop_instance_uid, patient, one.is_wrong_entry)


def _moved(connection: Connection, order: Order, moves: NumberMoves) -> Order:
    """Return an order for the number its patient has now."""
    now = moves.now(order.patient.id)
    if now == order.patient.id:
        return order
    return replace(order, patient=moved_patient(connection, order.patient, now))


def _master_data(
    connection: Connection, numbers: Iterable[str], moves: NumberMoves
) -> dict[str, Patient]:
    """Return whom the practice software described for each chart, its present number first."""
    every = _with_former(numbers, moves)
    said = order_store.last_ordered(connection, every)
    said |= patient_store.kept_patients(connection, every)
    return _of_charts(said, numbers, moves)


def _earlier(
    connection: Connection, exam_id: int, numbers: Iterable[str], moves: NumberMoves
) -> dict[str, Patient]:
    """Return whom the newest result of each chart named, under its number or else a former one."""
    named = result_store.earlier_patients(connection, exam_id, _with_former(numbers, moves))
    return _of_charts(named, numbers, moves)


def _with_former(numbers: Iterable[str], moves: NumberMoves) -> list[str]:
    """Return numbers and all others of the same charts."""
    return list(dict.fromkeys(one for number in numbers for one in moves.all_of(number)))


def _of_charts(
    said: Mapping[str, Patient], numbers: Iterable[str], moves: NumberMoves
) -> dict[str, Patient]:
    """Return whom each chart's own number names, else the first of its others that names one."""
    found = {}
    for number in numbers:
        one = next((said[known] for known in moves.all_of(number) if known in said), None)
        if one is not None:
            found[number] = replace(one, id=number)
    return found


def _numbers_of(one: Claim) -> Iterable[str]:
    return (one.patient_id, one.word, one.number)


def _typed(number: str) -> str:
    """Return the accession number that may be meant by one typed by hand; empty for none."""
    canonical = canonical_number(number)
    return canonical if canonical is not None and canonical != number else ""


def _open(
    connection: Connection, number: str, listed: ListedEntries, moves: NumberMoves
) -> tuple[Order, ...]:
    """Return the open orders for a number: those of the database, then those only listed."""
    orders = order_store.orders_under(connection, moves.all_of(number))
    known = {order.accession_number for order in orders}
    others = (one for one in listed.of_patients if moves.now(one.patient.id) == number)
    found = (
        *(order for order in orders if order.is_open),
        *(one for one in others if one.accession_number not in known),
    )
    return tuple(_moved(connection, one, moves) for one in found)
