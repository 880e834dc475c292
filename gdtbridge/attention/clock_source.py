"""Where the item of a wrong or jumping clock comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from gdtbridge.attention.model import AttentionItem
from gdtbridge.clock_jumps import ClockJump, jumps_of_today
from gdtbridge.database import Database
from gdtbridge.durable.clock import BELIEVED_SINCE, Clock, local_time

CODE = "clock-jumped"


@dataclass(frozen=True, slots=True)
class ClockSource:
    """The clock of this machine: what it showed when it jumped, and that it cannot be right."""

    name: ClassVar = "clock"
    codes: ClassVar = frozenset({CODE})

    database: Database
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return the jumps of the last day, and one item as long as the year is impossible."""
        now = self.clock.utc()
        with self.database.read() as connection:
            jumps = jumps_of_today(connection, now)
        return [*_impossible(now, self.clock.local()), *map(_item, jumps)]


def _item(jump: ClockJump) -> AttentionItem:
    before, after = _shown(local_time(jump.before)), _shown(local_time(jump.after))
    told = (
        f"Die Uhr sprang von {before} auf {after}; Zeiten auf Befunden dazwischen prüfen."
        f" / The clock jumped from {before} to {after}; check times in records in between."
    )
    return AttentionItem(CODE, f"clock:{jump.id}", jump.at, detail=told)


def _impossible(now: float, local: datetime) -> list[AttentionItem]:
    if now >= BELIEVED_SINCE:
        return []
    told = f"Die Uhr zeigt {_shown(local)}. / The clock says {_shown(local)}."
    return [AttentionItem(CODE, "clock:year", now, detail=told)]


def _shown(local: datetime) -> str:
    return f"{local:%d.%m.%Y %H:%M:%S}"
