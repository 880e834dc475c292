"""Jumps of the wall clock that were noticed, remembered to be told and to be allowed for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import BELIEVED_SINCE, DAY_SECONDS, SteadyClock
from gdtbridge.schema import clock_jump

SMALLEST_STEP: Final = 0.1
"""Seconds below which the wall clock is corrected as it goes; no stored time moves."""
MOST_JUMPS: Final = 100
"""So many jumps are remembered, the newest: a broken clock must not fill the disk."""
SUMMER_TIME: Final = 3600.0
"""Seconds by which local times before and after a jump may differ."""


@dataclass(frozen=True, slots=True)
class ClockJump:
    """A step of the wall clock; UTC seconds."""

    id: int
    at: float
    """When it was, by the clock as it goes now."""
    before: float
    """What the clock said before it, and then instead."""
    after: float

    @property
    def step(self) -> float:
        """Seconds the clock went ahead; less than 0 where it was set back."""
        return self.after - self.before

    @property
    def puts_right(self) -> bool:
        """Whether a clock that nobody can believe was put right: what it stamped was, too."""
        return self.before < BELIEVED_SINCE <= self.after


def remember(connection: Connection, before: float, after: float) -> None:
    """Enter a jump of now; the oldest beyond `MOST_JUMPS` goes."""
    row = sa.insert(clock_jump).values(at=after, before=before, after=after)
    number = connection.execute(row.returning(clock_jump.c.id)).scalar_one()
    connection.execute(sa.delete(clock_jump).where(clock_jump.c.id <= number - MOST_JUMPS))


def jumps_of_today(connection: Connection, now: float) -> list[ClockJump]:
    """Return the jumps of the last day, the newest first.

    So long a jump is told, and entries are kept that only the jump makes old.
    """
    query = sa.select(clock_jump).where(clock_jump.c.at > now - DAY_SECONDS)
    return [ClockJump(*row) for row in connection.execute(query.order_by(clock_jump.c.id.desc()))]


def earliest_local(database: Database, clock: SteadyClock) -> datetime:
    """Return the earliest local time it can be for whoever placed an order, or will ask for it.

    For a day after a jump, that is the time there would be without it: what was ordered today must
    not be taken for yesterday's. An hour less, for one of the two may be in summer time.
    """
    local = clock.local()
    unnoticed = clock.step()  # after the local time, before the jumps: none is missed in between
    with database.read() as connection:
        jumps = jumps_of_today(connection, clock.utc())
    gone = max(_gone_ahead(unnoticed, jumps))
    return local - timedelta(seconds=gone + SUMMER_TIME if gone >= SMALLEST_STEP else 0.0)


def _gone_ahead(seconds: float, jumps: Iterable[ClockJump]) -> Iterator[float]:
    """Yield by how many seconds the clock has gone ahead since before each jump."""
    yield seconds
    for jump in jumps:
        seconds += jump.step
        if not jump.puts_right:
            yield seconds
