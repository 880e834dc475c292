"""What would help a device whose list is empty: which key to leave out, and what it would see then.

Nothing is guessed: the query is matched once more without the key, by the worklist's own matcher.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.dataelem import DataElement

from gdtbridge.dataset.values import da_text
from gdtbridge.queries.explain import dataset_of
from gdtbridge.queries.history import KnownEntry
from gdtbridge.queries.model import QueryRecord
from gdtbridge.queries.report import DeviceQueries, QueryReports
from worklist import Exclusion, exclusions, given_keys, item_from


@dataclass(frozen=True, slots=True)
class KeyChange:
    """That a device asks for another value of a key than before; times are UTC in seconds."""

    key: Exclusion
    """As it is asked now."""
    before: tuple[str, ...]
    last_at: float
    """When the former value was asked last."""
    since: float


@dataclass(frozen=True, slots=True)
class Repair:
    """Keys that a device would have to leave out, and the entries of the day it would get then."""

    keys: tuple[Exclusion, ...]
    entries: tuple[KnownEntry, ...]


def repairs(reports: QueryReports, found: DeviceQueries) -> list[Repair]:
    """Return what would bring entries of the day back, the least change first.

    Single keys come first, by how many entries they bring; all that exclude together only where no
    single one helps. Keys the device did not ask, which its profile adds, are left to the settings.
    """
    entries = entries_of_day(found)
    asked = dataset_of(found.last)
    given = {key.path for key in given_keys(found.keys)}
    excluding = {
        key.path: key for one in found.entries for key in one.exclusions if key.path in given
    }
    single = [
        Repair((key,), _found_without(reports, found, asked, [path], entries))
        for path, key in excluding.items()
    ]
    helping = sorted((one for one in single if one.entries), key=_most)
    if helping or len(excluding) < 2:
        return helping
    together = _found_without(reports, found, asked, list(excluding), entries)
    return [Repair(tuple(excluding.values()), together)] if together else []


def entries_of_day(found: DeviceQueries) -> list[KnownEntry]:
    """Return what is on the list for the day a device asked on."""
    day = da_text(found.day)
    return [one.entry for one in found.entries if one.entry.is_listed and one.entry.day == day]


def _most(repair: Repair) -> int:
    return -len(repair.entries)


def _found_without(
    reports: QueryReports,
    found: DeviceQueries,
    asked: Dataset,
    paths: Iterable[tuple[str, ...]],
    entries: Sequence[KnownEntry],
) -> tuple[KnownEntry, ...]:
    query = reports.worklist.read_query(without(asked, paths), caller=found.caller)
    return tuple(one for one in entries if not exclusions(query, one.item))


def without(query: Dataset, paths: Iterable[tuple[str, ...]]) -> Dataset:
    """Return a query that asks for any value of some keys (PS3.4 C.2.2.2.3)."""
    changed = deepcopy(query)
    for path in paths:
        item = changed
        for keyword in path[:-1]:
            item = item[keyword].value[0]
        element = item[path[-1]]
        item.add(DataElement(element.tag, element.VR, ""))
    return changed


def key_change(
    records: Sequence[QueryRecord], found: DeviceQueries, key: Exclusion
) -> KeyChange | None:
    """Return what the device of an address asked for instead of a key before; None if ever that.

    ``records`` are the queries of the last days, those asked last first.
    """
    since = found.last.first_at
    for record in records:
        caller = record.query.caller
        if caller.address != found.caller.address or record.last_at > found.last.last_at:
            continue
        before = _asked(record, key.path)
        if before and before != key.asked:
            return KeyChange(key, before, record.last_at, since)
        if before == key.asked:
            since = record.first_at
    return None


def _asked(record: QueryRecord, path: tuple[str, ...]) -> tuple[str, ...]:
    keys = given_keys(item_from(dataset_of(record)))
    return next((one.asked for one in keys if one.path == path), ())
