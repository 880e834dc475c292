"""The clocks: UTC for the database, local time for DICOM and GDT, monotonic time for waiting."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Protocol


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
        """Return seconds that only grow."""
        return time.monotonic()


def local_time(moment: float) -> datetime:
    """Return the wall clock of the practice at a moment (UTC seconds), without a zone."""
    return datetime.fromtimestamp(moment)  # noqa: DTZ006 - DICOM and GDT have no zone
