"""Jumps of the wall clock: noticed, remembered for a person, and followed by stored times.

A deadline counts elapsed seconds, so it moves with the clock. A date stays, unless the clock was
one nobody can believe (before 2026: the battery of the computer is empty) and is put right now:
then all it has stamped is wrong by the same step, and moves too.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge import clock_jumps
from gdtbridge.clock_jumps import SMALLEST_STEP
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import BELIEVED_SINCE, DAY_SECONDS, SteadyClock, local_time
from gdtbridge.exams.model import ClaimState
from gdtbridge.orders.model import ListingMark, OrderState
from gdtbridge.outbox.model import OPEN
from gdtbridge.schema import (
    access_link,
    account_session,
    awaited_study,
    claim,
    clock_jump,
    commitment,
    exam,
    metadata,
    order_file,
    outbox,
    performed_step,
    placed_order,
    refusal,
    study_link,
    worklist_query,
)

log = logging.getLogger(__name__)

WATCH_SECONDS: Final = 1
"""How often to look: so long a deadline may be off after a jump."""
JUMP_SECONDS: Final = 5.0
"""A person is told of steps from so many seconds on."""

_ASKED: Final = commitment.c.due_at.is_not(None)
_WAITING: Final = outbox.c.state.in_(OPEN)
DEADLINES: Final[tuple[tuple[sa.Column[Any], sa.ColumnElement[bool] | None], ...]] = (
    (exam.c.due_at, None),
    (outbox.c.next_at, _WAITING),
    (outbox.c.expires_at, _WAITING),
    (outbox.c.created_at, _WAITING),  # how long it has been waiting
    (placed_order.c.images_due_at, placed_order.c.images_due_at > 0),
    (awaited_study.c.expires_at, None),
    (commitment.c.due_at, None),
    (commitment.c.expires_at, _ASKED),
    (commitment.c.requested_at, _ASKED),  # how long a device is waited for
    (access_link.c.expires_at, None),
    (study_link.c.expires_at, None),
    (account_session.c.expires_at, None),
    (account_session.c.seen_at, None),  # how long nobody did anything
)
"""Times that are compared with now, to the second, and in which rows they still are."""
BEGINNINGS: Final = (
    (exam.c.first_instance_at, exam.c.due_at.is_not(None)),
    (claim.c.first_at, claim.c.state == ClaimState.OPEN),
    (performed_step.c.began_at, performed_step.c.ended_at.is_(None)),
)
"""Times from which ``exam.limit_minutes`` counts. They are dates as well, and move less than a day;
over a longer step `gdtbridge.exams.completion` forgets them."""
RECENT: Final = (
    (order_file.c.received_at, 7 * DAY_SECONDS),
    (refusal.c.first_at, DAY_SECONDS),
    (refusal.c.last_at, DAY_SECONDS),
    (worklist_query.c.first_at, DAY_SECONDS),
    (worklist_query.c.last_at, DAY_SECONDS),
    (clock_jump.c.at, DAY_SECONDS),
)
"""Times of what a person is told for a while, and at least how many seconds that is."""
STAMPS: Final = tuple(
    column
    for table in metadata.sorted_tables
    for column in table.columns
    if (column.name in {"at", "since"} or column.name.endswith("_at"))
    and column.name not in {"due_at", "images_due_at", "next_at", "expires_at"}
    and table is not clock_jump
)
"""Times at which something happened: every other time of the schema."""


@dataclass(frozen=True, slots=True)
class ClockWatch:
    """Lets a steady clock follow the wall clock, in one transaction with the stored times."""

    database: Database
    clock: SteadyClock

    def look(self) -> None:
        """Follow a step of the wall clock, if there was one; call it every `WATCH_SECONDS`."""
        step = self.clock.step()
        if abs(step) < SMALLEST_STEP:
            return
        before = self.clock.utc()
        with self.database.write() as connection:
            self._move(connection, before, step)
        self.clock.follow(step)
        if abs(step) >= JUMP_SECONDS:
            log.warning(
                "the clock of this machine jumped from %s to %s UTC",
                _utc(before),
                _utc(before + step),
            )

    def _move(self, connection: Connection, before: float, step: float) -> None:
        move_deadlines(connection, step)
        if before < BELIEVED_SINCE <= before + step:
            redate(connection, before, step)
        if abs(step) >= JUMP_SECONDS:
            for column, seconds in RECENT:
                _keep_recent(connection, column, before, step, seconds)
            clock_jumps.remember(connection, before, before + step)


def move_deadlines(connection: Connection, step: float) -> None:
    """Let every stored deadline stay as far away as it is."""
    for column, where in DEADLINES if abs(step) > DAY_SECONDS else (*DEADLINES, *BEGINNINGS):
        moved = sa.update(column.table).values({column: column + step})
        connection.execute(moved if where is None else moved.where(where))


def _keep_recent(
    connection: Connection, column: sa.Column[Any], before: float, step: float, seconds: float
) -> None:
    """Let what was at most ``seconds`` old ``before`` the step be as old after it."""
    recent = sa.and_(column > before - seconds, column <= before)
    connection.execute(sa.update(column.table).where(recent).values({column: column + step}))


# ---------------------------------------------------------------------------- put right


def redate(connection: Connection, before: float, step: float) -> None:
    """Put right what a clock has stamped that nobody can believe; ``before`` is what it said last.

    Open orders move on the worklist as well, where their time came from that clock.
    """
    _redate_orders(connection, before, step)
    for column in STAMPS:
        wrong = sa.and_(column > 0, column <= before)
        connection.execute(sa.update(column.table).where(wrong).values({column: column + step}))


def _redate_orders(connection: Connection, before: float, step: float) -> None:
    """Move the local times of orders, and have the worklist follow those that are open."""
    query = sa.select(placed_order).where(placed_order.c.ordered_at <= before)
    for row in connection.execute(query).all():
        times = {name: _redated(getattr(row, name), step) for name in ("scheduled", "created")}
        listing = row.listing or (ListingMark.REPLACE if row.state == OrderState.ORDERED else None)
        moved = sa.update(placed_order).where(placed_order.c.id == row.id)
        connection.execute(moved.values(**times, listing=listing))


def _redated(text: str, step: float) -> str:
    """Return a local time (ISO 8601) after a step; one that somebody asked for stays."""
    moment = datetime.fromisoformat(text).timestamp() if text else BELIEVED_SINCE
    return text if moment >= BELIEVED_SINCE else local_time(moment + step).isoformat()


def _utc(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"
