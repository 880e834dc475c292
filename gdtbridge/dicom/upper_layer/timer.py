"""pynetdicom's timer on the monotonic clock."""

from __future__ import annotations

import time

from pynetdicom.timer import Timer


class MonotonicTimer(Timer):
    """pynetdicom's timer on the monotonic clock: steps of the wall clock do not matter."""

    @property
    def remaining(self) -> float:
        """Seconds left; the whole time before the start, 1 for a timer without end."""
        if self.timeout is None:
            return 1
        if self._start_time is None:
            return self.timeout
        end = time.monotonic() if self._end_time is None else self._end_time
        return self.timeout - (end - self._start_time)

    def start(self) -> None:
        """Start, or start again from the whole time."""
        self._start_time = time.monotonic()
        self._end_time = None

    def stop(self) -> None:
        """Stop where it is."""
        self._end_time = time.monotonic()
