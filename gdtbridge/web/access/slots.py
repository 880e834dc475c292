"""How many calls may be in the core at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from gdtbridge.web.problems import RETRY_SECONDS, refuse

P = ParamSpec("P")
R = TypeVar("R")

SLOTS: Final = 6
WAIT_SECONDS: Final = 2.0


class Slots:
    """A bounded number of places; who finds none in time is told to come back (503).

    There are fewer places than server threads: when the core hangs (a dead network drive), the
    threads left over still answer ``/healthz`` and refuse the rest within seconds. Calls that have
    threads of their own need none.
    """

    def __init__(
        self,
        number: int = SLOTS,
        wait_seconds: float = WAIT_SECONDS,
        most_waiting: int | None = None,
    ) -> None:
        """Have so many places; beyond ``most_waiting`` nobody waits, for each takes a thread."""
        self._free = threading.BoundedSemaphore(number)
        self._wait = wait_seconds
        self._may_wait = threading.BoundedSemaphore(most_waiting) if most_waiting else None

    def bound(self, view: Callable[P, R]) -> Callable[P, R]:
        """Return ``view``; a call of it without a free place raises `CallRefused` (503)."""

        @wraps(view, assigned=("__doc__",), updated=())
        def inner(*args: P.args, **kwargs: P.kwargs) -> R:
            release = self.take()
            try:
                return view(*args, **kwargs)
            finally:
                release()

        return inner

    def take(self) -> Callable[[], None]:
        """Take a place; return what gives it back. Raises `CallRefused` (503) for none."""
        if not self._free.acquire(blocking=False) and not self._waited():
            raise refuse(503, "", ("Retry-After", str(RETRY_SECONDS)))
        return self._free.release

    def _waited(self) -> bool:
        """Wait for a place; return whether there came one."""
        if self._may_wait is None:
            return self._free.acquire(timeout=self._wait)
        if not self._may_wait.acquire(blocking=False):
            return False
        try:
            return self._free.acquire(timeout=self._wait)
        finally:
            self._may_wait.release()
