"""Devices that ask again and again and get nothing, for the list of what needs a person.

No fault is an empty day, a search for one patient, or a device for which nobody has ordered today:
told is only of one that asks for what no order of the last days is.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from gdtbridge.attention.model import AttentionItem
from gdtbridge.attention.refusals import caller_of
from gdtbridge.dataset.values import da_text
from gdtbridge.durable.clock import local_time
from gdtbridge.language import Language
from gdtbridge.queries import store
from gdtbridge.queries.explain import EntryOutcome, JudgedEntry, beginning_of, dataset_of
from gdtbridge.queries.report import DeviceQueries, QueryReports, is_named
from gdtbridge.queries.store import SilentDevice
from gdtbridge.queries.words import Words
from worklist import Exclusion, Item, exclusions, given_keys, item_from

FEWEST_QUERIES: Final = 3
"""A device that got nothing so often in a day is looked at."""
FITTING: Final = frozenset({EntryOutcome.FITS, EntryOutcome.CHANGED, EntryOutcome.CUT})
LOOK_SECONDS: Final = 60.0
"""How long what was found holds, where the same devices got nothing since."""
OF_ONE: Final = frozenset(
    {
        *("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID"),
        *("RequestedProcedureID", "ScheduledProcedureStepID", "AdmissionID"),
    }
)
"""Keys by which a person looks for one patient or one order."""
DAY: Final = "ScheduledProcedureStepStartDate"


@dataclass(slots=True)
class _Found:
    devices: tuple[SilentDevice, ...] = ()
    at: float = float("-inf")
    items: list[AttentionItem] = field(default_factory=list)


class EmptyListSource:
    """Finds devices whose list stays empty although entries of the day are on it. Thread-safe."""

    name: ClassVar = "queries"
    codes: ClassVar = frozenset({"list-empty"})

    def __init__(self, reports: QueryReports) -> None:
        self._reports = reports
        self._turn = threading.Lock()
        self._last = _Found()

    def items(self) -> list[AttentionItem]:
        """Return one item for each such device; raise a `BridgeError` or `worklist.FolderError`.

        Nothing but a small query of the database where no device got nothing.
        """
        reports = self._reports
        day = local_time(reports.clock.utc()).date()
        with reports.history.database.read() as connection:
            found = store.silent_devices(connection, beginning_of(day), FEWEST_QUERIES)
        silent, now = tuple(found), reports.clock.monotonic()
        with self._turn:
            if silent != self._last.devices or now - self._last.at >= LOOK_SECONDS:
                items = [item for one in silent for item in self._of(one)]
                self._last = _Found(silent, now, items)
            return self._last.items

    def _of(self, device: SilentDevice) -> Sequence[AttentionItem]:
        asked, caller = dataset_of(device.last), device.last.query.caller
        if next(self._reports.worklist.find(asked, caller=caller), None) is not None:
            return []  # it will get something the next time
        judged = self._reports.judge(device.last)
        keys = item_from(asked)
        missed = missed_entries(judged)
        causes = shared_causes(missed)
        if not causes or not self._is_wrong(device, causes, keys):
            return []
        told = caller_of(caller.aet, caller.address)
        texts = [self._text(device, missed[0], keys, one) for one in Language]
        return [
            AttentionItem(
                "list-empty",
                f"list:{told}",
                device.first_at,
                detail=f"{told}: {' / '.join(texts)}",
                names={"device": shlex.quote(told.partition(" (")[0])},
            )
        ]

    def _is_wrong(self, device: SilentDevice, causes: Sequence[Exclusion], keys: Item) -> bool:
        """Return whether the device asks for what nobody orders, or for a wrong day.

        A search for one patient tells nothing; what it asks for may have been there these days.
        """
        if any(key.keyword in OF_ONE for key in given_keys(keys)):
            return False
        if any(key.keyword == DAY for key in causes):
            return True
        query = self._reports.read(device.last)
        for order in self._reports.history.lately(device.first_at):
            failed = {key.path for key in exclusions(query, order.item)}
            if not failed & {key.path for key in causes}:
                return False
        return not any(
            record.query.answers
            and _asks_the_same(given_keys(item_from(dataset_of(record))), causes)
            for record in self._reports.book.recent()
            if is_named(record.query.caller, device.last.query.caller.aet)
        )

    def _text(
        self, device: SilentDevice, missed: JudgedEntry, keys: Item, language: Language
    ) -> str:
        words = Words(language, local_time(device.last.last_at).date())
        times = words.say(f"{device.times} Abfragen heute", f"{device.times} queries today")
        none = words.say("kein Eintrag", "no entry")
        return f"{times}, {none}. {words.reason(missed, keys)}"


def missed_entries(found: DeviceQueries) -> list[JudgedEntry]:
    """Return the entries of the day that keys kept from a device; none where one would be found.

    Of the day are those that are scheduled for it and were on the list when the device asked.
    """
    there = [
        one
        for one in found.entries
        if one.entry.day == da_text(found.day)
        and (one.entry.came_at is None or one.entry.came_at <= found.asked_at)
    ]
    if not found.last.listed or any(one.outcome in FITTING for one in there):
        return []
    return [one for one in there if one.outcome is EntryOutcome.EXCLUDED]


def shared_causes(missed: Sequence[JudgedEntry]) -> list[Exclusion]:
    """Return the keys that every entry fails."""
    if not missed:
        return []
    paths = set.intersection(*({key.path for key in one.exclusions} for one in missed))
    return [key for key in missed[0].exclusions if key.path in paths]


def _asks_the_same(asked: Iterable[Exclusion], causes: Sequence[Exclusion]) -> bool:
    """Return whether other keys ask what the ``causes`` do."""
    given = {key.path: key.asked for key in asked}
    return all(given.get(key.path, ()) == key.asked for key in causes)
