"""Who looks at what just now, so that two do not decide the same without knowing of each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

LEASE_SECONDS: Final = 30.0


class Leases:
    """Who looks at which key, for 30 seconds after the last look. In memory, thread-safe.

    Nobody is kept from anything: it is only told.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], float] = {}

    def look(self, key: str, who: str) -> tuple[str, ...]:
        """Note that somebody looks at a key; return the others who do, by name."""
        now = self._clock()
        with self._lock:
            self._seen = {one: at for one, at in self._seen.items() if now - at < LEASE_SECONDS}
            others = sorted(other for at, other in self._seen if at == key and other != who)
            if who:
                self._seen[key, who] = now
        return tuple(others)

    def leave(self, key: str, who: str) -> None:
        """Note that somebody does not look any more."""
        with self._lock:
            self._seen.pop((key, who), None)
