"""Whether devices have seen the entries of the list, and whether any would show the others.

Only the last queries are looked at, each once: what was seen is remembered in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from gdtbridge.database import Connection
from gdtbridge.dataset.values import folded_title
from gdtbridge.durable.clock import DAY_SECONDS, Clock, local_time
from gdtbridge.orders import Order
from gdtbridge.queries import store
from gdtbridge.queries.explain import dataset_of
from gdtbridge.queries.model import QueryRecord
from gdtbridge.queries.preview import moved_to
from gdtbridge.queries.report import QueryReports
from gdtbridge.queries.source import OF_ONE
from worklist import EntryError, Exclusion, Item, exclusions, given_keys, item_from, item_of

LOOK_BACK_SECONDS: Final = 4 * DAY_SECONDS
"""Queries of so long ago tell what devices usually ask, and what they saw: a long weekend."""
MOST_SEEN: Final = 20_000
"""Entries whose last sight is remembered."""
MOST_JUDGED: Final = 5_000
"""Verdicts that are remembered."""


class Sighting(StrEnum):
    """What is known of an entry and the devices."""

    SEEN = "seen"
    UNASKED = "unasked"
    """No device has asked since it is as it is; one would show it, or nobody knows."""
    UNSHOWN = "unshown"
    """Every device that asked lately would leave it out."""


@dataclass(frozen=True, slots=True)
class EntrySight:
    """Whether an entry was seen as it is now; when (UTC seconds) and by which AE title, if so."""

    sighting: Sighting
    at: float | None = None
    device: str = ""


_UNASKED: Final = EntrySight(Sighting.UNASKED)
_UNSHOWN: Final = EntrySight(Sighting.UNSHOWN)


@dataclass(slots=True)
class _Known:
    """What the queries looked at until now told."""

    until: float = float("-inf")
    seen: dict[str, tuple[float, str]] = field(default_factory=dict)
    """When an entry was an answer last, and to which AE title, by its number."""
    asked: dict[tuple[str, str], QueryRecord] = field(default_factory=dict)
    """The last query of each device that was not for one patient alone."""


class ListSight:
    """Tells of orders on the list what devices have seen of them. Thread-safe."""

    def __init__(self, reports: QueryReports, clock: Clock) -> None:
        self._reports = reports
        self._clock = clock
        self._turn = threading.Lock()
        self._known = _Known()
        self._judged: dict[tuple[object, ...], bool] = {}

    def of(self, connection: Connection, orders: Sequence[Order]) -> dict[int, EntrySight]:
        """Return what is known of some waiting orders, by their id.

        An entry that was changed since it was seen counts as not seen.
        """
        with self._turn:
            self._look(connection)
            return {order.id: self._sight(order) for order in orders}

    def last_seen(self, connection: Connection, numbers: Iterable[str]) -> list[EntrySight]:
        """Return when entries with these accession numbers were seen last, where that is known."""
        with self._turn:
            self._look(connection)
            found = (self._known.seen.get(number) for number in numbers)
            return [EntrySight(Sighting.SEEN, *one) for one in found if one is not None]

    def asked(self, connection: Connection) -> list[QueryRecord]:
        """Return the last query of each device that was not for one patient alone."""
        with self._turn:
            self._look(connection)
            return list(self._known.asked.values())

    def missed(self, record: QueryRecord, item: Item, day: date | None) -> tuple[Exclusion, ...]:
        """Return the keys an entry fails of a device's query, asked as on the ``day``."""
        keys, asked_on = dataset_of(record), local_time(record.last_at).date()
        if day is not None:
            keys, _ = moved_to(keys, asked_on, day)
        query = self._reports.worklist.read_query(keys, caller=record.query.caller)
        return exclusions(query, item)

    def _look(self, connection: Connection) -> None:
        """Take note of the queries since the last look, those of the same moment once more."""
        known, earliest = self._known, self._clock.utc() - LOOK_BACK_SECONDS
        records = store.queries_since(connection, max(known.until, earliest), store.MOST_AT_ONCE)
        for record in reversed(records):  # the oldest first
            known.until = max(known.until, record.last_at)
            query = record.query
            for number in query.answered:
                known.seen.pop(number, None)  # the newest are the last of the dictionary
                known.seen[number] = record.last_at, query.caller.aet
            if query.identifier and not _is_for_one(record):
                known.asked[folded_title(query.caller.aet), query.caller.address] = record
        for surplus in list(known.seen)[:-MOST_SEEN]:
            del known.seen[surplus]
        for device, record in list(known.asked.items()):
            if record.last_at < earliest:
                del known.asked[device]

    def _sight(self, order: Order) -> EntrySight:
        at, device = self._known.seen.get(order.accession_number, (0.0, ""))
        if at and at >= (order.changed_at or order.ordered_at):
            return EntrySight(Sighting.SEEN, at, device)
        asked = list(self._known.asked.values())
        return _UNASKED if not asked or self._is_shown(order, asked) else _UNSHOWN

    def _is_shown(self, order: Order, asked: Sequence[QueryRecord]) -> bool:
        """Return whether any of the last queries finds an order on the day of its appointment."""
        key = order.id, order.revision, *(record.id for record in asked)
        if key not in self._judged:
            if len(self._judged) >= MOST_JUDGED:
                self._judged.clear()
            self._judged[key] = self._finds(order, asked)
        return self._judged[key]

    def _finds(self, order: Order, asked: Iterable[QueryRecord]) -> bool:
        try:
            item = item_of(order.entry())
        except EntryError:  # of schema 2, without a time: nobody knows
            return True
        day = order.scheduled.date() if order.scheduled is not None else None
        return any(not self.missed(record, item, day) for record in asked)


def _is_for_one(record: QueryRecord) -> bool:
    """Return whether a query looks for one patient or order: it tells nothing of the others."""
    return any(key.keyword in OF_ONE for key in given_keys(item_from(dataset_of(record))))
