"""Whose an exam is: the rules by which an exam meets its order."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.database import Connection
from gdtbridge.exams.model import Exam, HoldReason
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order
from gdtbridge.people import are_two
from worklist import Entry, WorklistFolder


@dataclass(frozen=True, slots=True)
class Attribution:
    """An exam's patient is certain enough to report; with the order of the exam, if any."""

    order: Order | None


@dataclass(frozen=True, slots=True)
class ListedOrders:
    """The entries of the worklist, also of other programs, that may be an exam's order."""

    by_study: Order | None
    by_number: Order | None


def look_up(exam: Exam, worklist: WorklistFolder) -> ListedOrders:
    """Return the entries with the exam's UID and accession number; raise `worklist.FolderError`.

    The folder may hang, so call this outside of a transaction.
    """
    number = exam.accession_number
    return ListedOrders(
        _of(worklist.by_study_uid(exam.study_instance_uid)),
        _of(worklist.get(number)) if number else None,
    )


def judge(connection: Connection, exam: Exam, listed: ListedOrders) -> Attribution | HoldReason:
    """Return the exam's order, or why a person has to look.

    An exam meets its order by Study Instance UID, else by accession number. Whatever order either
    of them leads to must be for the same PatientID, and not clearly for another person (family name
    and birth date both differ). What a person released is only looked up, not doubted.
    """
    orders = orders_of(connection, exam, listed)
    same_patient = [order for order in orders if _is_for(order, exam)]
    if not exam.released:
        if not exam.patient_id:
            return HoldReason.NO_PATIENT_ID
        if len(same_patient) < len(orders):
            return HoldReason.OTHER_PATIENT
    return Attribution(same_patient[0] if same_patient else None)


def _is_for(order: Order, exam: Exam) -> bool:
    """Return whether order and exam are of one person: by number, and not clearly of two."""
    if order.patient.id != exam.patient_id or exam.released:
        return order.patient.id == exam.patient_id
    return not are_two(order.patient, exam.sent_patient)


def orders_of(connection: Connection, exam: Exam, listed: ListedOrders) -> list[Order]:
    """Return the orders by UID and by accession number; the database counts before the worklist."""
    number = exam.accession_number
    found = (
        order_store.order_of_study(connection, exam.study_instance_uid) or listed.by_study,
        (order_store.order_by_number(connection, number) or listed.by_number) if number else None,
    )
    return [order for order in found if order is not None]


def _of(entry: Entry | None) -> Order | None:
    return Order.of(entry) if entry is not None else None
