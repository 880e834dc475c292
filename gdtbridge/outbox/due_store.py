"""Which messages of the table ``outbox`` are to be tried; inside the caller's transaction."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.outbox.model import OPEN, DeliveryState, FileNaming
from gdtbridge.outbox.pauses import PAUSED
from gdtbridge.outbox.retry import JITTER, LONGEST_RETRY
from gdtbridge.schema import outbox as table

FARTHEST: Final = LONGEST_RETRY * (1 + JITTER)
"""Seconds an attempt can lie ahead; one farther away was set before the clock stepped back."""

BEFORE: Final = table.alias("before")
"""The message that another one waits for."""


def able(destination: str | sa.BindParameter[str]) -> sa.Select[int]:
    """Select the open messages that wait for no other message; none while there is a pause."""
    named = destination if isinstance(destination, sa.BindParameter) else sa.literal(destination)
    return (
        sa.select(table.c.id)
        .select_from(table.outerjoin(BEFORE, table.c.after_id == BEFORE.c.id))
        .where(
            table.c.destination == named,
            table.c.state.in_(OPEN),
            sa.or_(table.c.after_id.is_(None), BEFORE.c.state == DeliveryState.DELIVERED),
            named.not_in(PAUSED),
        )
    )


def due(connection: Connection, destination: str, now: float, most: int) -> list[int]:
    """Return messages to try now: those waiting longest and, of many, as many of the newest.

    So a backlog keeps nothing new waiting. Each half is in the order put.
    """
    here = able(destination).where(_is_due(now))
    oldest = here.order_by(table.c.next_at, table.c.id).limit(most)
    found = list(connection.execute(oldest).scalars())
    if len(found) < most:
        return found
    newest = connection.execute(here.order_by(table.c.id.desc()).limit(most // 2)).scalars()
    fresh = sorted(newest)
    return [*fresh, *(one for one in found[: most // 2] if one not in fresh)]


def due_of_newest_day(connection: Connection, destination: str, now: float, most: int) -> list[int]:
    """Return messages whose names are days to try now: the newest day's, those waiting longest."""
    query = able(destination).where(_is_due(now))
    query = query.order_by(table.c.name.desc(), table.c.next_at, table.c.id).limit(most)
    return list(connection.execute(query).scalars())


def more_due(connection: Connection, destination: str, now: float, number: int) -> bool:
    """Return whether more than so many messages are to be tried now."""
    query = able(destination).where(_is_due(now)).limit(1).offset(number)
    return connection.execute(query).first() is not None


def first_due(connection: Connection, destination: str, now: float) -> int | None:
    """Return the first message of all, when that is to be tried now."""
    query = sa.select(table.c.id).where(
        table.c.id == _first(destination).scalar_subquery(), _is_due(now)
    )
    return connection.execute(query).scalar()


def next_at(connection: Connection, destination: str, naming: FileNaming) -> float | None:
    """Return when the next attempt is due, None when there is none to come."""
    if naming is FileNaming.REUSED:
        first = _first(destination).scalar_subquery()
        query = sa.select(table.c.next_at).where(table.c.id == first)
    else:
        query = able(destination).with_only_columns(sa.func.min(table.c.next_at))
    return connection.execute(query).scalar()


def _first(destination: str) -> sa.Select[int]:
    return able(destination).order_by(table.c.id).limit(1)


def _is_due(now: float) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.next_at <= now, table.c.next_at > now + FARTHEST)


def first_things_first(connection: Connection, destination: str) -> None:
    """Make interrupted messages due at once, before all new ones."""
    statement = sa.update(table).where(
        table.c.destination == destination,
        table.c.state.in_((DeliveryState.WRITING, DeliveryState.RENAMING)),
    )
    connection.execute(statement.values(next_at=0))


def all_due(connection: Connection, destination: str, now: float) -> None:
    """Make every open message to a destination due ``now`` (UTC seconds)."""
    here = (table.c.destination == destination, table.c.state.in_(OPEN))
    later = sa.and_(*here, table.c.next_at > now)
    connection.execute(sa.update(table).where(later).values(next_at=now))
