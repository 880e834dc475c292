"""What the dates, texts and codes of reports are, by their concepts (``statements.tsv``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gdtbridge.sr.codes import normal
from gdtbridge.sr.model import Code
from gdtbridge.tsv import table

WILD: Final = "*"


class StatementUse(StrEnum):
    """What becomes of a date, text or code."""

    TOLD = "told"
    FINDING = "finding"
    """Told; numbers below it are about its value."""
    FETAL_SEX = "fetal_sex"
    """Told only where a practice wants it (GenDG 15 (1))."""
    SUBJECT_SEX = "subject_sex"
    """The same of a fetus; of a patient a circumstance."""
    IDENTIFYING = "identifying"
    """Says who somebody is."""
    CIRCUMSTANCE = "circumstance"
    """Says how the exam or the report came about."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A concept of the table: what becomes of it, and its label in German and English.

    ``loose`` says that the device's words only begin or end like the row's.
    """

    use: StatementUse
    german: str
    english: str
    loose: bool = False


@dataclass(frozen=True, slots=True)
class _StatementTable:
    by_concept: dict[str, StatementRow]
    beginnings: tuple[tuple[str, StatementRow], ...]
    endings: tuple[tuple[str, StatementRow], ...]


def row_of(name: Code) -> StatementRow | None:
    """Return the row of a concept: by its code, else by the device's words; None for none."""
    return _row(":".join(normal(name)), " ".join(name.meaning.casefold().split()).rstrip(":"))


def is_identifying(name: Code) -> bool:
    """Return whether a concept says who somebody is."""
    row = row_of(name)
    return row is not None and row.use is StatementUse.IDENTIFYING


@lru_cache(maxsize=1024)
def _row(key: str, words: str) -> StatementRow | None:
    known = _table()
    found = known.by_concept.get(key) or known.by_concept.get(f"={words}")
    return found or next(_loose(known, words), None)


def _loose(known: _StatementTable, words: str) -> Iterator[StatementRow]:
    yield from (row for begin, row in known.beginnings if words.startswith(begin))
    yield from (row for end, row in known.endings if words.endswith(end))


@lru_cache(maxsize=1)
def _table() -> _StatementTable:
    exact: dict[str, StatementRow] = {}
    begins: list[tuple[str, StatementRow]] = []
    ends: list[tuple[str, StatementRow]] = []
    for concept, use, german, english, _ in table("sr/statements.tsv"):
        loose = concept.startswith("=") and WILD in concept
        row = StatementRow(StatementUse(use), german, english, loose)
        if not loose:
            exact[concept] = row
        elif concept.endswith(WILD):
            begins.append((concept[1:].removesuffix(WILD), row))
        else:
            ends.append((concept[1:].removeprefix(WILD), row))
    return _StatementTable(exact, tuple(begins), tuple(ends))
