"""The patients of master data that may be hits, and what stands beside both stocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.day.search.exam_stock import exams_of_days
from gdtbridge.day.search.model import Condition, ConditionKind
from gdtbridge.day.search.order_stock import scheduled_on
from gdtbridge.day.search.stock import Test, begins, numbers_of
from gdtbridge.schema import claim, patient, patient_name, placed_order


def patients_like(
    connection: Connection, conditions: Sequence[Condition], most: int
) -> Iterator[Any]:
    """Yield the rows of master data that may fulfil conditions; none for others than of persons."""
    tests: list[Test] = []
    for one in conditions:
        match one.kind:
            case ConditionKind.WORD:
                ids = sa.select(patient_name.c.patient_id).where(begins(patient_name.c.key, one))
                tests.append(patient.c.patient_id.in_(ids))
            case ConditionKind.BIRTH:
                tests.append(patient.c.birth_date.in_(sorted(one.births)))
            case ConditionKind.NUMBER:
                tests.append(patient.c.patient_id.in_(numbers_of(one)))
            case _:
                return
    if tests:
        query = sa.select(patient).where(*tests).order_by(patient.c.patient_id).limit(most)
        yield from connection.execute(query)


def with_exam_or_order(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Return which of some patient numbers an exam or an order has."""
    columns = (claim.c.patient_id, claim.c.number, placed_order.c.patient_id)
    found: set[str] = set()
    for column in columns:
        query = sa.select(column).distinct().where(column.in_(numbers))
        found.update(connection.execute(query).scalars())
    return found


def latest_with_any(connection: Connection, days: Sequence[date]) -> date | None:
    """Return the first of some days that has an exam or an appointment."""
    for day in days:
        exams = sa.select(exams_of_days([day]).exists())
        orders = sa.select(sa.exists().where(scheduled_on(day)))
        if any(connection.execute(query).scalar() for query in (exams, orders)):
            return day
    return None
