"""The clock that tests turn by hand."""

from __future__ import annotations

from datetime import UTC, datetime

START = 1_705_311_015.0
"""2024-01-15 09:30:15 UTC."""
TO_BELIEVED = (3 * 365 + 1) * 86400.0
"""Seconds from there to 2027, when the product exists: before it, a clock is wrong."""


class HandClock:
    """A `gdtbridge.durable.Clock` that goes only when it is told to.

    ``seconds`` is UTC; the wall clock alone may step, the monotonic one only turns.
    """

    def __init__(self, seconds: float = START) -> None:
        self.seconds = seconds
        self._stepped = 0.0

    def utc(self) -> float:
        """Return the wall clock."""
        return self.seconds

    def local(self) -> datetime:
        """Return the same as a wall clock in London would in winter."""
        return datetime.fromtimestamp(self.seconds, UTC).replace(tzinfo=None)

    def monotonic(self) -> float:
        """Return seconds that know nothing of steps of the wall clock."""
        return self.seconds - self._stepped

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or, with a negative number, back."""
        self.seconds += seconds
        self._stepped += seconds
