"""The figures of each destination, read from the table ``outbox`` alone: no folder is touched."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.outbox.collection_store import DAYS, lying_files
from gdtbridge.outbox.model import (
    COMMITMENT,
    FORWARD,
    MAIL,
    OPEN,
    DeliveryState,
    DestinationStatus,
    PlaceProblem,
    Sender,
)
from gdtbridge.outbox.store import BEFORE, able
from gdtbridge.schema import outbox as table

# A list, not "other than delivered": the index is used, and what was delivered is not counted.
_NOT_DELIVERED: Final = table.c.state.in_((*OPEN, DeliveryState.QUESTION, DeliveryState.FAILED))


def destinations(connection: Connection) -> dict[str, str]:
    """Return the kind of each destination that has undelivered messages or open questions."""
    waits = table.c.state.in_((*OPEN, DeliveryState.QUESTION))
    query = sa.select(table.c.destination, table.c.kind).where(waits).distinct()
    return {row.destination: row.kind for row in connection.execute(query)}


def destination_status(
    connection: Connection,
    destination: str,
    sender: Sender,
    now: float,
    place: PlaceProblem | None = None,
) -> DestinationStatus:
    """Return the figures of one destination at ``now`` (UTC seconds)."""
    counts = _counts(connection, destination)
    oldest = _oldest(connection, destination)
    return DestinationStatus(
        destination=destination,
        kind=sender.kind,
        pending=sum(counts.get(state, 0) for state in OPEN),
        oldest_pending_age=max(0.0, now - oldest) if oldest is not None else 0.0,
        failed=counts.get(DeliveryState.FAILED, 0),
        questions=counts.get(DeliveryState.QUESTION, 0),
        last_error=_last_error(connection, destination),
        last_delivered_at=connection.execute(
            sa.select(sa.func.max(table.c.delivered_at)).where(table.c.destination == destination)
        ).scalar(),
        must_arrive=sender.lifetime is None and sender.kind not in {MAIL, COMMITMENT, FORWARD},
        place=place,
        lying=lying_files(connection, destination, now - DAYS * DAY_SECONDS),
    )


def _counts(connection: Connection, destination: str) -> dict[DeliveryState, int]:
    query = (
        sa.select(table.c.state, sa.func.count())
        .where(table.c.destination == destination, _NOT_DELIVERED)
        .group_by(table.c.state)
    )
    return {DeliveryState(state): count for state, count in connection.execute(query)}


def _oldest(connection: Connection, destination: str) -> float | None:
    """Return since when the longest waiting message could have left."""
    since = sa.func.coalesce(BEFORE.c.delivered_at, table.c.created_at)
    query = able(destination).with_only_columns(sa.func.min(since))
    return connection.execute(query).scalar()


def _last_error(connection: Connection, destination: str) -> str:
    """Return the reason of the newest message that has one and did not arrive."""
    query = (
        sa.select(table.c.last_error)
        .where(table.c.destination == destination, _NOT_DELIVERED, table.c.last_error != "")
        .order_by(table.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or ""
