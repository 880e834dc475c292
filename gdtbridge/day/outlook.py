"""What devices will show of an entry that is not on the list yet, and why not.

Each device's last query is asked once more, as on the day of the entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gdtbridge.callers.register import CallerRegister
from gdtbridge.database import Database
from gdtbridge.dataset.values import folded_title, titles_in
from gdtbridge.day.model import ShownDevice
from gdtbridge.devices import DeviceDirectory
from gdtbridge.queries.sight import ListSight
from worklist import Entry, Exclusion, item_of

ASKED: Final = "C-FIND 1.2.840.10008.5.1.4.31"
"""What the register of callers notes of a query of the worklist (PS3.4 K.6.1.4)."""


@dataclass(frozen=True, slots=True)
class DeviceOutlook:
    """A device, when it asked last (UTC seconds), and the keys that keep an entry from it."""

    device: ShownDevice
    asked_at: float
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def shows(self) -> bool:
        """Whether it will show the entry."""
        return not self.exclusions


@dataclass(frozen=True, slots=True)
class EntryOutlook:
    """Tells what devices will show of an entry. Thread-safe."""

    database: Database
    sight: ListSight
    devices: DeviceDirectory
    callers: CallerRegister
    usual_stations: str
    """AE titles of orders that name no station."""

    def of(self, entry: Entry) -> tuple[DeviceOutlook, ...]:
        """Return every device that asked for its list lately, with what it lacks to show the entry.

        Raises a `BridgeError` where the database is out of reach.
        """
        with self.database.read() as connection:
            asked = self.sight.asked(connection)
        item, day = item_of(entry), entry.scheduled.date()
        found: dict[str, DeviceOutlook] = {}
        for record in asked:
            aet, missed = record.query.caller.aet, self.sight.missed(record, item, day)
            key = folded_title(aet)
            if key not in found or (found[key].exclusions and not missed):
                found[key] = DeviceOutlook(self._shown(aet), record.last_at, missed)
        return tuple(sorted(found.values(), key=lambda one: one.device.shown))

    def stations(self, *further: str) -> tuple[ShownDevice, ...]:
        """Return the devices an entry may be for: the usual, the named, those that ask, and others.

        ``further`` are stations of orders, of which each may name several AE titles.
        """
        with self.database.read() as connection:
            asked = [record.query.caller.aet for record in self.sight.asked(connection)]
        named = [one.aet for one in self.devices.devices if one.aet]
        usual = titles_in(self.usual_stations)
        others = [title for one in further for title in titles_in(one)]
        return tuple(self._shown(one) for one in _once([*usual, *named, *asked, *others]))

    def has_ever_asked(self, aet: str) -> bool:
        """Return whether a device of that AE title ever asked for its list."""
        wanted = folded_title(aet)
        return any(
            act.what == ASKED
            for one in self.callers.callers()
            if folded_title(one.caller.aet) == wanted
            for act in one.acts
        )

    def _shown(self, aet: str) -> ShownDevice:
        return ShownDevice(aet, self.devices.name_of(aet))


def _once(titles: Iterable[str]) -> list[str]:
    """Return AE titles in their order, each once, upper and lower case alike."""
    found: dict[str, str] = {}
    for title in titles:
        found.setdefault(folded_title(title), title)
    return list(found.values())
