"""Slowing down who guesses: wrong tries are counted by key, in bounded memory."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_KEYS: Final = 1024
LONGEST_KEY: Final = 200


@dataclass(slots=True)
class _Tries:
    left: float
    at: float


class Throttle:
    """A bucket of tries for each key (an address, an account), refilled with time.

    At most `MAX_KEYS` are remembered, the longest silent one is forgotten first. A network of IPv6
    addresses (/64) counts as one address, since one machine owns all of it.
    """

    def __init__(
        self, tries: int, refill_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Let each key try ``tries`` times in a row, and once more after ``refill_seconds``."""
        self.tries = tries
        self.refill_seconds = refill_seconds
        self._clock = clock
        self._counts: OrderedDict[str, _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str) -> float:
        """Return the seconds until ``key`` may try again; 0 for at once."""
        with self._lock:
            return self._wait(self._left(_key(key)))

    def failed(self, key: str) -> bool:
        """Count a wrong try; return whether the next one has to wait now."""
        with self._lock:
            return self._count(_key(key)) < 1.0

    def take(self, key: str) -> float:
        """Count a try before its outcome is known; return 0, or the seconds to wait instead.

        So tries that are made at the same time cannot outnumber the bucket. A right one is put
        back by `forget` or `give_back`.
        """
        with self._lock:
            seconds = self._wait(self._left(_key(key)))
            if not seconds:
                self._count(_key(key))
            return seconds

    def give_back(self, key: str) -> None:
        """Uncount a try that was right."""
        with self._lock:
            count = self._counts.get(_key(key))
            if count is not None:
                count.left = min(float(self.tries), count.left + 1.0)

    def forget(self, key: str) -> None:
        """Forget every wrong try of a key."""
        with self._lock:
            self._counts.pop(_key(key), None)

    def left(self, key: str) -> int:
        """Return how many wrong tries ``key`` has left."""
        with self._lock:
            return max(0, int(self._left(_key(key))))

    def _count(self, key: str) -> float:
        left = self._left(key) - 1.0
        self._counts.pop(key, None)
        self._counts[key] = _Tries(left, self._clock())
        while len(self._counts) > MAX_KEYS:
            self._counts.popitem(last=False)
        return left

    def _left(self, key: str) -> float:
        count = self._counts.get(key)
        if count is None:
            return float(self.tries)
        return min(float(self.tries), count.left + (self._clock() - count.at) / self.refill_seconds)

    def _wait(self, left: float) -> float:
        return max(0.0, (1.0 - left) * self.refill_seconds)

    def __len__(self) -> int:
        """Return the number of keys remembered."""
        return len(self._counts)


def _key(text: str) -> str:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return text[:LONGEST_KEY]
    if ip.version == 6:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return text
