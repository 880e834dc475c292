"""How far the set-up is; it can be left at each step, and gone on with later."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.database import Database
from gdtbridge.settings import Settings
from gdtbridge.setup import store

LEFT: Final = "left"
DONE: Final = "done"


class SetupStep(StrEnum):
    """The steps in their order."""

    PRACTICE = "practice"
    NETWORK = "network"
    SOFTWARE = "software"
    DEVICE = "device"
    TRIAL = "trial"

    @property
    def next(self) -> SetupStep | None:
        """The step after this one; None after the last."""
        steps = list(SetupStep)
        place = steps.index(self) + 1
        return steps[place] if place < len(steps) else None


@dataclass(frozen=True, slots=True)
class SetupProgress:
    """Which steps are done, and whether somebody has left the set-up."""

    database: Database

    def done(self) -> Collection[SetupStep]:
        """Return the steps that are done."""
        with self.database.read() as connection:
            said = store.notes(connection)
        return frozenset(step for step in SetupStep if said.get(step) == DONE)

    def finish(self, step: SetupStep) -> None:
        """Remember that a step is done."""
        with self.database.write() as connection:
            store.note(connection, step, DONE)

    def leave(self) -> None:
        """Remember that the set-up was left or ended: nobody is led there any more."""
        with self.database.write() as connection:
            store.note(connection, LEFT, DONE)

    def is_due(self, settings: Settings) -> bool:
        """Return whether the first page is the set-up: nobody has said or done anything yet."""
        said = {section: getattr(settings, section).model_fields_set for section in _OF_A_PRACTICE}
        if any(keys & _OF_A_PRACTICE[section] for section, keys in said.items()) or settings.device:
            return False
        with self.database.read() as connection:
            return LEFT not in store.notes(connection) and not store.is_at_work(connection)


_OF_A_PRACTICE: Final = {
    "practice": frozenset({"name"}),
    "gdt": frozenset({"out", "in_", "dialect", "routes"}),
}
"""Keys that only somebody sets who has begun to set up a practice."""
