"""Which instances are being received at this moment."""

from __future__ import annotations

import threading


class Arrivals:
    """The SOP Instance UIDs of objects whose first bytes are there and whose answer is not.

    Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[object, str] = {}

    def begin(self, sop_instance_uid: str) -> object:
        """Note that an object begins to arrive; return what `end` is told."""
        token = object()
        with self._lock:
            self._under_way[token] = sop_instance_uid
        return token

    def end(self, token: object) -> None:
        """Note that it was answered, or will not be; a second time does nothing."""
        with self._lock:
            self._under_way.pop(token, None)

    def now(self) -> frozenset[str]:
        """Return the UIDs of what is arriving."""
        with self._lock:
            return frozenset(self._under_way.values())
