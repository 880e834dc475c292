"""Exams in the database, and which are due; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import Standing
from gdtbridge.database import Connection
from gdtbridge.exams.claim_store import HELD, claims_of
from gdtbridge.exams.model import Claim, ClaimState, Exam, ExamProblem, ExamState
from gdtbridge.orders.model import StudyNames
from gdtbridge.schema import (
    claim,
    exam,
    exam_result,
    instance,
    order_reference,
    placed_order,
    report,
)
from gdtbridge.statement import InsertStatement, Statement, UpdateStatement

EXAM_COLUMNS: Final = [exam.c[field.name] for field in fields(Exam)]
_OF_STUDY: Final = Statement(
    sa.select(*EXAM_COLUMNS).where(exam.c.study_instance_uid == sa.bindparam("study"))
)
_BY_ID: Final = Statement(sa.select(*EXAM_COLUMNS).where(exam.c.id == sa.bindparam("exam")))
_DUE_SINCE: Final = Statement(
    sa.select(exam.c.id)
    .where(
        sa.or_(
            exam.c.due_at > sa.bindparam("before"),
            exam.c.id.in_(sa.bindparam("exams", expanding=True)),
        ),
        exam.c.due_at <= sa.bindparam("now"),
    )
    .order_by(exam.c.due_at, exam.c.id)
)
_IN_ORDER: Final = Statement(
    sa.select(exam.c.id)
    .where(exam.c.id.in_(sa.bindparam("exams", expanding=True)))
    .order_by(exam.c.due_at, exam.c.id)
)
_OTHER, _LATER = claim.alias("other"), exam.alias("later")
_SAME_PEOPLE: Final = Statement(
    sa.select(exam.c.id, exam.c.due_at)
    .distinct()
    .select_from(
        _LATER.join(_OTHER, _OTHER.c.exam_id == _LATER.c.id)
        .join(
            claim,
            sa.or_(
                sa.and_(claim.c.patient_id == _OTHER.c.patient_id, claim.c.patient_id != ""),
                sa.and_(
                    claim.c.patient_birth_date == _OTHER.c.patient_birth_date,
                    claim.c.patient_birth_date != "",
                ),
            ),
        )
        .join(exam, exam.c.id == claim.c.exam_id)
    )
    .where(
        _LATER.c.id == sa.bindparam("of"),
        sa.or_(
            exam.c.due_at < _LATER.c.due_at,
            sa.and_(exam.c.due_at == _LATER.c.due_at, exam.c.id < _LATER.c.id),
        ),
    )
    .order_by(exam.c.due_at, exam.c.id)
)
_ENTER: Final = InsertStatement(exam)
_UPDATE: Final = UpdateStatement(exam, exam.c.id == sa.bindparam("exam"))


def _exams(connection: Connection, query: sa.Select[Any]) -> list[Exam]:
    """Return the exams of a query for the columns of `Exam`."""
    return [exam_from(row) for row in connection.execute(query)]


def exam_from(row: Sequence[Any]) -> Exam:
    """Return the exam in a row of the columns `EXAM_COLUMNS`."""
    number, study, state, *rest = tuple(row)
    return Exam(number, study, ExamState(state), *rest)


def find_exam(connection: Connection, study_instance_uid: str) -> Exam | None:
    """Return the exam of a study."""
    row = _OF_STUDY.first(connection, study=study_instance_uid)
    return exam_from(row) if row is not None else None


def ids_of_studies(connection: Connection, studies: Iterable[str]) -> dict[str, int]:
    """Return the id of the exam of each study by its UID, as far as there is one."""
    uid = exam.c.study_instance_uid
    found = connection.execute(sa.select(uid, exam.c.id).where(uid.in_(list(studies))))
    return {row.study_instance_uid: row.id for row in found}


def exam_by_id(connection: Connection, exam_id: int) -> Exam | None:
    """Return the exam with that number."""
    row = _BY_ID.first(connection, exam=exam_id)
    return exam_from(row) if row is not None else None


def study_with_claims(
    connection: Connection, study_instance_uid: str
) -> tuple[Exam | None, list[Claim]]:
    """Return the exam of a study and its claims in the order they came; ``None, []`` for none.

    What was fetched from another archive has no part in it.
    """
    found = find_exam(connection, study_instance_uid)
    return found, claims_of(connection, found.id) if found is not None else []


def exam_with_claims(connection: Connection, exam_id: int) -> tuple[Exam | None, list[Claim]]:
    """Return the exam with that number and its claims in the order they came."""
    return exam_by_id(connection, exam_id), claims_of(connection, exam_id)


def insert_exam(
    connection: Connection, state: ExamState = ExamState.RECEIVING, **values: object
) -> int:
    """Enter a new exam; return its number."""
    return _ENTER.run(connection, state=state, **values)


def update_exam(connection: Connection, exam_id: int, **values: object) -> None:
    """Change columns of one exam."""
    _UPDATE.run(connection, values, exam=exam_id)


def extend_exam(
    connection: Connection, exam_id: int, instances: int, now: float, due_at: float | None
) -> None:
    """Let an object that arrived ``now`` extend an exam."""
    values = {"instances": instances, "last_instance_at": now, "due_at": due_at}
    _UPDATE.run(connection, values, exam=exam_id)


def wake(connection: Connection, exam_ids: Iterable[int], now: float) -> None:
    """Let exams that wait for nothing be looked at now."""
    here = sa.and_(exam.c.id.in_(list(exam_ids)), exam.c.due_at.is_(None))
    connection.execute(sa.update(exam).where(here).values(due_at=now))


def due_exams(connection: Connection, now: float, longest_wait: float) -> Sequence[int]:
    """Return the exams whose waiting is over.

    A deadline further away than anybody ever waits was set before the clock was put back.
    """
    over = sa.or_(exam.c.due_at <= now, exam.c.due_at > now + longest_wait)
    return (
        connection.execute(sa.select(exam.c.id).where(over).order_by(exam.c.due_at, exam.c.id))
        .scalars()
        .all()
    )


def due_since(
    connection: Connection, before: float, now: float, exam_ids: Iterable[int] = ()
) -> Sequence[int]:
    """Return the exams whose waiting was over after ``before``, or which are among ``exam_ids``.

    Those whose waiting is not over at ``now`` are left out.
    """
    return _DUE_SINCE.values(connection, before=before, now=now, exams=list(exam_ids))


def in_order_due(connection: Connection, exam_ids: Iterable[int]) -> Sequence[int]:
    """Return exams in the order in which their waiting is over, as far as they are there."""
    return _IN_ORDER.values(connection, exams=list(exam_ids))


def due_of_same_people(connection: Connection, exam_id: int) -> Sequence[int]:
    """Return the exams that were due before one and may be of its people, the first due first.

    People are the same where number or birth date are.
    """
    return _SAME_PEOPLE.values(connection, of=exam_id)


def next_due(connection: Connection, now: float) -> float | None:
    """Return the first deadline after ``now``, None when no exam waits for one."""
    query = sa.select(sa.func.min(exam.c.due_at)).where(exam.c.due_at > now)
    return connection.execute(query).scalar()


def list_exams(connection: Connection, limit: int, *, held: bool = False) -> list[Exam]:
    """Return the newest exams first; only those of which something is held where wanted."""
    query = sa.select(*EXAM_COLUMNS).order_by(exam.c.id.desc()).limit(limit)
    if held:
        of_held = sa.select(claim.c.exam_id).where(HELD)
        query = query.where(exam.c.id.in_(of_held))
    return _exams(connection, query)


def exams_of(connection: Connection, numbers: Sequence[str]) -> list[Exam]:
    """Return the exams of which something is, or is going to be, in the chart of the numbers."""
    named = sa.or_(
        claim.c.number.in_(numbers),
        sa.and_(claim.c.state == ClaimState.OPEN, claim.c.patient_id.in_(numbers)),
    )
    query = sa.select(*EXAM_COLUMNS).where(exam.c.id.in_(sa.select(claim.c.exam_id).where(named)))
    return _exams(connection, query)


PROBLEM: Final = report.c.problem != sa.literal_column("''")
"""As text in the query: SQLite uses a partial index only for what it can prove."""


def attention(connection: Connection, since: float) -> tuple[int, int, int]:
    """Return how many exams are held, how many due before ``since``, how many reports unsent."""
    queries = (
        sa.select(sa.func.count(sa.distinct(claim.c.exam_id))).where(HELD),
        sa.select(sa.func.count()).where(exam.c.due_at < since),
        sa.select(sa.func.count()).where(PROBLEM),
    )
    held, overdue, unsent = (connection.execute(query).scalar_one() for query in queries)
    return held, overdue, unsent


def held_problems(connection: Connection, limit: int) -> list[ExamProblem]:
    """Return the objects of held claims, the newest first."""
    query = (
        sa.select(exam.c.study_instance_uid, instance.c.sop_instance_uid, instance.c.file)
        .select_from(
            instance.join(claim, claim.c.id == instance.c.claim_id).join(
                exam, exam.c.id == claim.c.exam_id
            )
        )
        .where(HELD, instance.c.standing == Standing.CURRENT)
        .order_by((instance.c.id + 0).desc())  # or SQLite walks through all objects
        .limit(limit)
    )
    return [ExamProblem("held", *row) for row in connection.execute(query)]


def names_of(connection: Connection, numbers: Sequence[str]) -> dict[int, StudyNames]:
    """Return what the patient's orders call the patient's exams, by the exam's number.

    ``numbers`` are those of the patient's chart.
    """
    met = sa.or_(
        placed_order.c.accession_number == exam_result.c.accession_number,
        placed_order.c.study_instance_uid == exam.c.study_instance_uid,
    )
    of_patient = placed_order.c.patient_id.in_(numbers)
    named = claim.c.patient_id.in_(numbers)
    numbered = placed_order.c.accession_number == claim.c.accession_number
    sources = (
        exam.join(exam_result, exam_result.c.exam_id == exam.c.id).join(
            placed_order, sa.and_(met, of_patient, exam_result.c.patient_id.in_(numbers))
        ),
        exam.join(claim, claim.c.exam_id == exam.c.id).join(
            placed_order,
            sa.and_(
                sa.or_(numbered, placed_order.c.study_instance_uid == exam.c.study_instance_uid),
                of_patient,
                named,
            ),
        ),
    )
    found: dict[int, StudyNames] = {}
    for source in sources:
        query = sa.select(
            exam.c.id,
            placed_order.c.accession_number,
            sa.func.coalesce(order_reference.c.case_id, ""),
        ).select_from(source.outerjoin(order_reference))
        for exam_id, number, case_id in connection.execute(query):
            known = found.get(exam_id, StudyNames())
            cases = known.case_ids | ({case_id} if case_id else set())
            found[exam_id] = StudyNames(known.accession_numbers | {number}, cases)
    return found
