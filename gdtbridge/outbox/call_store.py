"""Statements about calls: the last answer of each webhook, and what did not arrive."""

from __future__ import annotations

from typing import Final, NamedTuple

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.outbox.model import OPEN, Attempt, AttemptResult, DeliveryState
from gdtbridge.outbox.pauses import LEFT_OUT
from gdtbridge.schema import outbox as table
from gdtbridge.schema import webhook_answer

DISCARDED: Final = "discarded by a person"
"""The reason of a call that did not arrive and that nobody wants any more."""


class LastAnswer(NamedTuple):
    """What came of the last call: when (UTC seconds), whether it arrived, and the words."""

    at: float
    arrived: bool
    reason: str
    words: str


def note_answer(connection: Connection, destination: str, attempt: Attempt, now: float) -> None:
    """Remember what came of a call in place of what came of the one before."""
    said = LastAnswer(
        now, attempt.result is AttemptResult.DELIVERED, attempt.reason, attempt.words
    )._asdict()
    here = webhook_answer.c.destination == destination
    if not connection.execute(sa.update(webhook_answer).where(here).values(said)).rowcount:
        connection.execute(sa.insert(webhook_answer).values(destination=destination, **said))


def last_answer(connection: Connection, destination: str) -> LastAnswer | None:
    """Return what came of the last call."""
    columns = [webhook_answer.c[name] for name in LastAnswer._fields]
    query = sa.select(*columns).where(webhook_answer.c.destination == destination)
    row = connection.execute(query).one_or_none()
    return LastAnswer(*row) if row is not None else None


def _failed(destination: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.destination == destination,
        table.c.state == DeliveryState.FAILED,
        table.c.last_error.not_in((DISCARDED, LEFT_OUT)),
    )


def failed(connection: Connection, destination: str) -> tuple[int, float]:
    """Return how many calls did not arrive, and when the oldest was put (UTC seconds, or 0)."""
    query = sa.select(sa.func.count(), sa.func.min(table.c.created_at)).where(_failed(destination))
    count, oldest = connection.execute(query).one()
    return int(count), float(oldest or 0.0)


def reason(connection: Connection, destination: str) -> str:
    """Return why the newest call that did not arrive did not."""
    query = sa.select(table.c.last_error).where(_failed(destination))
    return connection.execute(query.order_by(table.c.id.desc()).limit(1)).scalar() or ""


def waiting(connection: Connection, destination: str) -> int:
    """Return how many calls are on their way."""
    here = (table.c.destination == destination, table.c.state.in_(OPEN))
    return connection.execute(sa.select(sa.func.count()).where(*here)).scalar_one()


def put_again(connection: Connection, destination: str, now: float, until: float | None) -> int:
    """Let the calls that did not arrive be tried anew from ``now`` on; return how many."""
    values = {
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_at": now,
        "expires_at": until,
        "last_error": "",
    }
    return connection.execute(sa.update(table).where(_failed(destination)).values(values)).rowcount


def discard(connection: Connection, destination: str) -> int:
    """Let the calls that did not arrive rest, and forget what they said; return how many."""
    values = {"last_error": DISCARDED, "payload": b""}
    return connection.execute(sa.update(table).where(_failed(destination)).values(values)).rowcount
