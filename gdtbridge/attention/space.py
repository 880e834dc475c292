"""When the archive's disk will be full, from what was free in the last days."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from gdtbridge.attention import store
from gdtbridge.attention.model import AttentionItem
from gdtbridge.attention.sources import LOW_FACTOR
from gdtbridge.attention.store import FreeSpace
from gdtbridge.database import Database
from gdtbridge.durable.clock import DAY_SECONDS, Clock

LOOK_BACK_DAYS: Final = 14
"""So many days of growth are looked at; older ones are forgotten."""
FEWEST_DAYS: Final = 2
"""Nothing is foretold from less."""
WARNING_DAYS: Final = 14
"""A disk that will be full within so many days is told."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """A disk in bytes, and how long it lasts; None where nothing grows or nothing is known yet."""

    total: int
    free: int
    days_left: float | None = None
    """Until the reserve is reached."""
    bytes_a_day: float | None = None

    @property
    def used(self) -> int:
        """What is taken."""
        return self.total - self.free


@dataclass(frozen=True, slots=True)
class SpaceForecast:
    """Foretells when the disk of ``folder`` has less than ``reserve`` bytes left."""

    name: ClassVar = "space"
    codes: ClassVar = frozenset({"disk-forecast"})

    database: Database
    folder: Path
    reserve: int
    clock: Clock

    def keep(self) -> None:
        """Write down once a day what is free; raise `OSError` or a `BridgeError`."""
        now = self.clock.utc()
        day = int(now // DAY_SECONDS)
        with self.database.read() as connection:
            if store.has_day(connection, day):
                return
        measured = FreeSpace(now, shutil.disk_usage(self.folder).free)
        with self.database.write(synced=False, seen=False) as connection:
            store.enter_free_space(connection, day, measured, day - LOOK_BACK_DAYS)

    def items(self) -> list[AttentionItem]:
        """Return one item when the disk fills within days; raise `OSError`.

        A disk that is nearly full already is told as that.
        """
        space = self.space()
        days = space.days_left
        if space.free < self.reserve * LOW_FACTOR or days is None or days > WARNING_DAYS:
            return []
        told = f"voll in etwa {days:.0f} Tagen / full in about {days:.0f} days"
        names = {"folder": str(self.folder)}
        return [AttentionItem("disk-forecast", "disk", self.clock.utc(), detail=told, names=names)]

    def space(self) -> DiskSpace:
        """Return how full the disk is, and how it grew in the last days; raise `OSError`."""
        usage = shutil.disk_usage(self.folder)
        now, day = FreeSpace(self.clock.utc(), usage.free), DAY_SECONDS
        with self.database.read() as connection:
            before = store.free_space_of(
                connection, now.at - (LOOK_BACK_DAYS + 1) * day, now.at - FEWEST_DAYS * day
            )
        days = days_left(before, now, self.reserve) if before is not None else None
        a_day = None
        if before is not None and days is not None:
            a_day = (before.free - now.free) * day / (now.at - before.at)
        return DiskSpace(usage.total, usage.free, days, a_day)


def days_left(before: FreeSpace, now: FreeSpace, reserve: int) -> float | None:
    """Return in how many days ``reserve`` bytes are left, or None where nothing grows."""
    used = before.free - now.free
    days = (now.at - before.at) / DAY_SECONDS
    if used <= 0 or days <= 0:
        return None
    return max(0.0, (now.free - reserve) * days / used)
