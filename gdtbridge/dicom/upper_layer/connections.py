"""Everyone connected, and who has to go when there are too many.

Connections that have not associated are counted apart: however many there are, they never keep a
device out. When there are too many, the oldest of the address with the most is dropped.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final, Protocol

HALF_OPEN_LIMIT: Final = 64
HALF_OPEN_LIMIT_OF_ADDRESS: Final = 16
"""So many, or as many as may associate: all of a practice may wake up in the same second."""
SHARE_OF_ADDRESS: Final = 2
"""One address has at most the limit divided by this many associations, but never less than 4."""


class Connection(Protocol):
    """A connection, associated or not yet."""

    @property
    def peer(self) -> str:
        """The IP address."""

    def drop(self) -> None:
        """End the connection; returns at once."""


class ConnectionTable:
    """The connections of one server. Thread-safe."""

    def __init__(self, limit: int, limit_of_address: int = 0) -> None:
        """Allow ``limit`` associations at a time, of one address ``limit_of_address``.

        0 means the usual share. Behind one address may be one device, or all of a practice (NAT).
        """
        self._limit = limit
        self._limit_of_address = limit_of_address or max(4, limit // SHARE_OF_ADDRESS)
        self._half_open_limit = max(HALF_OPEN_LIMIT, limit)
        self._half_open_of_address = max(HALF_OPEN_LIMIT_OF_ADDRESS, self._limit_of_address)
        self._lock = threading.Lock()
        self._half_open: dict[Connection, None] = {}  # ordered by age
        self._established: set[Connection] = set()

    @property
    def established(self) -> int:
        """The number of associations."""
        return len(self._established)

    def admit(self, connection: Connection) -> None:
        """Enter a new connection; if need be, drop one that still has not associated."""
        with self._lock:
            victim = self._victim(connection.peer)
            if victim is not None:
                del self._half_open[victim]
            self._half_open[connection] = None
        if victim is not None:
            victim.drop()

    def _victim(self, address: str) -> Connection | None:
        count = Counter(one.peer for one in self._half_open)
        if count[address] < self._half_open_of_address:
            if len(self._half_open) < self._half_open_limit:
                return None
            address = count.most_common(1)[0][0]
        return next(one for one in self._half_open if one.peer == address)

    def establish(self, connection: Connection) -> bool:
        """Count ``connection`` as associated; return False when there are too many already."""
        with self._lock:
            of_address = sum(one.peer == connection.peer for one in self._established)
            if len(self._established) >= self._limit or of_address >= self._limit_of_address:
                return False
            self._half_open.pop(connection, None)
            self._established.add(connection)
            return True

    def everyone(self) -> list[Connection]:
        """Return who is connected now."""
        with self._lock:
            return [*self._half_open, *self._established]

    def forget(self, connection: Connection) -> None:
        """Remove a connection that is over."""
        with self._lock:
            self._half_open.pop(connection, None)
            self._established.discard(connection)
