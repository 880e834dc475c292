"""Under which words orders and master data can be found (`gdtbridge.people.folding`).

Keys only narrow a search: who looks compares the words themselves. Every call works inside the
caller's transaction, but `note_missing_names`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection, Database
from gdtbridge.people import Patient
from gdtbridge.people.folding import search_keys
from gdtbridge.schema import order_name, patient, patient_name, placed_order
from gdtbridge.statement import Statement

_AT_ONCE: Final = 500
"""Orders, or patients, entered in one transaction."""
_KNOWN: Final = Statement(
    sa.select(order_name.c.key).where(order_name.c.order_id == sa.bindparam("of_order"))
)
_SAID: Final = (
    placed_order.c.id,
    placed_order.c.patient_name,
    placed_order.c.procedure,
    placed_order.c.accession_number,
)


def note_order(
    connection: Connection, order_id: int, name: str, procedure: str, accession_number: str
) -> None:
    """Let an order be found by a name (PN), a procedure and its number, too."""
    known = set(_KNOWN.values(connection, of_order=order_id))
    keys = search_keys(name, [procedure], [accession_number])
    rows = [{"key": key, "order_id": order_id} for key in sorted(keys - known)]
    if rows:
        connection.execute(sa.insert(order_name), rows)


def note_orders(connection: Connection, order_ids: Iterable[int]) -> None:
    """Let some orders be found by what they say now, too."""
    query = sa.select(*_SAID).where(placed_order.c.id.in_(list(order_ids)))
    for row in connection.execute(query).all():
        note_order(connection, *row)


def forget_order(connection: Connection, order_id: int) -> None:
    """Have an order found no more."""
    connection.execute(sa.delete(order_name).where(order_name.c.order_id == order_id))


def note_patient(connection: Connection, known: Patient) -> None:
    """Have master data found by the name they say now."""
    here = patient_name.c.patient_id == known.id
    connection.execute(sa.delete(patient_name).where(here))
    keys = sorted(search_keys(known.person_name))
    rows = [{"key": key, "patient_id": known.id} for key in keys]
    if rows:
        connection.execute(sa.insert(patient_name), rows)


def note_missing_names(database: Database) -> Iterator[int]:
    """Let orders and master data of an older program be found, the newest orders first.

    Yields after each transaction how many were looked at; a caller may stop there.
    """
    yield from _missing_orders(database)
    yield from _missing_patients(database)


def _missing_orders(database: Database) -> Iterator[int]:
    before = _first(database, sa.select(sa.func.max(placed_order.c.id)), 0) + 1
    while True:
        query = (
            sa.select(placed_order.c.id)
            .where(
                placed_order.c.id < before,
                ~sa.exists().where(order_name.c.order_id == placed_order.c.id),
            )
            .order_by(placed_order.c.id.desc())
            .limit(_AT_ONCE)
        )
        with database.read() as connection:
            found = connection.execute(query).scalars().all()
        if not found:
            return
        before = found[-1]
        with database.write(synced=False, seen=False) as connection:
            note_orders(connection, found)
        yield len(found)


def _missing_patients(database: Database) -> Iterator[int]:
    after = ""
    while True:
        query = (
            sa.select(patient)
            .where(
                patient.c.patient_id > after,
                ~sa.exists().where(patient_name.c.patient_id == patient.c.patient_id),
            )
            .order_by(patient.c.patient_id)
            .limit(_AT_ONCE)
        )
        with database.read() as connection:
            found = connection.execute(query).all()
        if not found:
            return
        after = found[-1].patient_id
        with database.write(synced=False, seen=False) as connection:
            for row in found:
                names = row.family_name, row.given_name
                one = Patient.of_parts(row.patient_id, names, row.birth_date, row.sex)
                note_patient(connection, one)
        yield len(found)


def _first(database: Database, query: sa.Select[Any], otherwise: int) -> int:
    with database.read() as connection:
        return int(connection.execute(query).scalar() or otherwise)
