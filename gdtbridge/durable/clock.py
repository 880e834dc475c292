"""The clocks: UTC for the database, local time for DICOM and GDT, monotonic time for waiting.

A computer without a good battery starts in 1970 and is put right by the network; people set clocks
by hand. What is counted in seconds must not care: `SteadyClock` runs on, and whoever watches it
lets it follow in one piece with the deadlines that are stored.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final, Protocol

BELIEVED_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""UTC seconds; a wall clock before it is wrong."""
DAY_SECONDS: Final = 24 * 3600.0
"""A day of elapsed time, whatever the clocks of summer and winter say."""

_BOOTTIME: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class Clock(Protocol):
    """What tells the time; tests bring their own."""

    def utc(self) -> float:
        """Return UTC seconds since 1970; they may step in both directions."""

    def local(self) -> datetime:
        """Return the wall clock of the practice, without a zone."""

    def monotonic(self) -> float:
        """Return seconds that only grow."""


class SystemClock:
    """The clocks of this machine."""

    def utc(self) -> float:
        """Return UTC seconds since 1970."""
        return time.time()

    def local(self) -> datetime:
        """Return the wall clock of the practice, without a zone."""
        return datetime.now()  # noqa: DTZ005 - DICOM and GDT have local time without a zone

    def monotonic(self) -> float:
        """Return seconds that only grow, on Linux while the machine sleeps as well."""
        return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


class SteadyClock:
    """UTC that runs by the monotonic clock and follows the wall clock only when it is told to.

    So nothing that is compared within a second sees the wall clock step. Local time is the wall
    clock's at each moment.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin with what ``clock`` says now."""
        self._clock = clock
        self._ahead = clock.utc() - clock.monotonic()

    def utc(self) -> float:
        """Return UTC seconds since 1970."""
        return self._clock.monotonic() + self._ahead

    def local(self) -> datetime:
        """Return the wall clock of the practice, without a zone."""
        return self._clock.local()

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return self._clock.monotonic()

    def step(self) -> float:
        """Return by how many seconds the wall clock has gone ahead (or back: less than 0)."""
        return self._clock.utc() - self.utc()

    def follow(self, step: float) -> None:
        """Go ahead by a `step` of the wall clock."""
        self._ahead += step


def local_time(moment: float) -> datetime:
    """Return the wall clock of the practice at a moment (UTC seconds), without a zone."""
    return datetime.fromtimestamp(moment)  # noqa: DTZ006 - DICOM and GDT have no zone
