"""What was on the list when a device asked: the files of now, and orders whose entry has gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gdtbridge.database import Database
from gdtbridge.dataset.values import da_text
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.orders import Order, store
from worklist import (
    EntryError,
    Item,
    WorklistFile,
    WorklistFolder,
    canonical_number,
    entry_number,
    item_of,
    items_of,
    text_of,
)

MOST_ORDERS: Final = 2000
"""Entries of a day that are looked at."""
MOST_OTHERS: Final = 500
"""Entries of other days that are looked at."""
WEEK_SECONDS: Final = 7 * DAY_SECONDS
NANOSECONDS: Final = 1e9


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry somebody may miss at a device: what it says, and what is known of its life.

    ``order`` is None where the database does not know it (an entry of another program);
    ``came_at`` is in UTC seconds, None where nobody knows.
    """

    item: Item
    is_listed: bool
    order: Order | None = None
    came_at: float | None = None

    @property
    def number(self) -> str:
        """What names it: accession number, else Study Instance UID."""
        return entry_number(self.item)

    @property
    def step(self) -> Item:
        """Its scheduled procedure step."""
        return next(iter(items_of(self.item, "ScheduledProcedureStepSequence")), {})

    @property
    def day(self) -> str:
        """The day it is scheduled for, YYYYMMDD."""
        return text_of(self.step, "ScheduledProcedureStepStartDate")

    def is_about(self, wanted: str) -> bool:
        """Return whether a person means it by a number or a part of a name; by nothing, any."""
        if not wanted:
            return True
        name = text_of(self.item, "PatientName").replace("^", " ").casefold()
        return bool(_numbers(wanted) & {self.number, text_of(self.item, "PatientID")}) or all(
            part in name for part in wanted.casefold().split()
        )


@dataclass(frozen=True, slots=True)
class ListHistory:
    """Everything that is listed, or was lately."""

    database: Database
    worklist: WorklistFolder

    def listed(self) -> list[KnownEntry]:
        """Return what is served now, in the order of answers, without its orders."""
        return [
            KnownEntry(item, is_listed=True, came_at=_stamp(file))
            for file in self.worklist.files()
            for item in file.served
        ]

    def of_day(self, day: date, since: float, about: str = "") -> list[KnownEntry]:
        """Return what is listed, and what left the list or came on it since then.

        ``day`` is that of the query, ``since`` the beginning of that day (UTC seconds). Of the day
        come the first `MOST_ORDERS`, of others the first `MOST_OTHERS`; ``about`` limits them
        to what a person means (`KnownEntry.is_about`), and adds orders that have long gone.
        """
        everything = self.listed()
        listed = _nearest([one for one in everything if one.is_about(about)], da_text(day))
        numbers = {one.number for one in everything}
        with self.database.read() as connection:
            orders = store.orders_by_number(connection, [one.number for one in listed])
            latest = store.latest_orders(connection, since - DAY_SECONDS)
            if about:
                latest += store.orders_by_number(connection, _numbers(about)).values()
                latest += store.orders_of(connection, about)
        known = [_with_order(one, orders.get(one.number)) for one in listed]
        gone = {
            order.id: order
            for order in latest
            if order.accession_number not in numbers and (about or _was_there(order, day, since))
        }
        left = [one for order in gone.values() for one in _of(order) if one.is_about(about)]
        return [*known, *left]

    def lately(self, at: float) -> Iterator[KnownEntry]:
        """Yield the orders of the last week before ``at`` (UTC seconds), listed or not."""
        with self.database.read() as connection:
            orders = store.latest_orders(connection, at - WEEK_SECONDS)
        for order in orders:
            yield from _of(order)


def _nearest(listed: Sequence[KnownEntry], day: str) -> list[KnownEntry]:
    """Return the first entries of a day and the first of others, in their order."""
    of_day = [one for one in listed if one.day == day][:MOST_ORDERS]
    return [*of_day, *[one for one in listed if one.day != day][:MOST_OTHERS]]


def _numbers(typed: str) -> set[str]:
    """Return what a typed number may be, an accession number among others."""
    return {typed, canonical_number(typed) or typed}


def _with_order(entry: KnownEntry, order: Order | None) -> KnownEntry:
    if order is None:
        return entry
    return KnownEntry(entry.item, is_listed=True, order=order, came_at=order.ordered_at)


def _was_there(order: Order, day: date, since: float) -> bool:
    """Return whether an order that is not listed was meant for the day, or went on it."""
    is_of_day = order.scheduled is not None and order.scheduled.date() == day
    return is_of_day or (order.unlisted_at is not None and order.unlisted_at >= since)


def _of(order: Order) -> Iterator[KnownEntry]:
    try:
        item = item_of(order.entry())
    except EntryError:  # of schema 2, without a time
        return
    yield KnownEntry(item, is_listed=False, order=order, came_at=order.ordered_at)


def _stamp(file: WorklistFile) -> float | None:
    return file.stamp.modified_ns / NANOSECONDS if file.stamp is not None else None
