"""Temporary files that have to go and could not yet; inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.schema import delivery_leftover as leftover
from gdtbridge.schema import outbox as table


def leave_behind(connection: Connection, destination: str, temporary_name: str) -> None:
    """Note that a temporary file and its witness have to go and could not yet."""
    here = (leftover.c.destination == destination, leftover.c.temporary_name == temporary_name)
    connection.execute(sa.delete(leftover).where(*here))
    if temporary_name:
        values = {"destination": destination, "temporary_name": temporary_name}
        connection.execute(sa.insert(leftover).values(**values))


def left_behind(connection: Connection, destination: str) -> list[str]:
    """Return the temporary names that have to go."""
    query = sa.select(leftover.c.temporary_name).where(leftover.c.destination == destination)
    return list(connection.execute(query).scalars())


def gone(connection: Connection, destination: str, temporary_names: Sequence[str]) -> None:
    """Forget temporary names that are gone."""
    named = leftover.c.temporary_name.in_(temporary_names)
    connection.execute(sa.delete(leftover).where(leftover.c.destination == destination, named))


def leave_behind_of(connection: Connection, outbox_id: int) -> None:
    """Note the same of what an answered question left."""
    query = sa.select(table.c.destination, table.c.temporary_name).where(table.c.id == outbox_id)
    leave_behind(connection, *connection.execute(query).one())
