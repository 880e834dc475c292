"""The cases of a sample audit in the database; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.sample_audit.model import SampleCase
from gdtbridge.schema import sample_case


def cases(connection: Connection) -> list[SampleCase]:
    """Return every case, in the order they were added."""
    query = sa.select(sample_case).order_by(sample_case.c.id)
    return [_case(row) for row in connection.execute(query)]


def case_of(connection: Connection, case_id: int) -> SampleCase | None:
    """Return a case; None where there is none."""
    row = connection.execute(sa.select(sample_case).where(sample_case.c.id == case_id)).first()
    return _case(row) if row is not None else None


def add(connection: Connection, asked: str, day: date, at: float) -> bool:
    """Enter a case; return False where it is there already."""
    here = (sample_case.c.asked == asked, sample_case.c.day == day.isoformat())
    if connection.execute(sa.select(sample_case.c.id).where(*here)).first() is not None:
        return False
    values = {"asked": asked, "day": day.isoformat(), "added_at": at, "seen_by": ""}
    connection.execute(sa.insert(sample_case).values(values))
    return True


def remove(connection: Connection, case_id: int) -> None:
    """Forget a case."""
    connection.execute(sa.delete(sample_case).where(sample_case.c.id == case_id))


def choose(connection: Connection, case_id: int, instances: Iterable[int]) -> None:
    """Enter which pictures are handed in; nobody has seen that choice yet."""
    chosen = " ".join(str(one) for one in sorted(instances))
    _change(connection, case_id, chosen=chosen, seen_at=None, seen_by="")


def note_seen(connection: Connection, case_id: int, at: float | None, who: str) -> None:
    """Enter that somebody has looked at the pictures, or with None that nobody has."""
    _change(connection, case_id, seen_at=at, seen_by=who)


def _change(connection: Connection, case_id: int, **values: object) -> None:
    connection.execute(sa.update(sample_case).where(sample_case.c.id == case_id).values(values))


def _case(row: Any) -> SampleCase:  # noqa: ANN401 - a row
    chosen = None if row.chosen is None else frozenset(int(one) for one in row.chosen.split())
    day = date.fromisoformat(row.day)
    return SampleCase(row.id, row.asked, day, chosen, row.seen_at, row.seen_by)
