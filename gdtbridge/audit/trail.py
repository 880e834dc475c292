"""Taking note of what people do: at once where something changed, within seconds where they looked.

What was merely seen or searched in the last seconds before a crash is lost; the same again within
minutes is noted once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from contextlib import suppress
from typing import Final

from gdtbridge.audit import store
from gdtbridge.audit.model import Actor, AuditEntry, AuditQuery, DoneAct
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import DAY_SECONDS, Clock
from gdtbridge.errors import BridgeError

MOST_WAITING: Final = 10_000
"""Acts that wait to be written down; of more, as when the database is away, the newest stay."""
MOST_KEPT: Final = 1_000_000
"""Rows that are kept at most, the newest: about 200 MB."""
SAME_SECONDS: Final = 600.0
"""Somebody who sees the same again within so long has seen it once."""
MOST_SAME: Final = 2000
"""Looks that are remembered to know the same again."""


class AuditTrail:
    """The acts of the last days. Thread-safe."""

    def __init__(self, database: Database, clock: Clock, *, days: float) -> None:
        """Keep what was done for so many ``days``."""
        self._database = database
        self._clock = clock
        self._seconds = days * DAY_SECONDS
        self._turn = threading.Lock()
        self._keeping = threading.Lock()
        self._waiting: deque[tuple[float, Actor, DoneAct]] = deque(maxlen=MOST_WAITING)
        self._seen: OrderedDict[tuple[Actor, DoneAct], float] = OrderedDict()

    def enter(self, connection: Connection, actor: Actor, done: DoneAct) -> None:
        """Enter an act in the transaction of what it changes."""
        store.enter(connection, self._clock.utc(), actor, done)

    def write(self, actor: Actor, done: DoneAct) -> None:
        """Enter an act that changes nothing in the database; raise a `BridgeError` if it cannot."""
        with self._database.write() as connection:
            self.enter(connection, actor, done)

    def note(self, actor: Actor, done: DoneAct) -> None:
        """Remember that somebody saw or searched something; touches nothing but memory."""
        now = self._clock.monotonic()
        with self._turn:
            before = self._seen.get((actor, done))
            if before is not None and now - before < SAME_SECONDS:
                return
            self._seen[actor, done] = now
            self._seen.move_to_end((actor, done))
            while len(self._seen) > MOST_SAME:
                self._seen.popitem(last=False)
            self._waiting.append((self._clock.utc(), actor, done))

    def keep(self) -> None:
        """Write down what was noted; raise a `BridgeError`, and keep it for the next time."""
        with self._keeping:
            with self._turn:
                new = list(self._waiting)
            if not new:
                return
            with self._database.write(synced=False) as connection:
                for at, actor, done in new:
                    store.enter(connection, at, actor, done)
            with self._turn:
                for one in new:
                    if self._waiting and self._waiting[0] is one:
                        self._waiting.popleft()

    def close(self) -> None:
        """Write down what was noted where that is possible: the service ends."""
        with suppress(BridgeError):
            self.keep()

    def forget_old(self) -> None:
        """Delete what is older than the days that are kept."""
        with self._database.write(synced=False) as connection:
            store.forget(connection, self._clock.utc() - self._seconds, MOST_KEPT)

    def entries(self, query: AuditQuery) -> list[AuditEntry]:
        """Return what was looked for of what is written down, the newest first."""
        with self._database.read() as connection:
            return store.entries(connection, query)
