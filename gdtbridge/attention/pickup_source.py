"""Files of pick-up folders that were not taken, or cannot be read or removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import ClassVar, Final

from gdtbridge.archive.picked_files import PickedFile, PickOutcome, PickupMemory, storable
from gdtbridge.attention.model import AttentionItem, shown_name
from gdtbridge.durable.clock import Clock

STUCK_SECONDS: Final = 600.0
"""A file that could not be read or removed for so long is told: who has it open may let go."""
_MOST_NAMED: Final = 5
"""Names of files that are told of one cause."""
_REFUSED: Final = "pickup-refused"
_STUCK: Final = "pickup-stuck"


@dataclass(frozen=True, slots=True)
class PickupSource:
    """What of the pick-up folders of the settings needs a person."""

    name: ClassVar = "pickup-folders"
    codes: ClassVar = frozenset({_REFUSED, _STUCK})

    memory: PickupMemory
    folders: Mapping[str, Path]
    """The folders as they are remembered."""
    clock: Clock

    @classmethod
    def of(cls, memory: PickupMemory, folders: list[Path], clock: Clock) -> PickupSource:
        """Return the source for these folders."""
        return cls(memory, {storable(str(one)): one for one in folders}, clock)

    def items(self) -> list[AttentionItem]:
        """Return one item for each folder and cause."""
        found = [one for one in self.memory.told() if one[0] in self.folders]
        found.sort(key=_cause)
        told = (
            self._item(folder, code, reason, [file for _, file in group])
            for (folder, code, reason), group in groupby(found, _cause)
        )
        now = self.clock.utc()
        return [one for one in told if one.code == _REFUSED or now - one.since >= STUCK_SECONDS]

    def _item(self, folder: str, code: str, reason: str, files: list[PickedFile]) -> AttentionItem:
        names = ", ".join(shown_name(one.name) for one in files[:_MOST_NAMED])
        more = ", …" if len(files) > _MOST_NAMED else ""
        return AttentionItem(
            code,
            f"{code}:{folder}:{reason}",
            min(one.since for one in files),
            detail=f"{self.folders[folder]}: {len(files)} ({names}{more}): {reason}",
            names={"folder": str(self.folders[folder])},
        )


def _cause(one: tuple[str, PickedFile]) -> tuple[str, str, str]:
    folder, file = one
    refused = file.outcome is PickOutcome.REFUSED
    return folder, _REFUSED if refused else _STUCK, file.reason
