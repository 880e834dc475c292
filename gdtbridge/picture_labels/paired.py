"""Which exams are of organs with two sides (``paired.tsv``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from gdtbridge.people.folding import folded_words
from gdtbridge.tsv import table


@dataclass(frozen=True, slots=True)
class PairedOrgans:
    """An organ with two sides, by the words that tell of it."""

    beginnings: tuple[str, ...]
    """Beginnings of folded words."""
    german: str
    english: str

    @property
    def name(self) -> str:
        """``German / English``."""
        return f"{self.german} / {self.english}"


@cache
def _organs() -> tuple[PairedOrgans, ...]:
    return tuple(
        PairedOrgans(tuple(beginnings.split("|")), german, english)
        for beginnings, german, english in table("picture_labels/paired.tsv")
    )


def paired_organs(texts: Iterable[str]) -> tuple[PairedOrgans, ...]:
    """Return the organs with two sides that names of an exam tell of."""
    words = {word for text in texts for word in folded_words(text)}
    return tuple(one for one in _organs() if any(word.startswith(one.beginnings) for word in words))
