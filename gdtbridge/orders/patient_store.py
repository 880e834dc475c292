"""Patients' master data in the database.

Every call works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.orders.names import note_patient
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient
from gdtbridge.schema import patient, placed_order
from gdtbridge.statement import Statement

_MOST: Final = 100
"""Patients of one birth date that are looked through."""
_KEPT_COLUMNS: Final = (
    *(patient.c.patient_id, patient.c.family_name, patient.c.given_name),
    *(patient.c.birth_date, patient.c.sex),
)
_KEPT: Final = Statement(
    sa.select(*_KEPT_COLUMNS).where(
        patient.c.patient_id.in_(sa.bindparam("numbers", expanding=True))
    )
)


def keep_patient(connection: Connection, known: Patient, now: float) -> None:
    """Remember a patient's master data instead of what was known before."""
    connection.execute(sa.delete(patient).where(patient.c.patient_id == known.id))
    connection.execute(
        sa.insert(patient).values(
            patient_id=known.id,
            family_name=known.family_name,
            given_name=known.given_name,
            birth_date=known.birth_date_da,
            sex=known.sex or "",
            received_at=now,
        )
    )
    note_patient(connection, known)


def told_without_order(
    connection: Connection, since: float, until: float, most: int
) -> tuple[int, float]:
    """Return how many patients came as master data alone between two moments, and the first's.

    Alone are those for whose chart no order came since, nor within a day before. At most ``most``
    are counted; times are UTC seconds.
    """
    ordered = (
        sa.select(placed_order.c.id)
        .where(
            placed_order.c.patient_id == patient.c.patient_id,
            placed_order.c.ordered_at >= patient.c.received_at - DAY_SECONDS,
        )
        .exists()
    )
    query = (
        sa.select(patient.c.patient_id, patient.c.received_at)
        .where(patient.c.received_at.between(since, until), ~ordered)
        .order_by(patient.c.received_at)
        .limit(most)
    )
    rows = connection.execute(query).all()
    moves = moves_of(connection, [number for number, _ in rows])
    found = [
        came
        for number, came in rows
        if not _ordered_under(connection, moves.all_of(number), came - DAY_SECONDS)
    ]
    return len(found), next(iter(found), until)


def _ordered_under(connection: Connection, numbers: Sequence[str], since: float) -> bool:
    """Return whether an order came since then under a number of a chart that has had several."""
    if len(numbers) == 1:
        return False
    query = sa.select(placed_order.c.id).where(
        placed_order.c.patient_id.in_(numbers), placed_order.c.ordered_at >= since
    )
    return connection.execute(query.limit(1)).first() is not None


def kept_patients(connection: Connection, numbers: Sequence[str]) -> dict[str, Patient]:
    """Return the master data kept for some numbers, by number; those of former ones are not."""
    rows = _KEPT.rows(connection, numbers=list(numbers)) if numbers else ()
    return {row[0]: _kept(row) for row in rows}


def kept_born(connection: Connection, births: Sequence[str]) -> list[Patient]:
    """Return the master data of patients with one of these birth dates (YYYYMMDD)."""
    if not births:
        return []
    query = sa.select(*_KEPT_COLUMNS).where(patient.c.birth_date.in_(births)).limit(_MOST)
    return [_kept(row) for row in connection.execute(query)]


def _kept(row: Sequence[Any]) -> Patient:
    number, family, given, born, sex = row
    return Patient.of_parts(number, (family, given), born, sex or None)


def find_patient(connection: Connection, patient_id: str) -> Patient | None:
    """Return a patient's master data: the number's own, else those of the same chart."""
    numbers = moves_of(connection, [patient_id]).all_of(patient_id)
    kept = kept_patients(connection, numbers)
    found = next((kept[number] for number in numbers if number in kept), None)
    return replace(found, id=patient_id) if found is not None else None


def patient_told_at(connection: Connection, patient_id: str) -> float | None:
    """Return when the master data of a chart came last (UTC seconds); None where none came."""
    numbers = moves_of(connection, [patient_id]).all_of(patient_id)
    query = sa.select(sa.func.max(patient.c.received_at)).where(patient.c.patient_id.in_(numbers))
    return connection.execute(query).scalar()
