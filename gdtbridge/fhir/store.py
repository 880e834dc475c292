"""Which patient numbers there are, and when what changed.

Every call works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.orders.patient_moves import NumberMoves, moved_at, moved_since, moves_of
from gdtbridge.people.folding import after
from gdtbridge.schema import (
    claim,
    exam,
    exam_event,
    exam_result,
    order_name,
    patient,
    patient_move,
    patient_name,
    placed_order,
    study_name,
)

FEW: Final = 500
"""Numbers whose moves are looked up; of more all there ever were are read."""
_NUMBERS: Final = (
    claim.c.number,
    placed_order.c.patient_id,
    patient.c.patient_id,
    exam_result.c.patient_id,
)
"""Where a number of a chart stands: what was decided, ordered, told and sent."""
_CHANGES: Final = (
    (patient.c.patient_id, patient.c.received_at),
    (placed_order.c.patient_id, placed_order.c.ordered_at),
    (placed_order.c.patient_id, placed_order.c.changed_at),
    (exam_result.c.patient_id, exam_result.c.reported_at),
    (exam_result.c.patient_id, exam_result.c.withdrawn_at),
)
"""When what is known of the patient with a number may have become something else."""


def numbers_now(connection: Connection, numbers: Iterable[str]) -> set[str]:
    """Return what some numbers are now."""
    wanted = set(numbers) - {""}
    moves = moves_of(connection, wanted) if len(wanted) <= FEW else _all_moves(connection)
    return {moves.now(one) for one in wanted}


def _all_moves(connection: Connection) -> NumberMoves:
    query = sa.select(patient_move.c.old, patient_move.c.new)
    rows = connection.execute(query.where(patient_move.c.undone_at.is_(None)))
    return NumberMoves({old: new for old, new in rows})  # noqa: C416 - rows


def all_numbers(connection: Connection) -> set[str]:
    """Return every number of a chart; the cost grows with how many there are."""
    query = sa.union(*(sa.select(column).distinct() for column in (*_NUMBERS, patient_move.c.new)))
    return set(connection.execute(query).scalars()) - {""}


def known_numbers(connection: Connection) -> set[str]:
    """Return the numbers whose patient the practice knows (`exams.known_charts`), as of now."""
    query = sa.union(
        sa.select(patient.c.patient_id),
        sa.select(placed_order.c.patient_id).distinct(),
        sa.select(exam_result.c.patient_id).where(exam_result.c.withdrawn_at.is_(None)).distinct(),
    )
    return numbers_now(connection, connection.execute(query).scalars())


def exams_changed(connection: Connection, exam_ids: Iterable[int]) -> dict[int, float]:
    """Return when something of exams came last, or something was decided (UTC seconds)."""
    query = (
        sa.select(exam.c.id, exam.c.last_instance_at, sa.func.max(exam_event.c.at))
        .outerjoin(exam_event, exam_event.c.exam_id == exam.c.id)
        .where(exam.c.id.in_(list(exam_ids)))
        .group_by(exam.c.id, exam.c.last_instance_at)
    )
    rows = connection.execute(query)
    return {exam_id: max(came, decided or 0.0) for exam_id, came, decided in rows}


def patients_changed(connection: Connection, numbers: Iterable[str]) -> dict[str, float]:
    """Return when what is known of patients changed last, by each of their numbers (UTC)."""
    wanted = list(numbers)
    found = moved_at(connection, wanted)
    for number, column in _CHANGES:
        query = sa.select(number, sa.func.max(column)).where(number.in_(wanted)).group_by(number)
        for one, at in connection.execute(query):
            found[one] = max(found.get(one, 0.0), at or 0.0)
    return found


def numbers_changed(connection: Connection, since: float) -> set[str]:
    """Return the numbers of patients of whom anything changed since then (UTC seconds)."""
    changes = (sa.select(number).where(column >= since) for number, column in _CHANGES)
    found = set(connection.execute(sa.union(*changes)).scalars())
    return (found | moved_since(connection, since)) - {""}


def numbers_named(connection: Connection, key: str) -> set[str]:
    """Return the numbers of charts under which a key of a word begins (`people.folding`)."""

    def begins(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.and_(column >= key, column < after(key))

    query = sa.union(
        sa.select(claim.c.number)
        .join(study_name, study_name.c.exam_id == claim.c.exam_id)
        .where(begins(study_name.c.key)),
        sa.select(placed_order.c.patient_id)
        .join(order_name, order_name.c.order_id == placed_order.c.id)
        .where(begins(order_name.c.key)),
        sa.select(patient_name.c.patient_id).where(begins(patient_name.c.key)),
    )
    return set(connection.execute(query).scalars()) - {""}


def numbers_born(connection: Connection, first: str, last: str) -> set[str]:
    """Return the numbers of charts whose birth date is between two (YYYYMMDD), or partial."""

    def born(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.or_(column.between(first, last), column.between("00", "00999999"))

    query = sa.union(
        sa.select(claim.c.number).where(born(claim.c.patient_birth_date)),
        sa.select(placed_order.c.patient_id).where(born(placed_order.c.patient_birth_date)),
        sa.select(patient.c.patient_id).where(born(patient.c.birth_date)),
        sa.select(exam_result.c.patient_id).where(born(exam_result.c.patient_birth_date)),
    )
    return set(connection.execute(query).scalars()) - {""}
