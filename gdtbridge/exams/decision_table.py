"""The decision table: its words, its columns, and its rows.

The rows stand in ``decision.tsv``; `docs/reference/whose-exam.md` explains words and rows and is
tested against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.settings import ExamSettings
from gdtbridge.tsv import table

ANY: Final = "-"


class Word(StrEnum):
    """Whether a person said whose it is."""

    NONE = "none"
    NAMED = "named"
    CONFIRMED = "confirmed"
    """Said again, knowing that the number is another person's."""
    REBUILT = "rebuilt"
    """Nobody could yet: the index was restored or made anew, and what was sent is not known."""
    WITHDRAWN = "withdrawn"
    """Had results taken back or discarded, and did not say whose they are."""


class People(StrEnum):
    """Whom else the exam is of."""

    ONE = "one"
    SEVERAL = "several"
    """Of further people nothing was sent either."""
    REPORT = "report"
    """Of two people one has pictures, the other Structured Reports alone."""
    AFTER = "after"
    """Something was sent for somebody else."""
    CORRECTS = "corrects"
    """One of these very objects was sent for somebody else."""


class Uids(StrEnum):
    """Whose the UIDs of the objects are."""

    OWN = "own"
    TAKEN = "taken"
    """Another study had one of them before."""


class Number(StrEnum):
    """What the objects say in Patient ID (0010,0020)."""

    FITS = "fits"
    UNFIT = "unfit"
    NONE = "none"


class Ordered(StrEnum):
    """Whom the orders are for that study UID and accession number lead to."""

    NONE = "none"
    SAME = "same"
    TWO = "two"
    """For the number, but a person with another family name and birth date."""
    OTHER = "other"
    """For another number."""
    SEVERAL = "several"
    """None is named, and several open ones fit number, person, station and day."""
    AGREES = "agrees"
    """The objects have no number, but name and birth date of the one order."""
    CONTRADICTS = "contradicts"
    """The objects have no number, and not what the order says."""


class Known(StrEnum):
    """What open orders, master data and earlier exams say of the number."""

    NOTHING = "nothing"
    SAME = "same"
    TWO = "two"
    ELSEWHERE = "elsewhere"
    """Nothing; but the same person waits today under another number."""


class When(StrEnum):
    """Whether the study date can be true."""

    NEAR = "near"
    FAR = "far"


class Performed(StrEnum):
    """Whom the performed procedure steps of the study name (MPPS)."""

    NONE = "none"
    SAME = "same"
    TWO = "two"
    """The number, but a person with another family name and birth date."""
    OTHER = "other"
    """Another number."""
    WRONG = "wrong-entry"
    """The device took back that this patient was examined."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One of an exam's people in the words of the table, whose columns these are."""

    word: Word
    people: People
    uids: Uids
    number: Number
    order: Ordered
    known: Known
    date: When
    step: Performed = Performed.NONE

    @property
    def values(self) -> tuple[str, ...]:
        """What stands in the columns."""
        return (
            *(self.word, self.people, self.uids, self.number, self.order, self.known, self.date),
            self.step,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table: what fits it, and what follows; ``reason`` is None where it is sent."""

    name: str
    cells: tuple[str, ...]
    setting: str
    reason: HoldReason | None

    @classmethod
    def of(cls, row: Sequence[str]) -> Rule:
        """Return the rule of a row of the file."""
        name, *cells, setting, outcome, reason = row
        held = HoldReason(reason) if outcome == "hold" else None
        return cls(name, tuple(cells), setting, held)

    def fits(self, situation: Situation, settings: ExamSettings) -> bool:
        """Return whether the row is about the situation."""
        said = zip(self.cells, situation.values, strict=True)
        if not all(cell == ANY or value in cell.split("|") for cell, value in said):
            return False
        key, _, wanted = self.setting.partition("=")
        return self.setting == ANY or getattr(settings, key) == wanted


COLUMNS: Final = tuple(column.name for column in fields(Situation))
RULES: Final = tuple(Rule.of(row) for row in table("exams/decision.tsv"))


def rule_for(situation: Situation, settings: ExamSettings) -> Rule:
    """Return the first row that fits; a test proves that there is one for every situation."""
    return next(rule for rule in RULES if rule.fits(situation, settings))
