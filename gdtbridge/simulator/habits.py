"""The bad habits of devices (``habits.tsv``), and how a simulated device behaves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from gdtbridge.tsv import table

Habits = frozenset[str]
"""Names of rows of the table."""
GOOD: Final[Habits] = frozenset()


class HabitPart(StrEnum):
    """Which part of an exam a habit changes."""

    OBJECTS = "objects"
    SENDING = "sending"
    STEP = "step"
    COMMITMENT = "commitment"


@dataclass(frozen=True, slots=True)
class Habit:
    """One row of the table.

    ``order`` and ``records`` are what becomes of an order, and how many records reach the chart,
    when an exam of two images and a report has the habit; ``outcome`` says it in German. ``source``
    says where devices were seen to do so.
    """

    name: str
    part: HabitPart
    german: str
    english: str
    order: str
    records: int
    outcome: str
    source: str

    def __str__(self) -> str:
        return f"{self.name}: {self.german} / {self.english}"


@dataclass(frozen=True, slots=True)
class CommitmentWish:
    """That a device asks for storage commitment: where it listens, and how long it waits."""

    port: int | None = None
    """None: on the association of the request only; 0: any that is free."""
    host: str = ""
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a device behaves; ``image_pause`` are the seconds of one that makes pauses."""

    habits: Habits = GOOD
    commitment: CommitmentWish | None = None
    image_pause: float = 30.0


WELL_BEHAVED: Final = Behaviour()


@cache
def habits() -> tuple[Habit, ...]:
    """Return every habit, in the order of the table."""
    return tuple(
        Habit(name, HabitPart(part), german, english, order, int(records), outcome, source)
        for name, part, german, english, order, records, outcome, source in table(
            "simulator/habits.tsv"
        )
    )
