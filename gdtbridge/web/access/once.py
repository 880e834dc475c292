"""One-time values: a question that was shown, and the answer to it, which comes once."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

OPEN_SECONDS: Final = 600.0
MOST_OPEN: Final = 200


class OpenQuestions(Generic[T]):
    """What was asked and not answered yet; at most `MOST_OPEN`, the oldest are forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, subject: T) -> str:
        """Return the value that answers a question about ``subject``, which nobody can guess."""
        value = secrets.token_urlsafe(24)
        with self._lock:
            self._open[value] = (self._clock(), subject)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        return value

    def answer(self, value: str) -> T | None:
        """Return what was asked, once; None for an unknown value and after `OPEN_SECONDS`."""
        with self._lock:
            asked_at, subject = self._open.pop(value, (0.0, None))
        if subject is None or self._clock() - asked_at > OPEN_SECONDS:
            return None
        return subject
