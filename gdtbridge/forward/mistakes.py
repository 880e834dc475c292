"""Statements on ``wrong_copy``: what archives have and should not, until a person saw to it."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.forward.model import LeftIdentity, WrongCopy
from gdtbridge.forward.plan import CopyPlan, Mistake
from gdtbridge.schema import exam, wrong_copy


def note(
    connection: Connection, exam_id: int, destination: str, plan: CopyPlan, now: float
) -> None:
    """Enter what an archive has and should not; of what is open already, what is right now.

    Where the exam is of one person only, that is right for all; what is right again is settled.
    """
    here = (
        wrong_copy.c.exam_id == exam_id,
        wrong_copy.c.destination == destination,
        wrong_copy.c.settled_at.is_(None),
    )
    for has, mine in _by_identity(plan.mistakes).items():
        right = mine[-1].now
        values = {"now": right.said if right is not None else "", "copies": len(mine)}
        known = sa.update(wrong_copy).where(*here, wrong_copy.c.said == has.said)
        if not connection.execute(known.values(values)).rowcount:
            told = {"exam_id": exam_id, "destination": destination, "said": has.said, "since": now}
            connection.execute(sa.insert(wrong_copy).values(**told, **values))
    if len(plan.rights) == 1:
        said = plan.rights[0].said
        right_again = (wrong_copy.c.said == said, wrong_copy.c.now != said)
        connection.execute(sa.update(wrong_copy).where(*here, *right_again).values(settled_at=now))
        connection.execute(sa.update(wrong_copy).where(*here).values(now=said))


def _by_identity(mistakes: Iterable[Mistake]) -> dict[LeftIdentity, list[Mistake]]:
    found: dict[LeftIdentity, list[Mistake]] = {}
    for one in mistakes:
        found.setdefault(one.has, []).append(one)
    return found


def unsettled(connection: Connection, limit: int) -> list[WrongCopy]:
    """Return what a person has not seen to, the oldest first."""
    query = (
        sa.select(
            wrong_copy.c.id,
            wrong_copy.c.exam_id,
            exam.c.study_instance_uid,
            wrong_copy.c.destination,
            wrong_copy.c.said,
            wrong_copy.c.now,
            wrong_copy.c.copies,
            wrong_copy.c.since,
        )
        .select_from(wrong_copy.join(exam, exam.c.id == wrong_copy.c.exam_id))
        .where(wrong_copy.c.settled_at.is_(None))
        .order_by(wrong_copy.c.id)
        .limit(limit)
    )
    return [_mistake(*row) for row in connection.execute(query)]


def _mistake(
    number: int, exam_id: int, study: str, to: str, said: str, now: str, count: int, since: float
) -> WrongCopy:
    right = LeftIdentity.parsed(now) if now else None
    return WrongCopy(number, exam_id, study, to, LeftIdentity.parsed(said), right, count, since)


def settle(connection: Connection, number: int, now: float) -> bool:
    """Note that a person has seen to a mistake; return whether it was open."""
    here = sa.and_(wrong_copy.c.id == number, wrong_copy.c.settled_at.is_(None))
    done = connection.execute(sa.update(wrong_copy).where(here).values(settled_at=now))
    return bool(done.rowcount)
