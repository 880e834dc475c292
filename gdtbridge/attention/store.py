"""What was announced, in the database; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.schema import announced, attention_note


class AnnouncedItem(NamedTuple):
    """An item as far as announcing goes: kind and subject."""

    code: str
    subject: str


def announced_of(connection: Connection, codes: Iterable[str]) -> set[AnnouncedItem]:
    """Return the announced items of these kinds."""
    query = sa.select(announced.c.kind, announced.c.subject).where(announced.c.kind.in_(codes))
    return {AnnouncedItem(*row) for row in connection.execute(query)}


def announce(connection: Connection, one: AnnouncedItem, now: float) -> None:
    """Remember that an item was announced at ``now`` (UTC seconds)."""
    values = {"kind": one.code, "subject": one.subject, "announced_at": now}
    connection.execute(sa.insert(announced).values(values))


def forget(connection: Connection, one: AnnouncedItem) -> None:
    """Forget an item that is gone: what comes again is announced again."""
    connection.execute(
        sa.delete(announced).where(announced.c.kind == one.code, announced.c.subject == one.subject)
    )


def unnoted(connection: Connection) -> bool:
    """Return whether no note has told yet of something announced."""
    query = sa.select(sa.exists().where(announced.c.noted.is_(sa.false())))
    return bool(connection.execute(query).scalar_one())


def counts(connection: Connection) -> dict[str, int]:
    """Return how many items are announced and not gone, by kind."""
    query = sa.select(announced.c.kind, sa.func.count()).group_by(announced.c.kind)
    return {row[0]: row[1] for row in connection.execute(query)}


def last_note(connection: Connection) -> float | None:
    """Return when the newest note was written, in UTC seconds."""
    return connection.execute(sa.select(sa.func.max(attention_note.c.written_at))).scalar()


def enter_note(connection: Connection, now: float) -> int:
    """Remember that a note tells of everything announced; return the note's number."""
    connection.execute(sa.update(announced).values(noted=True))
    statement = sa.insert(attention_note).values(written_at=now).returning(attention_note.c.id)
    return int(connection.execute(statement).scalar_one())
