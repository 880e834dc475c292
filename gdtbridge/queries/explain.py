"""Why a device got what it got: each entry of the day, and which key kept it from the answers.

The keys are read and compared by the worklist's own matcher, as it answers the device now; what has
happened to an order since its query is known from the order's times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from io import BytesIO
from typing import Final

from pydicom import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

from gdtbridge.orders import OrderState
from gdtbridge.queries.history import KnownEntry
from gdtbridge.queries.model import QueryRecord
from worklist import Exclusion, Query, exclusions

SUCCESS: Final = 0x0000
CANCELLED: Final = 0xFE00
"""Statuses of C-FIND (PS3.4 K.4.1.1.4)."""


class EntryOutcome(StrEnum):
    """What became of an entry in a query; the words stand in ``outcomes.tsv``."""

    ANSWERED = "answered"
    EXCLUDED = "excluded"
    LATER = "later"
    """It came on the list after the query."""
    DONE = "done"
    """It had left the list, because its exam was here."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    GONE = "gone"
    """It is not in the folder, and nobody noted why."""
    CHANGED = "changed"
    """It would be an answer now; it was changed after the query."""
    CUT = "cut"
    """The device broke the query off, or its profile lets it have no more answers."""
    FAILED = "failed"
    STARTED = "started"
    """Its exam is under way, and the device's profile shows no such entries."""
    FITS = "fits"
    """It is an answer to the same query now."""


OF_STATE: Final = {
    OrderState.DONE: EntryOutcome.DONE,
    OrderState.CANCELLED: EntryOutcome.CANCELLED,
    OrderState.EXPIRED: EntryOutcome.EXPIRED,
    OrderState.ORDERED: EntryOutcome.GONE,
}


@dataclass(frozen=True, slots=True)
class JudgedEntry:
    """An entry, what became of it in a query, and the keys it fails."""

    entry: KnownEntry
    outcome: EntryOutcome
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def is_of_another_day(self) -> bool:
        """Whether the day asked for is among the keys it fails."""
        return any(one.keyword == "ScheduledProcedureStepStartDate" for one in self.exclusions)


def dataset_of(record: QueryRecord) -> Dataset:
    """Return the keys of a recorded query; none where they were not kept."""
    query = record.query
    if not query.identifier:
        return Dataset()
    syntax = UID(query.transfer_syntax_uid)
    return read_dataset(BytesIO(query.identifier), syntax.is_implicit_VR, syntax.is_little_endian)


def judged(
    record: QueryRecord, query: Query, entries: Iterable[KnownEntry], most: int = 0
) -> Iterator[JudgedEntry]:
    """Yield what became of each entry in a recorded query, which is read as ``query``.

    ``most`` is how many answers the device may have, 0 for all.
    """
    answered = set(record.query.answered)
    for entry in entries:
        failed = exclusions(query, entry.item)
        if entry.number in answered:
            yield JudgedEntry(entry, EntryOutcome.ANSWERED)
        else:
            yield JudgedEntry(entry, _missed(record, entry, failed, most), failed)


def _missed(
    record: QueryRecord, entry: KnownEntry, failed: Sequence[Exclusion], most: int
) -> EntryOutcome:
    """Return why an entry was not among the answers that were noted: the first that holds."""
    query = record.query
    changed = entry.order.changed_at if entry.order is not None else None
    came_later = entry.came_at is not None and entry.came_at > record.last_at
    reasons = (
        (_had_left(record, entry), _left_because(entry)),
        (query.status not in (SUCCESS, CANCELLED), EntryOutcome.FAILED),
        (bool(failed), _excluded(failed)),
        (came_later, EntryOutcome.LATER),
        (query.answers > len(query.answered), EntryOutcome.ANSWERED),  # not all were noted
        (query.status == CANCELLED or 0 < most <= query.answers, EntryOutcome.CUT),
        (changed is not None and changed > record.first_at, EntryOutcome.CHANGED),
    )
    return next((outcome for holds, outcome in reasons if holds), EntryOutcome.FITS)


def _left_because(entry: KnownEntry) -> EntryOutcome:
    return OF_STATE[entry.order.state] if entry.order is not None else EntryOutcome.GONE


def _had_left(record: QueryRecord, entry: KnownEntry) -> bool:
    """Return whether an entry that is not listed had gone before the query."""
    left = entry.order.unlisted_at if entry.order is not None else None
    return not entry.is_listed and (left is None or left <= record.first_at)


def would_see(query: Query, entries: Iterable[KnownEntry], most: int = 0) -> Iterator[JudgedEntry]:
    """Yield whether ``query`` finds each listed entry now, and which keys it fails.

    ``most`` is how many answers the device may have, 0 for all.
    """
    found = 0
    for entry in entries:
        failed = exclusions(query, entry.item)
        found += not failed
        if not failed and 0 < most < found:
            yield JudgedEntry(entry, EntryOutcome.CUT)
        else:
            yield JudgedEntry(entry, _excluded(failed), failed)


def _excluded(failed: Sequence[Exclusion]) -> EntryOutcome:
    if not failed:
        return EntryOutcome.FITS
    asked = all(one.asked for one in failed)
    return EntryOutcome.EXCLUDED if asked else EntryOutcome.STARTED


def beginning_of(day: date) -> float:
    """Return when a day of the practice begins, in UTC seconds."""
    return datetime.combine(day, time()).timestamp()
