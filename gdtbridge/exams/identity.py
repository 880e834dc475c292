"""Whose exam is it? The rules by which an exam meets its order."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.database import Connection
from gdtbridge.exams import store
from gdtbridge.exams.model import Exam, Held, Order
from worklist import Entry, WorklistFolder


@dataclass(frozen=True, slots=True)
class Belongs:
    """The exam's patient is certain enough to report; its order where there is one."""

    order: Order | None


def judge(connection: Connection, exam: Exam, worklist: WorklistFolder) -> Belongs | Held:
    """Return the exam's order, or why a person has to look.

    An exam meets its order by Study Instance UID, else by accession number; either way the order
    must be for the same PatientID. What a person released is only looked up, not doubted.
    """
    order = _order_of(connection, exam, worklist)
    same_patient = order is not None and order.patient_id == exam.patient_id
    if exam.released:
        return Belongs(order if same_patient else None)
    if not exam.patient_id:
        return Held.NO_PATIENT_ID
    if order is not None and not same_patient:
        return Held.OTHER_PATIENT
    return Belongs(order)


def _order_of(connection: Connection, exam: Exam, worklist: WorklistFolder) -> Order | None:
    """Return the order by our own record of it, else by an entry others put on the worklist."""
    study, number = exam.study_instance_uid, exam.accession_number
    return (
        store.order_of_study(connection, study)
        or _of(worklist.by_study_uid(study))
        or (store.order_by_number(connection, number) if number else None)
        or (_of(worklist.get(number)) if number else None)
    )


def _of(entry: Entry | None) -> Order | None:
    if entry is None:
        return None
    return Order(
        accession_number=entry.AccessionNumber,
        study_instance_uid=entry.StudyInstanceUID,
        patient_id=entry.PatientID,
        procedure=entry.RequestedProcedureDescription,
    )
