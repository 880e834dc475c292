"""Taking note of queries without keeping a device waiting.

A query is noted in memory and written down within seconds, unsynced: what was asked in the last
seconds before a crash, or before a power cut, is lost. Nothing else depends on it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import DAY_SECONDS, Clock, local_time
from gdtbridge.errors import BridgeError
from gdtbridge.queries import store
from gdtbridge.queries.model import (
    LONGEST_IDENTIFIER,
    MOST_NAMED,
    AskedQuery,
    QueryRecord,
)
from worklist import WorklistFolder

MOST_WAITING: Final = 1000
"""Queries that wait to be written down; of more, as when the database is away, the newest stay."""
MOST_KEPT: Final = 5000
"""Rows that are kept at most, the newest: about 20 MB, were each as long as it may be."""
MOST_OF_DEVICE: Final = 1000
"""The same of one device, so that one that asks without end leaves room for the others."""
MOST_DEVICES: Final = 200
"""Devices whose last query is remembered, to know the same again."""
LOOK_EVERY: Final = 50
"""After so many new rows is looked whether the device has too many."""
FORGET_SECONDS: Final = 600.0
"""How often what is too old is deleted."""


class QueryBook:
    """The queries of the last days. Thread-safe; one instance of a database writes."""

    def __init__(
        self, database: Database, worklist: WorklistFolder, clock: Clock, *, days: float
    ) -> None:
        """Keep queries for so many ``days``; none at all for 0."""
        self._database = database
        self._worklist = worklist
        self._clock = clock
        self._seconds = days * DAY_SECONDS
        self._turn = threading.Lock()
        self._waiting: deque[QueryRecord] = deque(maxlen=MOST_WAITING)
        self._keeping = threading.Lock()
        self._last: dict[tuple[str, str], QueryRecord] = {}
        self._forgotten_at = float("-inf")

    def note(self, query: AskedQuery) -> None:
        """Remember a query whose last response is about to be sent; touches nothing but memory."""
        if not self._seconds:
            return
        if len(query.identifier) > LONGEST_IDENTIFIER:
            query = replace(query, identifier=b"")
        query = replace(query, answered=query.answered[:MOST_NAMED])
        now = self._clock.utc()
        with self._turn:
            self._waiting.append(QueryRecord(0, query, self._worklist.served_count, now, now))

    def keep(self) -> None:
        """Write down what is new and delete what is old; raise a `BridgeError`, and keep it."""
        with self._keeping:
            with self._turn:
                new = list(self._waiting)
            before = self._clock.utc() - self._seconds
            is_due = self._clock.monotonic() - self._forgotten_at >= FORGET_SECONDS
            if new or (is_due and self._has_old(before)):
                self._write(new, before if is_due else None)
            if is_due:
                self._forgotten_at = self._clock.monotonic()

    def _has_old(self, before: float) -> bool:
        with self._database.read() as connection:
            return store.has_old(connection, before)

    def _write(self, new: Sequence[QueryRecord], before: float | None) -> None:
        """Write down ``new`` queries; forget those ``before`` a moment where one is given."""
        last = dict(self._last)
        seen = any(_is_news(last, record) for record in new)
        with self._database.write(synced=False, seen=seen) as connection:
            for record in new:
                _enter(connection, record, last)
            if before is not None:
                store.forget(connection, before, MOST_KEPT)
        self._last = dict(list(last.items())[-MOST_DEVICES:])
        with self._turn:
            for record in new:
                if self._waiting and self._waiting[0] is record:
                    self._waiting.popleft()

    def close(self) -> None:
        """Write down what is new where that is possible: the service ends."""
        with suppress(BridgeError):
            self.keep()

    def recent(self, most: int = MOST_KEPT) -> list[QueryRecord]:
        """Return the kept queries that are written down, those asked last first."""
        with self._database.read() as connection:
            return store.queries_since(connection, self._clock.utc() - self._seconds, most)


def _enter(
    connection: Connection, record: QueryRecord, last: dict[tuple[str, str], QueryRecord]
) -> None:
    """Enter a query, or note that a device's last one came again and got the same."""
    query, caller = record.query, record.query.caller
    device = caller.aet, caller.address
    before = last.pop(device, None)
    if (
        before is not None
        and _is_same(before, record)
        and store.repeat(connection, before.id, record.last_at, query.seconds)
    ):
        last[device] = before
        return
    entered = store.enter(connection, query, record.listed, record.first_at)
    last[device] = replace(record, id=entered)
    if entered % LOOK_EVERY == 0:
        store.forget_of_device(connection, query, MOST_OF_DEVICE)


def _is_news(last: Mapping[tuple[str, str], QueryRecord], record: QueryRecord) -> bool:
    """Return whether a query is another than the ``last`` one of its device, or got another answer.

    A page need not be told at once that a device asked once more.
    """
    before = last.get((record.query.caller.aet, record.query.caller.address))
    return before is None or not _is_same(before, record)


def _is_same(one: QueryRecord, other: QueryRecord) -> bool:
    """Return whether the same was asked on the same day and got the same from as long a list."""
    return (
        replace(one.query, seconds=other.query.seconds) == other.query
        and one.listed == other.listed
        and local_time(one.first_at).date() == local_time(other.first_at).date()
    )
