"""What arrived, for whoever makes something of it before anybody asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gdtbridge.database import Database
from gdtbridge.durable import Clock
from gdtbridge.viewing import store

QUIET_SECONDS: Final = 5.0
"""How long nothing has arrived when what takes long is made."""


class ArrivedObjects:
    """Gives each object that arrived once, in their order, while nothing is being received."""

    def __init__(
        self,
        database: Database,
        is_receiving: Callable[[], bool],
        clock: Clock,
        *,
        back: int = 0,
        quiet: float = QUIET_SECONDS,
    ) -> None:
        """Begin ``back`` objects before the newest there is at the first call of `next`.

        Nothing has arrived for ``quiet`` seconds when something is handed out.
        """
        self.is_receiving = is_receiving
        self._database, self._clock = database, clock
        self._back, self._quiet = back, quiet
        self._last: int | None = None

    def next(self, most: int = 1) -> list[int]:
        """Return the ids of the next objects, none while some may be on their way.

        Raises `DatabaseError`.
        """
        with self._database.read() as connection:
            newest = store.newest(connection)
            if self._last is None:
                self._last = max(newest.instance_id - self._back, 0)
            following = store.after(connection, self._last, most)
        quiet = self._clock.utc() - newest.received_at
        if not following or self.is_receiving() or 0 <= quiet < self._quiet:
            return []
        self._last = following[-1]
        return following
