"""What is being made at this moment, so that several who want it wait for one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Released(Exception):
    """Who was making it did not; somebody else has to."""


class Flights(Generic[T]):
    """Values under way, by a text that names each. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[T]] = {}

    def claim(self, keys: Sequence[str]) -> tuple[int, Future[T] | None]:
        """Claim the first of some keys, and those after it that nobody makes.

        Returns how many are the caller's to make, who then calls `land` or `release` for each; or 0
        and the future of the first, which raises `Released` or the error of its maker.
        """
        with self._lock:
            if (others := self._under_way.get(keys[0])) is not None:
                return 0, others
            count = 0
            for key in keys:
                if key in self._under_way:
                    break
                self._under_way[key] = Future()
                count += 1
            return count, None

    def land(self, key: str, value: T) -> None:
        """Give a value to all who wait for it."""
        with self._lock:
            future = self._under_way.pop(key)
        future.set_result(value)

    def release(self, keys: Sequence[str], error: Exception | None = None) -> None:
        """Give up what was claimed and did not land, with the error that stopped it if any."""
        for key in keys:
            with self._lock:
                future = self._under_way.pop(key, None)
            if future is not None:
                future.set_exception(error or Released())

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Return what ``make`` returns, called by one of all who want it; raise what it raises."""
        count, others = self.claim([key])
        if not count and others is not None:
            return others.result()
        try:
            value = make()
        except Exception as error:
            self.release([key], error)
            raise
        self.land(key, value)
        return value
