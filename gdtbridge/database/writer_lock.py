"""Who writes: one at a time, and what another program's lock does to all who wait."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.database.telling import locked

BUSY_SECONDS: Final = 30
"""How long all writers together wait for another process (a command, a backup program)."""
LATE_SECONDS: Final = 2
"""How long a writer waits that comes when all the others have given up already."""
LONG_SECONDS: Final = 5
"""A lock that lasts longer is told."""
STEP_SECONDS: Final = 0.25
"""How long a writer waits before it looks again whether all are to give up."""


class WriterLock:
    """What another program's lock does to our writers: since when, and until when all wait.

    One for all writers of a process, so that they give up together and not one after the other.
    """

    def __init__(self) -> None:
        self._since: float | None = None  # monotonic, as is the next
        self._last: tuple[float, float] | None = None  # the last one that lasted

    @property
    def seconds(self) -> float:
        """How long another program has kept every writer waiting; 0 when none does."""
        since = self._since
        return 0.0 if since is None else max(time.monotonic() - since, STEP_SECONDS)

    def met(self, waiting_since: float) -> None:
        """Note that a writer who began to wait then (monotonic) could not write yet."""
        if self._since is None:
            self._since = waiting_since

    def gone(self) -> None:
        """Note that somebody could write."""
        if self.is_long:
            assert self._since is not None  # noqa: S101 - or it would not be long
            self._last = self._since, time.monotonic()
        self._since = None

    @property
    def is_long(self) -> bool:
        """Whether nobody could write for longer than a command of ours takes."""
        return self.seconds > LONG_SECONDS

    def long_since(self, kept: float) -> float | None:
        """Return how many seconds ago a long lock began that lasts, or was there ``kept`` ago."""
        now = time.monotonic()
        if self.is_long:
            return self.seconds
        if self._last is None or now - self._last[1] > kept:
            return None
        return now - self._last[0]

    def seconds_left(self, arrived: float) -> float:
        """Return how long a writer who arrived then (monotonic) is to wait on, at most."""
        since = self._since
        if since is None:
            return BUSY_SECONDS
        late = min(LATE_SECONDS, BUSY_SECONDS)
        return max(since + BUSY_SECONDS, arrived + late) - time.monotonic()

    def must_wait_on(self, arrived: float) -> None:
        """Raise `DatabaseUnavailable` when a writer who arrived then has waited for long enough."""
        if self.seconds_left(arrived) <= 0:
            raise locked()


@dataclass(frozen=True, slots=True)
class WriterTurn:
    """One write transaction: how durable it is to be, and whom it waits for."""

    lock: WriterLock
    synced: bool = True
    arrived: float = field(default_factory=time.monotonic)
