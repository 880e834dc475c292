"""What the status of a C-STORE response means for a copy: the table ``statuses.tsv``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from gdtbridge.tsv import table


class StoreOutcome(StrEnum):
    """What becomes of a copy that was sent."""

    SENT = "sent"
    FAILED = "failed"
    LATER = "later"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class StatusMeaning:
    """What statuses from ``first`` to ``last`` mean; texts go on after the archive's name."""

    first: int
    last: int
    outcome: StoreOutcome
    german: str
    english: str

    def reason(self, status: int) -> str:
        """Return the words for a person, and the status."""
        return f"{self.german} ({status:04X}) / {self.english} ({status:04X})"


@cache
def meanings() -> tuple[StatusMeaning, ...]:
    """Return the rows of the table."""
    return tuple(
        StatusMeaning(int(first, 16), int(last, 16), StoreOutcome(outcome), german, english)
        for first, last, outcome, german, english in table("forward/statuses.tsv")
    )


def meaning_of(status: int) -> StatusMeaning:
    """Return what a status means."""
    return next(one for one in meanings() if one.first <= status <= one.last)
