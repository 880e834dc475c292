"""What was said in the set-up, in the database; every call is inside the caller's transaction."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.schema import exam, placed_order, setup_note


def notes(connection: Connection) -> dict[str, str]:
    """Return what was said, by what it is about."""
    rows = connection.execute(sa.select(setup_note.c.name, setup_note.c.said))
    return {row[0]: row[1] for row in rows}


def note(connection: Connection, name: str, said: str) -> None:
    """Remember what was said about something, instead of what was said before."""
    connection.execute(sa.delete(setup_note).where(setup_note.c.name == name))
    connection.execute(sa.insert(setup_note).values(name=name, said=said))


def is_at_work(connection: Connection) -> bool:
    """Return whether there ever was an order or an exam."""
    order = sa.exists().select_from(placed_order)
    return bool(connection.execute(sa.select(order | sa.exists().select_from(exam))).scalar_one())
