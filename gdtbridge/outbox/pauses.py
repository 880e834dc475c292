"""Destinations a person has paused: nothing leaves for them until somebody resumes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.outbox.model import DeliveryState
from gdtbridge.schema import delivery_pause as table
from gdtbridge.schema import outbox
from gdtbridge.statement import Statement

LEFT_OUT: Final = "left out: the destination was paused"
"""The reason of a message whose time ended during a pause: nobody has to look."""
PAUSED: Final = sa.select(table.c.destination).where(table.c.ended_at.is_(None))
"""Selects the destinations that are paused."""


@dataclass(frozen=True, slots=True)
class DeliveryPause:
    """The last pause of a destination; times are UTC in seconds.

    ``why`` is what the person wrote: for who may see patients, never for a log or a metric.
    """

    destination: str
    since: float
    who: str
    why: str
    ended_at: float | None = None
    """None while it lasts."""

    @property
    def lasts(self) -> bool:
        """Whether nothing leaves now."""
        return self.ended_at is None


_COLUMNS: Final = [table.c[name] for name in DeliveryPause.__slots__]
_LAST: Final = Statement(sa.select(*_COLUMNS).where(table.c.destination == sa.bindparam("to")))
_LASTS: Final = Statement(PAUSED.where(table.c.destination == sa.bindparam("to")))


def lasts(connection: Connection, destination: str) -> bool:
    """Return whether a destination is paused."""
    return _LASTS.first(connection, to=destination) is not None


def last_pause(connection: Connection, destination: str) -> DeliveryPause | None:
    """Return the pause that lasts, or that ended last."""
    row = _LAST.first(connection, to=destination)
    return DeliveryPause(*row) if row is not None else None


def begin(connection: Connection, pause: DeliveryPause) -> None:
    """Let a pause begin in place of the one before."""
    connection.execute(sa.delete(table).where(table.c.destination == pause.destination))
    values = {column.name: getattr(pause, column.name) for column in _COLUMNS}
    connection.execute(sa.insert(table).values(values))


def end(connection: Connection, destination: str, now: float) -> None:
    """Let the pause of a destination end at ``now`` (UTC seconds)."""
    here = (table.c.destination == destination, table.c.ended_at.is_(None))
    connection.execute(sa.update(table).where(*here).values(ended_at=now))


def left_out(connection: Connection, destination: str) -> int:
    """Return how many messages to a destination were left out during pauses."""
    query = sa.select(sa.func.count()).where(
        outbox.c.destination == destination,
        outbox.c.state == DeliveryState.FAILED,
        outbox.c.last_error == LEFT_OUT,
    )
    return connection.execute(query).scalar_one()
