"""The catalogue: German name, id, unit and decimals of each measurement the practice knows.

A measurement is looked up by its identity (concept and modifiers, normalised). Of the rows that
fit the one that names most of what the measurement says counts, of a fetus's value one that speaks
of a fetus; a practice's own rows count before ours. What fits no row is not in the catalogue:
nothing is concluded from a similar name or code.

An id is the row's, and for each appended modifier a 0 and its letters: ``LVEF0BP``, ``RENL0L``,
``BPD0FA`` (fetus A).
Neither part has a 0, so ids differ wherever rows or modifiers do. None is an id made of a hash
(`identity.ids_of`): those have nine characters and more and end in eight of A-Z and 2-7, while here
the first part has eight at most and each further one six.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gdtbridge.catalogue.modifiers import (
    DEFINED_SCHEMES,
    FIELDS,
    SaidModifier,
    own_name,
    said_beside_its_name,
    said_by,
)
from gdtbridge.catalogue.names import abbreviated, beside, fitted, readable
from gdtbridge.catalogue.own_rows import changed, completed, refuse_two_meanings
from gdtbridge.catalogue.rows import (
    NAME_LENGTH,
    NAMED,
    NEUTRAL,
    UNNAMED,
    CatalogueRow,
    ModifierChoice,
    built_in,
    maxima,
    read_row,
    terms,
)
from gdtbridge.catalogue.wording import fetus_word, stage_word
from gdtbridge.catalogue.words import german_word
from gdtbridge.sr.codes import ModifierRole
from gdtbridge.sr.identity import LONGEST_ID
from gdtbridge.sr.model import Code, Measurement
from gdtbridge.tsv import table

APPENDING: Final[tuple[str, ...]] = (
    # In this order modifiers are appended to id and name.
    "of",
    ModifierRole.METHOD,
    ModifierRole.EQUATION,
    ModifierRole.MODE,
    ModifierRole.VIEW,
    ModifierRole.CYCLE,
    ModifierRole.BREATHING,
    ModifierRole.FLOW,
    ModifierRole.TOPOGRAPHY,
    ModifierRole.SITE,
    ModifierRole.LABEL,
    ModifierRole.DERIVATION,
    ModifierRole.TRACKING,
    ModifierRole.STAGE,
    ModifierRole.PROTOCOL,
    ModifierRole.LATERALITY,
    ModifierRole.FETUS,
)

KEPT: Final = frozenset(
    {
        ModifierRole.TOPOGRAPHY,
        ModifierRole.SITE,
        ModifierRole.DERIVATION,
        ModifierRole.STAGE,
        ModifierRole.PROTOCOL,
        ModifierRole.LATERALITY,
        ModifierRole.FETUS,
    }
)
"""Appended modifiers that stay whole however long the name is."""

MARKS: Final[dict[str, str]] = {
    ModifierRole.FETUS: "F",
    ModifierRole.LABEL: "N",
    ModifierRole.STAGE: "Z",
}
"""First letter of what is appended for a child or a number; no term looks like it."""

HASHED: Final = "9"
"""First letter of what is appended for any other; no term begins with it."""

_PLAIN: Final = re.compile(r"[A-Z1-9]{1,3}")
_HASH_LENGTH: Final = 5


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """Name, id, unit and place of one measurement in the catalogue.

    ``id`` and ``name`` have what the row appends; ``whole`` is the name at its full length,
    ``tail`` the end of it that no shortening may touch (side, stage, fetus). ``unit`` is UCUM,
    ``order`` the place among all entries. ``untold`` are the modifiers that the row leaves open and
    the name does not tell whole, and a user's label, which is told in the user's own words.
    ``maximum`` says that of several values none of which was chosen the greatest is told besides.
    """

    id: str
    name: str
    unit: str
    decimals: int
    group: str
    order: tuple[int, int]
    untold: frozenset[str] = frozenset()
    tail: str = ""
    maximum: bool = False
    whole: str = ""


@dataclass(frozen=True, slots=True)
class _ModifierReading:
    """One modifier as a row reads it: suffix and word to append, and whether the row names it."""

    suffix: str = ""
    word: str = ""
    named: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class _PlacedRow:
    """A row with its place in the order; own rows count before ours."""

    row: CatalogueRow
    order: tuple[int, int]
    own: bool


class Catalogue:
    """Rows by concept."""

    def __init__(self, rows: Iterable[_PlacedRow]) -> None:
        self._placed = tuple(rows)
        self._by_concept: dict[str, list[_PlacedRow]] = {}
        self._by_meaning: dict[str, list[_PlacedRow]] = {}
        for placed in self._placed:
            self._by_concept.setdefault(placed.row.concept, []).append(placed)
            if placed.row.concept.partition(":")[0] in DEFINED_SCHEMES:
                self._by_meaning.setdefault(placed.row.meaning.casefold(), []).append(placed)

    @classmethod
    def load(cls, own_rows: Sequence[Mapping[str, str]] = ()) -> Catalogue:
        """Return the built-in catalogue with a practice's own rows.

        An own row with a ``concept`` adds a way of coding. One without changes name, unit, decimals
        or group of an id the catalogue has. Raises `CatalogueError`, which names row and column.
        """
        if not own_rows:
            return standard()
        ours = list(built_in())
        added: list[CatalogueRow] = []
        for number, cells in enumerate(own_rows, start=1):
            place = f"catalogue.rows {number} ({cells.get('id', '')})"
            if cells.get("concept"):
                added.append(read_row(completed(cells, ours + added, place), place))
            else:
                ours = changed(ours, cells, place)
        refuse_two_meanings(added, ours)
        return cls(_ordered(ours, added))

    @property
    def rows(self) -> tuple[CatalogueRow, ...]:
        """Return all rows in their order, groups together."""
        return tuple(one.row for one in sorted(self._placed, key=lambda one: one.order))

    def look_up(self, measurement: Measurement) -> CatalogueEntry | None:
        """Return the entry of the row that fits best; None where no row fits."""
        concept = measurement.identity[0] if measurement.identity else ""
        rows: Sequence[_PlacedRow] = self._by_concept.get(concept, ())
        said: Mapping[str, SaidModifier] = {}
        if rows:
            said = said_by(measurement)
        elif concept and concept.partition(":")[0] not in DEFINED_SCHEMES:
            rows = self._named(own_name(measurement).name)
            said = said_beside_its_name(measurement) if rows else said
        best: tuple[tuple[bool, bool, int], CatalogueEntry] | None = None
        for placed in rows:
            reads = _reads(placed.row, said)
            entry = _entry(placed, reads, measurement) if reads is not None else None
            if reads is None or entry is None:
                continue
            speaks = ModifierRole.FETUS in said and ModifierRole.FETUS in placed.row.choices
            rank = (placed.own, speaks, sum(read.named for read in reads.values()))
            if best is None or rank > best[0]:
                best = (rank, entry)
        return best[1] if best is not None else None

    def _named(self, name: str) -> Sequence[_PlacedRow]:
        """Return the rows for what a maker's own code is called, in lower case.

        They are those for the words, and those for a code of a standard that is called the same.
        """
        if not name:
            return ()
        name = _sizes().get(name, name)
        return (*self._by_concept.get(NAMED + name, ()), *self._by_meaning.get(name, ()))


@lru_cache(maxsize=1)
def _sizes() -> Mapping[str, str]:
    """Return what other words for a measurement are in the standard (``sizes.tsv``)."""
    return {row[0]: row[1] for row in table("catalogue/sizes.tsv")}


def _reads(
    row: CatalogueRow, said: Mapping[str, SaidModifier]
) -> dict[str, _ModifierReading] | None:
    """Return each modifier as the row reads it; None where the row is not meant."""
    reads = {}
    for role in row.choices.keys() | said.keys():
        choice = row.choices.get(role) or UNNAMED.get(role, _NO_CHOICE)
        read = _read(role, choice, said.get(role))
        if read is None:
            return None
        reads[role] = read
    return reads


_NO_CHOICE: Final = ModifierChoice()
_UNSAID: Final = _ModifierReading()
_NAMED: Final = _ModifierReading(named=True)
_OPEN: Final = _ModifierReading(open=True)


def _read(role: str, choice: ModifierChoice, said: SaidModifier | None) -> _ModifierReading | None:
    if said is None:
        return _UNSAID if choice.absent or choice.anything else None
    term, words = said.term, terms().words
    if term in choice.appended:
        return _ModifierReading(term, words[term], named=True)
    if term in choice.silent or (term in NEUTRAL and choice.absent):
        return _NAMED
    if choice.anything_appended:
        if words.get(term):
            return _ModifierReading(term, words[term])
        return _ModifierReading(suffix_of(role, said.key), open=True)
    return _OPEN if choice.anything else None


def suffix_of(role: str, key: str) -> str:
    """Return the suffix of a modifier no term names: a number or letter as sent, else a hash."""
    text = key.removeprefix("=").upper().removeprefix("FETUS").strip(" #")
    if role in MARKS and key.startswith("=") and _PLAIN.fullmatch(text):
        return MARKS[role] + text
    digest = hashlib.sha256(f"{role}={key}".encode()).digest()
    return HASHED + base64.b32encode(digest)[:_HASH_LENGTH].decode("ascii")


def _entry(
    placed: _PlacedRow, reads: Mapping[str, _ModifierReading], measurement: Measurement
) -> CatalogueEntry | None:
    """Return row and appended suffixes as an entry; None where the id exceeds `LONGEST_ID`."""
    row = placed.row
    made, words = row.id, dict[str, str]()
    for role in APPENDING:
        read = reads.get(role)
        if read is None or not read.suffix:
            continue
        made += f"0{read.suffix}"
        word = readable(read.word or _own_word(role, measurement))
        words[role] = beside(word, words["of"]) if "of" in words else word
    if len(made) > LONGEST_ID:
        return None
    tail = "".join(f", {word}" for role, word in words.items() if word and role in KEPT)
    middle = "".join(f", {word}" for role, word in words.items() if word and role not in KEPT)
    whole = row.name + middle + tail
    stem = row.name if len(whole) <= NAME_LENGTH else short_name(row)
    if middle.startswith(f", {stem} "):  # the equation says it again: EFW by AC, BPD
        stem, middle = "", middle.removeprefix(", ")
    name = fitted(stem + middle, tail, NAME_LENGTH)
    told = set(words) if name == stem + middle + tail else set(words).intersection(KEPT)
    untold = frozenset(
        role
        for role, read in reads.items()
        if role not in told and (read.open or (role == ModifierRole.LABEL and read.named))
    )
    return CatalogueEntry(
        id=made,
        name=name,
        unit=row.unit,
        decimals=row.decimals,
        group=row.group,
        order=placed.order,
        untold=untold,
        tail=tail,
        maximum=row.id in maxima(),
        whole=whole,
    )


def short_name(row: CatalogueRow) -> str:
    """Return what a row's name is shortened to, if that stands for it alone; else the name."""
    short = abbreviated(row.name)
    return short if _short_names().get(short) == row.name else row.name


@lru_cache(maxsize=1)
def _short_names() -> Mapping[str, str]:
    """Return the name of each abbreviation that belongs to one name only."""
    found: dict[str, set[str]] = {}
    for row in built_in():
        found.setdefault(abbreviated(row.name), set()).add(row.name)
    return {short: next(iter(names)) for short, names in found.items() if len(names) == 1}


def _own_word(role: str, measurement: Measurement) -> str:
    """Return the word for a modifier that may be anything, the device's own where we have none."""
    text: str | None = getattr(measurement, FIELDS.get(role, role), None)
    if role == ModifierRole.FETUS and text:
        return fetus_word(text)
    if role == ModifierRole.STAGE and text:
        return stage_word(text)
    if role == ModifierRole.EQUATION and text:
        return german_word(Code("", "", text)) or text
    return text or ""


def _ordered(ours: Iterable[CatalogueRow], added: Iterable[CatalogueRow]) -> list[_PlacedRow]:
    """Return the rows with their places: groups as they first appear, own rows last in theirs."""
    groups: dict[str, int] = {}
    placed = []
    for own, rows in ((False, ours), (True, added)):
        for index, row in enumerate(rows):
            group = groups.setdefault(row.group, len(groups))
            placed.append(_PlacedRow(row, (group, index + own * 1_000_000), own))
    return placed


@lru_cache(maxsize=1)
def standard() -> Catalogue:
    """Return the catalogue without a practice's own rows."""
    return Catalogue(_ordered(built_in(), ()))
