"""Exams in the database; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection, exam, instance, order_reference, placed_order, report
from gdtbridge.exams.model import Exam, ExamProblem, ExamState, HoldReason, ReportState
from gdtbridge.orders.model import StudyNames
from gdtbridge.orders.store import SAME_STUDY

_EXAM: Final = [exam.c[field.name] for field in fields(Exam)]


def _exams(connection: Connection, query: sa.Select[Any]) -> list[Exam]:
    """Return the exams of a query for the columns of `Exam`."""
    rows = connection.execute(query).mappings()
    return [Exam(**{**row, "state": ExamState(row["state"])}) for row in rows]


def find_exam(connection: Connection, study_instance_uid: str) -> Exam | None:
    """Return the exam of a study."""
    query = sa.select(*_EXAM).where(exam.c.study_instance_uid == study_instance_uid)
    return next(iter(_exams(connection, query)), None)


def exam_by_id(connection: Connection, exam_id: int) -> Exam | None:
    """Return the exam with that number."""
    return next(iter(_exams(connection, sa.select(*_EXAM).where(exam.c.id == exam_id))), None)


def insert_exam(connection: Connection, **values: object) -> int:
    """Enter a new exam; return its number."""
    statement = sa.insert(exam).values(state=ExamState.RECEIVING, **values).returning(exam.c.id)
    return int(connection.execute(statement).scalar_one())


def update_exam(connection: Connection, exam_id: int, **values: object) -> None:
    """Change columns of one exam."""
    connection.execute(sa.update(exam).where(exam.c.id == exam_id).values(**values))


def hold(connection: Connection, exam_id: int, reason: HoldReason) -> None:
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


def list_exams(connection: Connection, state: ExamState | None, limit: int) -> list[Exam]:
    """Return the newest exams first."""
    query = sa.select(*_EXAM).order_by(exam.c.id.desc()).limit(limit)
    return _exams(connection, query if state is None else query.where(exam.c.state == state))


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


_NOT_SENT: Final = sa.or_(report.c.problem != "", report.c.state == ReportState.OTHER_PATIENT)


def attention(connection: Connection, since: float) -> tuple[int, int, int]:
    """Return how many exams are held, how many due before ``since``, how many reports unsent."""
    kinds = (exam.c.state == ExamState.HELD, exam.c.due_at < since, _NOT_SENT)
    queries = (sa.select(sa.func.count()).where(kind) for kind in kinds)
    held, overdue, unsent = (connection.execute(query).scalar_one() for query in queries)
    return held, overdue, unsent


def report_problems(connection: Connection, limit: int) -> list[ExamProblem]:
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
    return [ExamProblem(*row) for row in connection.execute(query)]


def exams_of(connection: Connection, patient_id: str) -> list[Exam]:
    """Return a patient's exams that are not held."""
    of_patient = sa.and_(exam.c.patient_id == patient_id, exam.c.state != ExamState.HELD)
    return _exams(connection, sa.select(*_EXAM).where(of_patient))


def names_of(connection: Connection, patient_id: str) -> dict[int, StudyNames]:
    """Return what the patient's orders call the patient's exams, by the exam's number."""
    query = (
        sa.select(
            exam.c.id,
            placed_order.c.accession_number,
            sa.func.coalesce(order_reference.c.case_id, ""),
        )
        .select_from(exam.join(placed_order, SAME_STUDY).outerjoin(order_reference))
        .where(exam.c.patient_id == patient_id, placed_order.c.patient_id == patient_id)
    )
    found: dict[int, StudyNames] = {}
    for exam_id, number, case_id in connection.execute(query):
        known = found.get(exam_id, StudyNames())
        cases = known.case_ids | ({case_id} if case_id else set())
        found[exam_id] = StudyNames(known.accession_numbers | {number}, cases)
    return found
