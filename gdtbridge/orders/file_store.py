"""The records of order files, and what became of them, in the database.

Every call works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.orders.model import OrderRecord, RecordOutcome, RefusedFile, TakenRecord
from gdtbridge.schema import order_file

_OUTCOME: Final = (order_file.c.outcome, order_file.c.accession_number, order_file.c.reason)


def note(
    connection: Connection, record: OrderRecord, taken: TakenRecord, now: float
) -> TakenRecord:
    """Enter what became of a record, and return it."""
    connection.execute(
        sa.insert(order_file).values(
            token=record.token,
            position=record.position,
            sha256=record.sha256,
            name=record.name,
            record_type=record.record_type,
            received_at=now,
            outcome=taken.outcome.value,
            accession_number=taken.accession_number,
            reason=taken.reason,
        )
    )
    return taken


def noted(connection: Connection, record: OrderRecord) -> TakenRecord | None:
    """Return what became of a record that was taken before."""
    query = sa.select(*_OUTCOME).where(
        order_file.c.token == record.token, order_file.c.position == record.position
    )
    row = connection.execute(query).one_or_none()
    return _taken(row) if row is not None else None


def taken_since(connection: Connection, name: str, since: float) -> list[TakenRecord]:
    """Return what became of the records of the last file of that name, if it came since then."""
    last = (
        sa.select(order_file.c.token)
        .where(order_file.c.name == name, order_file.c.received_at >= since)
        .order_by(order_file.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(*_OUTCOME).where(order_file.c.token == last).order_by(order_file.c.position)
    return [_taken(row) for row in connection.execute(query)]


def refused_since(connection: Connection, since: float, most: int) -> dict[str, RefusedFile]:
    """Return the newest files with a refused record by their token; the first such record counts.

    ``since`` is in UTC seconds.
    """
    query = (
        sa.select(
            order_file.c.token, order_file.c.name, order_file.c.received_at, order_file.c.reason
        )
        .where(order_file.c.outcome == RecordOutcome.REFUSED, order_file.c.received_at >= since)
        .order_by(order_file.c.id.desc())
        .limit(most)
    )
    return {row.token: RefusedFile(*row[1:]) for row in connection.execute(query)}


def last_received(connection: Connection) -> float | None:
    """Return when the newest order file came (UTC seconds); None before the first."""
    query = sa.select(order_file.c.received_at).order_by(order_file.c.id.desc()).limit(1)
    return connection.execute(query).scalar()


def _taken(row: Sequence[Any]) -> TakenRecord:
    return TakenRecord(RecordOutcome(row[0]), row[1], row[2])
