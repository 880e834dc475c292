"""The kinds of what can need a person: the table ``kinds.tsv``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gdtbridge.tsv import table


class AttentionLevel(StrEnum):
    """How bad it is."""

    FAULT = "fault"
    """Something does not work."""
    NEEDS_PERSON = "needs-person"
    """All works and nothing is lost, but somebody has to decide."""


LEVEL_TEXT: Final = {
    AttentionLevel.FAULT: "Störung / fault",
    AttentionLevel.NEEDS_PERSON: "offen / open",
}
"""What people read for each level."""


@dataclass(frozen=True, slots=True)
class AttentionKind:
    """One kind of what can need a person; texts are nouns, for one and for several."""

    code: str
    level: AttentionLevel
    german: str
    german_several: str
    english: str
    english_several: str
    way_out: str
    """What to do: a command or a place, with ``{names}`` an item fills in."""

    def text(self, count: int = 1) -> str:
        """Return ``German / English`` for so many."""
        return f"{self.german_for(count)} / {self.english_for(count)}"

    def german_for(self, count: int) -> str:
        """Return the German words for so many."""
        return self.german if count == 1 else self.german_several

    def english_for(self, count: int) -> str:
        """Return the English words for so many."""
        return self.english if count == 1 else self.english_several


def _kind(cells: list[str]) -> AttentionKind:
    code, level, german, germans, english, englishes, way_out = cells
    return AttentionKind(code, AttentionLevel(level), german, germans, english, englishes, way_out)


KINDS: Final[Mapping[str, AttentionKind]] = MappingProxyType(
    {kind.code: kind for kind in map(_kind, table("attention/kinds.tsv"))}
)
"""Every kind by its code, in the order people see them."""
