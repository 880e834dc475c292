"""Which messages of a destination are tried now, and which of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from gdtbridge.database import Database
from gdtbridge.durable import Clock
from gdtbridge.outbox import due_store
from gdtbridge.outbox.model import FileNaming, Sender, StudySender

BATCH: Final = 20
"""Messages of one pass."""


class DueMessages:
    """The messages of one destination that are due, as its sender can take them."""

    def __init__(self, database: Database, destination: str, sender: Sender, clock: Clock) -> None:
        self._database = database
        self._destination = destination
        self._sender = sender
        self._clock = clock

    def groups(self, together: Callable[[], int]) -> Iterator[Sequence[int]]:
        """Yield ids of messages to try now; each time those that are tried together.

        That are as many as ``together`` says by then, and one where names are used again or where
        the destination is no folder.
        """
        if self._sender.naming is FileNaming.REUSED:
            for _ in range(BATCH):
                with self._database.read() as connection:
                    first = due_store.first_due(connection, self._destination, self._clock.utc())
                if first is None:
                    return
                yield [first]
            return
        if isinstance(self._sender, StudySender):
            yield from self._studies(self._sender.parallel)
            return
        with self._database.read() as connection:
            ids = due_store.due(connection, self._destination, self._clock.utc(), BATCH)
        while ids:
            number = together() if self._sender.naming is FileNaming.ONCE else 1
            yield ids[:number]
            ids = ids[number:]

    def _studies(self, parallel: int) -> Iterator[Sequence[int]]:
        """Yield the messages to be tried at once; what comes meanwhile may be the next."""
        for _ in range(BATCH):
            with self._database.read() as connection:
                ids = due_store.due_of_newest_day(
                    connection, self._destination, self._clock.utc(), parallel
                )
            if not ids:
                return
            yield ids
