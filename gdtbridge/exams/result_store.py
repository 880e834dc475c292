"""What charts got of exams, in the database; every call works inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.exams.model import ExamResult
from gdtbridge.exams.study_names import note_said
from gdtbridge.people import Patient
from gdtbridge.schema import exam_result
from gdtbridge.statement import InsertStatement, Statement, UpdateStatement

_RESULT_NAMES: Final = [field.name for field in fields(ExamResult)]
_RESULT: Final = [exam_result.c[name] for name in _RESULT_NAMES]

_MOST_BORN: Final = 200
"""Results of one birth date that are looked at, the newest."""

_RESULTS: Final = Statement(
    sa.select(*_RESULT)
    .where(exam_result.c.exam_id == sa.bindparam("exam"))
    .order_by(exam_result.c.id)
)
_NEWEST_OF_OTHERS: Final = Statement(
    sa.select(*_RESULT).where(
        exam_result.c.id.in_(
            sa.select(sa.func.max(exam_result.c.id))
            .where(
                exam_result.c.patient_id.in_(sa.bindparam("numbers", expanding=True)),
                exam_result.c.exam_id != sa.bindparam("exam"),
                exam_result.c.withdrawn_at.is_(None),
            )
            .group_by(exam_result.c.patient_id)
        )
    )
)
_SAME_RESULT: Final = Statement(
    sa.select(exam_result.c.id).where(
        exam_result.c.exam_id == sa.bindparam("exam"),
        exam_result.c.patient_id == sa.bindparam("number"),
        exam_result.c.accession_number == sa.bindparam("order"),
    )
)
_ENTER_RESULT: Final = InsertStatement(exam_result)
_UPDATE_RESULT: Final = UpdateStatement(exam_result, exam_result.c.id == sa.bindparam("result"))


def _result(row: Sequence[Any]) -> ExamResult:
    return ExamResult(**dict(zip(_RESULT_NAMES, row, strict=True)))


def results_of(
    connection: Connection, exam_id: int, *, withdrawn: bool = False
) -> list[ExamResult]:
    """Return what was sent of an exam, oldest first; what was withdrawn too where wanted."""
    found = (_result(row) for row in _RESULTS.rows(connection, exam=exam_id))
    return [one for one in found if withdrawn or one.withdrawn_at is None]


def results_of_exams(connection: Connection, exam_ids: Iterable[int]) -> list[ExamResult]:
    """Return what was sent of several exams and not withdrawn, oldest first."""
    query = (
        sa.select(*_RESULT)
        .where(exam_result.c.exam_id.in_(exam_ids), exam_result.c.withdrawn_at.is_(None))
        .order_by(exam_result.c.id)
    )
    return [_result(row) for row in connection.execute(query)]


def earlier_patients(
    connection: Connection, exam_id: int, numbers: Iterable[str]
) -> dict[str, Patient]:
    """Return whom the newest result under each number named, of other exams than this one."""
    wanted = list(numbers)
    rows = _NEWEST_OF_OTHERS.rows(connection, exam=exam_id, numbers=wanted) if wanted else ()
    found = (_result(row) for row in rows)
    return {one.patient_id: one.patient for one in found}


def patients_born(connection: Connection, births: Sequence[str]) -> list[Patient]:
    """Return whom results name that were not withdrawn, with one of these birth dates (DA)."""
    if not births:
        return []
    query = (
        sa.select(*_RESULT)
        .where(exam_result.c.patient_birth_date.in_(births), exam_result.c.withdrawn_at.is_(None))
        .order_by(exam_result.c.id.desc())
        .limit(_MOST_BORN)
    )
    found = (_result(row).patient for row in connection.execute(query))
    return list({one.id: one for one in found}.values())


def put_result(connection: Connection, result: ExamResult) -> int:
    """Enter a result; one that was withdrawn for the same chart and order counts again."""
    values = {field.name: getattr(result, field.name) for field in fields(ExamResult)}
    del values["id"]
    known: int | None = _SAME_RESULT.value(
        connection,
        exam=result.exam_id,
        number=result.patient_id,
        order=result.accession_number,
    )
    if known is None:
        known = _ENTER_RESULT.run(connection, **values)
    else:
        _UPDATE_RESULT.run(connection, values, result=known)
    note_said(connection, result.exam_id)
    return known


def update_result(connection: Connection, result_id: int, **values: object) -> None:
    """Change columns of a result."""
    _UPDATE_RESULT.run(connection, values, result=result_id)


def part_from_order(
    connection: Connection, exam_id: int, patient_id: str, accession_number: str
) -> None:
    """Let a result be nobody's order's, unless the chart has such a result of the exam already."""
    of_chart = sa.and_(exam_result.c.exam_id == exam_id, exam_result.c.patient_id == patient_id)
    free = sa.and_(of_chart, exam_result.c.accession_number == "")
    if connection.execute(sa.select(exam_result.c.id).where(free)).first() is None:
        here = sa.and_(of_chart, exam_result.c.accession_number == accession_number)
        connection.execute(sa.update(exam_result).where(here).values(accession_number=""))


def delete_result(connection: Connection, result_id: int) -> None:
    """Forget a result of which nothing left."""
    connection.execute(sa.delete(exam_result).where(exam_result.c.id == result_id))
