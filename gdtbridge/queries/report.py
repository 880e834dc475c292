"""Answers to "why is my list empty?": of each device its last query, judged entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydicom import Dataset

from gdtbridge.addresses import address_of
from gdtbridge.dataset.values import folded_title
from gdtbridge.devices import Caller, DeviceDirectory
from gdtbridge.devices.answering import DeviceWorklist
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.queries.book import QueryBook
from gdtbridge.queries.explain import (
    JudgedEntry,
    beginning_of,
    dataset_of,
    judged,
    would_see,
)
from gdtbridge.queries.history import KnownEntry, ListHistory
from gdtbridge.queries.model import QueryRecord
from gdtbridge.queries.preview import default_query, moved_to
from worklist import Item, Query, item_from

MOST_DEVICES: Final = 50
"""Devices that are told of, those that asked last."""
MOST_EARLIER: Final = 20
"""Earlier queries of the same day that are told with the last one."""


@dataclass(frozen=True, slots=True)
class DeviceQueries:
    """A device, its last query with what became of each entry, and its earlier ones of that day."""

    caller: Caller
    profile: str
    last: QueryRecord
    keys: Item
    entries: tuple[JudgedEntry, ...]
    earlier: tuple[QueryRecord, ...] = ()

    @property
    def asked_at(self) -> float:
        """When it asked last; UTC seconds."""
        return self.last.last_at

    @property
    def day(self) -> date:
        """The day of the last query, in the practice."""
        return local_time(self.asked_at).date()


@dataclass(frozen=True, slots=True)
class ListPreview:
    """What a device would see now: the query, the answers as it gets them, what is left out.

    ``asked_at`` is when it asked that (UTC seconds), None for the usual query of a device that
    never did; ``moved`` tells that its days were moved to today.
    """

    caller: Caller
    profile: str
    asked_at: float | None
    moved: bool
    day: date
    keys: Item
    answers: tuple[Dataset, ...]
    entries: tuple[JudgedEntry, ...]


@dataclass(frozen=True, slots=True)
class QueryReports:
    """Tells of each device what it asked and what it would see. Thread-safe."""

    book: QueryBook
    history: ListHistory
    worklist: DeviceWorklist
    devices: DeviceDirectory
    clock: Clock

    def why(self, device: str = "", about: str = "") -> list[DeviceQueries]:
        """Return the devices that asked in the days kept, those that asked last first.

        ``device`` is an AE title or an address, empty for all; ``about`` a number or a part of a
        name that the entries are limited to. Raises a `BridgeError` or `worklist.FolderError`.
        """
        of_devices: dict[tuple[str, str], list[QueryRecord]] = {}
        for record in self.book.recent():
            caller = record.query.caller
            if not device or is_named(caller, device):
                key = folded_title(caller.aet), caller.address
                of_devices.setdefault(key, []).append(record)
        told = list(of_devices.values())[:MOST_DEVICES]
        known: dict[date, list[KnownEntry]] = {}
        return [self._of_device(records, about, known) for records in told]

    def judge(self, last: QueryRecord) -> DeviceQueries:
        """Return what became of each entry of the day in one query."""
        return self._of_device([last], "", {})

    def read(self, record: QueryRecord) -> Query:
        """Return a recorded query as it is matched."""
        return self.worklist.read_query(dataset_of(record), caller=record.query.caller)

    def _of_device(
        self, records: Sequence[QueryRecord], about: str, known: dict[date, list[KnownEntry]]
    ) -> DeviceQueries:
        last, *before = records
        caller = last.query.caller
        day = local_time(last.last_at).date()
        if day not in known:
            known[day] = self.history.of_day(day, beginning_of(day), about)
        entries = known[day]
        profile = self.devices.profile_of(caller)
        earlier = [one for one in before if local_time(one.last_at).date() == day]
        return DeviceQueries(
            caller,
            profile.name,
            last,
            item_from(dataset_of(last)),
            tuple(judged(last, self.read(last), entries, profile.most_answers)),
            tuple(earlier[:MOST_EARLIER]),
        )

    def preview(self, device: str, about: str = "") -> ListPreview:
        """Return what the device of an AE title or address would see now, by its last query.

        A day it asked for that was its today is today's; who never asked, asks for today and
        everything. Raises a `BridgeError` or `worklist.FolderError`.
        """
        today = self.clock.local().date()
        last = next(self._asked_by(device), None)
        if last is None:
            caller, asked, moved = self._named(device), default_query(today), False
        else:
            caller = last.query.caller
            asked, moved = moved_to(dataset_of(last), local_time(last.last_at).date(), today)
        profile = self.devices.profile_of(caller)
        query = self.worklist.read_query(asked, caller=caller)
        seen = would_see(query, self.history.listed(), profile.most_answers)
        return ListPreview(
            caller,
            profile.name,
            last.last_at if last is not None else None,
            moved,
            today,
            item_from(asked),
            tuple(match.dataset for match in self.worklist.find(asked, caller=caller)),
            tuple(one for one in seen if not about or one.entry.is_about(about)),
        )

    def _asked_by(self, device: str) -> Iterator[QueryRecord]:
        for record in self.book.recent():
            if is_named(record.query.caller, device) and record.query.identifier:
                yield record

    def _named(self, device: str) -> Caller:
        configured = self.devices.device_named(device)
        return Caller(device, configured.host if configured is not None else "")


def is_named(caller: Caller, device: str) -> bool:
    """Return whether a person means a caller by an AE title or an address."""
    address = address_of(device)
    if address is not None:
        return address == address_of(caller.address)
    return folded_title(caller.aet) == folded_title(device)
