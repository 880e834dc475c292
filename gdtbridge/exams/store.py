"""Exams, orders and reports in the database; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import (
    Connection,
    exam,
    instance,
    order_reference,
    placed_order,
    report,
)
from gdtbridge.exams.model import (
    Exam,
    ExamState,
    Held,
    Order,
    OrderState,
    PendingReport,
    Problem,
    ReportState,
)
from gdtbridge.gdt import OrderReference
from worklist import Entry

_EXAM: Final = [exam.c[field.name] for field in fields(Exam)]
_ORDER: Final = [
    placed_order.c.accession_number,
    placed_order.c.study_instance_uid,
    placed_order.c.patient_id,
    placed_order.c.procedure,
    placed_order.c.station,
    placed_order.c.patient_name,
    placed_order.c.patient_birth_date,
]
_REFERENCE: Final = [order_reference.c[field.name] for field in fields(OrderReference)]


def _exam(row: sa.Row[Any] | None) -> Exam | None:
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    return Exam(**{**values, "state": ExamState(values["state"])})


def find_exam(connection: Connection, study_instance_uid: str) -> Exam | None:
    """Return the exam of a study."""
    query = sa.select(*_EXAM).where(exam.c.study_instance_uid == study_instance_uid)
    return _exam(connection.execute(query).one_or_none())


def exam_by_id(connection: Connection, exam_id: int) -> Exam | None:
    """Return the exam with that number."""
    return _exam(connection.execute(sa.select(*_EXAM).where(exam.c.id == exam_id)).one_or_none())


def insert_exam(connection: Connection, **values: object) -> int:
    """Enter a new exam; return its number."""
    statement = sa.insert(exam).values(state=ExamState.RECEIVING, **values).returning(exam.c.id)
    return int(connection.execute(statement).scalar_one())


def update_exam(connection: Connection, exam_id: int, **values: object) -> None:
    """Change columns of one exam."""
    connection.execute(sa.update(exam).where(exam.c.id == exam_id).values(**values))


def hold(connection: Connection, exam_id: int, reason: Held) -> None:
    """Let nothing leave for this exam until a person decides."""
    update_exam(connection, exam_id, state=ExamState.HELD, held_because=reason, due_at=None)


def due_exams(connection: Connection, now: float, longest_wait: float) -> Sequence[int]:
    """Return the exams whose waiting is over.

    A deadline further away than anybody ever waits was set before the clock was put back.
    """
    over = sa.or_(exam.c.due_at <= now, exam.c.due_at > now + longest_wait)
    return (
        connection.execute(sa.select(exam.c.id).where(over).order_by(exam.c.due_at)).scalars().all()
    )


def select_exams(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Exam]:
    """Return the exams that fulfil all conditions."""
    rows = connection.execute(sa.select(*_EXAM).where(*conditions)).all()
    return [found for row in rows if (found := _exam(row)) is not None]


def list_exams(connection: Connection, state: ExamState | None, limit: int) -> list[Exam]:
    """Return the newest exams first."""
    query = sa.select(*_EXAM).order_by(exam.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(exam.c.state == state)
    rows = connection.execute(query).all()
    return [found for row in rows if (found := _exam(row)) is not None]


def count_held(connection: Connection) -> int:
    """Return how many exams wait for a person."""
    query = sa.select(sa.func.count()).where(exam.c.state == ExamState.HELD)
    return connection.execute(query).scalar_one()


def count_overdue(connection: Connection, since: float) -> int:
    """Return how many exams should have been reported before that time and were not."""
    query = sa.select(sa.func.count()).where(exam.c.due_at < since)
    return connection.execute(query).scalar_one()


def has_arrived(connection: Connection, entry: Entry) -> bool:
    """Return whether the study of a worklist entry is here, by UID or by number and patient."""
    same_order = sa.and_(
        exam.c.accession_number == entry.AccessionNumber, exam.c.patient_id == entry.PatientID
    )
    same = exam.c.study_instance_uid == entry.StudyInstanceUID
    return (
        connection.execute(sa.select(exam.c.id).where(sa.or_(same, same_order))).first() is not None
    )


def insert_order(connection: Connection, entry: Entry, ordered_at: float) -> int:
    """Remember an order beyond the life of its worklist entry; return its number of ours."""
    statement = (
        sa.insert(placed_order)
        .values(
            accession_number=entry.AccessionNumber,
            study_instance_uid=entry.StudyInstanceUID,
            state=OrderState.ORDERED,
            ordered_at=ordered_at,
            **_order_values(entry),
        )
        .returning(placed_order.c.id)
    )
    return int(connection.execute(statement).scalar_one())


def change_order(connection: Connection, entry: Entry) -> None:
    """Write what changed in an order; its numbers stay."""
    of_entry = placed_order.c.accession_number == entry.AccessionNumber
    connection.execute(sa.update(placed_order).where(of_entry).values(**_order_values(entry)))


def _order_values(entry: Entry) -> dict[str, object]:
    born = entry.PatientBirthDate
    return {
        "patient_id": entry.PatientID,
        "patient_name": entry.PatientName,
        "patient_birth_date": born.strftime("%Y%m%d") if born else "",
        "patient_sex": entry.PatientSex,
        "modality": entry.Modality,
        "station": entry.ScheduledStationAETitle,
        "procedure": entry.RequestedProcedureDescription,
    }


def set_order_state(connection: Connection, accession_number: str, state: OrderState) -> None:
    """Move an order to another state."""
    of_number = placed_order.c.accession_number == accession_number
    connection.execute(sa.update(placed_order).where(of_number).values(state=state))


def orders_between(
    connection: Connection, entry: Entry, since: float, until: float
) -> Sequence[str]:
    """Return the numbers of open orders like ``entry`` (patient, procedure, station)."""
    query = sa.select(placed_order.c.accession_number).where(
        placed_order.c.ordered_at.between(since, until),
        placed_order.c.state == OrderState.ORDERED,
        placed_order.c.patient_id == entry.PatientID,
        placed_order.c.procedure == entry.RequestedProcedureDescription,
        placed_order.c.station == entry.ScheduledStationAETitle,
    )
    return connection.execute(query).scalars().all()


def order_of_study(connection: Connection, study_instance_uid: str) -> Order | None:
    """Return the order that gave the study its UID."""
    return _order(connection, placed_order.c.study_instance_uid == study_instance_uid)


def order_by_number(connection: Connection, accession_number: str) -> Order | None:
    """Return the order with that accession number."""
    return _order(connection, placed_order.c.accession_number == accession_number)


def _order(connection: Connection, condition: sa.ColumnElement[bool]) -> Order | None:
    query = (
        sa.select(*_ORDER, order_reference.c.route, *_REFERENCE)
        .outerjoin(order_reference)
        .where(condition)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    number, study, patient_id, procedure, station, name, born, route, *named = row
    reference = OrderReference(*named) if named[0] is not None else None
    return Order(number, study, patient_id, procedure, station, reference, route or "", name, born)


def highest_number(connection: Connection) -> str | None:
    """Return the highest accession number we ever gave away."""
    return connection.execute(sa.select(sa.func.max(placed_order.c.accession_number))).scalar()


def insert_report(
    connection: Connection, exam_id: int, instance_id: int, sop_instance_uid: str
) -> None:
    """Note a Structured Report that has to be read."""
    connection.execute(
        sa.insert(report).values(
            exam_id=exam_id,
            instance_id=instance_id,
            sop_instance_uid=sop_instance_uid,
            state=ReportState.PENDING,
        )
    )


def pending_reports(connection: Connection, exam_id: int) -> list[PendingReport]:
    """Return the exam's reports that were not read, oldest first."""
    query = (
        sa.select(report.c.id, report.c.instance_id, report.c.sop_instance_uid)
        .where(report.c.exam_id == exam_id, report.c.state == ReportState.PENDING)
        .order_by(report.c.id)
    )
    return [PendingReport(*row) for row in connection.execute(query)]


def bare_fingerprints(connection: Connection, exam_id: int) -> set[str]:
    """Return the fingerprints of the exam's value records from before values were remembered."""
    query = sa.select(report.c.fingerprint).where(
        report.c.exam_id == exam_id, report.c.state == ReportState.REPORTED, report.c.sent == ""
    )
    return set(connection.execute(query).scalars())


def sent_values(connection: Connection, exam_id: int, of_patient: str) -> Sequence[str]:
    """Return the values sent for an exam, oldest first; fingerprints end with ``of_patient``."""
    query = (
        sa.select(report.c.sent)
        .where(
            report.c.exam_id == exam_id,
            report.c.state == ReportState.REPORTED,
            report.c.fingerprint.endswith(of_patient, autoescape=True),
        )
        .order_by(report.c.id)
    )
    return connection.execute(query).scalars().all()


def settle_report(
    connection: Connection,
    report_id: int,
    state: ReportState,
    *,
    fingerprint: str = "",
    problem: str = "",
    sent: str = "",
) -> None:
    """Say how the reading of a report ended, and which values were sent (`exams.revision`)."""
    connection.execute(
        sa.update(report)
        .where(report.c.id == report_id)
        .values(state=state, fingerprint=fingerprint, problem=problem, sent=sent)
    )


_NOT_SENT: Final = sa.or_(report.c.problem != "", report.c.state == ReportState.OTHER_PATIENT)


def count_problems(connection: Connection) -> int:
    """Return how many reports were not sent, or not to their end."""
    return connection.execute(sa.select(sa.func.count()).where(_NOT_SENT)).scalar_one()


def report_problems(connection: Connection, limit: int) -> list[Problem]:
    """Return the reports that were not sent, or not to their end, the newest first."""
    query = (
        sa.select(
            sa.func.coalesce(sa.func.nullif(report.c.problem, ""), report.c.state),
            exam.c.study_instance_uid,
            report.c.sop_instance_uid,
            instance.c.file,
        )
        .select_from(report.join(exam).join(instance, instance.c.id == report.c.instance_id))
        .where(_NOT_SENT)
        .order_by(report.c.id.desc())
        .limit(limit)
    )
    return [Problem(*row) for row in connection.execute(query)]
