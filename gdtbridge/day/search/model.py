"""Values of a search: what was typed and how it is read, and a page of what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from gdtbridge.day.model import DayLine, LineState
from gdtbridge.people import Patient


class ConditionKind(StrEnum):
    """What a part of a search is about, in the order in which it is read."""

    DEVICE = "device"
    BIRTH = "birth"
    DAY = "day"
    NUMBER = "number"
    ORDER = "order"
    MODALITY = "modality"
    STATE = "state"
    WORD = "word"
    VALUES = "values"
    """An exam with measurements; nobody types it, a filter of a list is it."""


class NamePart(StrEnum):
    """Which part of a name a word is to be."""

    ANY = "any"
    """Of a name, or a word of procedure or device."""
    FAMILY = "family"
    GIVEN = "given"
    NAME = "name"
    """Of a name, family or given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing a hit has to be; what does not belong to its kind is empty."""

    kind: ConditionKind
    word: str = ""
    """WORD: folded; NUMBER, ORDER: as typed; MODALITY: its code."""
    is_exact: bool = False
    """WORD: a whole word, not its beginning."""
    part: NamePart = NamePart.ANY
    births: frozenset[str] = frozenset()
    """BIRTH: birth dates as stored, any of which will do; with zeros for what is not known."""
    numbers: frozenset[str] = frozenset()
    """NUMBER: every number of the chart, former ones too; empty until that was looked up."""
    days: tuple[date, ...] = ()
    """DAY: the first of them that has anything."""
    devices: frozenset[str] = frozenset()
    """DEVICE: AE titles; WORD: those of the devices whose name has such a word."""
    states: frozenset[LineState] = frozenset()

    @property
    def shown_day(self) -> date | None:
        """The one day it is about; None where it is about none, or about several."""
        if len(self.days) == 1:
            return self.days[0]
        only = next(iter(self.births)) if len(self.births) == 1 else ""
        return date.fromisoformat(only) if len(only) == 8 and not only.startswith("00") else None


@dataclass(frozen=True, slots=True)
class SearchToken:
    """A part of what was typed, and how it can be read, the usual way first."""

    text: str
    readings: tuple[Condition, ...]

    @property
    def usual(self) -> Condition:
        """How it is read."""
        return self.readings[0]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What somebody looks for: all tokens, and the conditions of a list's filters, must hold."""

    tokens: tuple[SearchToken, ...] = ()
    filters: tuple[Condition, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What a hit has to be, each token read the usual way."""
        return (*(one.usual for one in self.tokens), *self.filters)

    def read_otherwise(self, place: int, reading: Condition) -> SearchQuery:
        """Return the query with one token read in another way."""
        token = SearchToken(self.tokens[place].text, (reading,))
        return replace(self, tokens=(*self.tokens[:place], token, *self.tokens[place + 1 :]))

    def without(self, place: int) -> SearchQuery:
        """Return the query without one token."""
        return replace(self, tokens=(*self.tokens[:place], *self.tokens[place + 1 :]))


def patient_query(number: str) -> SearchQuery:
    """Return the search for everything of the patient with a number."""
    reading = Condition(kind=ConditionKind.NUMBER, word=number)
    return SearchQuery((SearchToken(number, (reading,)),))


@dataclass(frozen=True, slots=True)
class OtherReading:
    """Another way to read a token, and the first of what it finds."""

    text: str
    reading: Condition
    lines: tuple[DayLine, ...]
    patients: tuple[Patient, ...] = ()
    is_cut: bool = False
    """Whether there is more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """A page of hits: today's first, then the newest, and what else may have been meant."""

    query: SearchQuery
    lines: tuple[DayLine, ...] = ()
    patients: tuple[Patient, ...] = ()
    """Known by master data alone: no order and no exam of theirs is here; on the last page."""
    cursor: str = ""
    """Where the next page begins; empty on the last one."""
    others: tuple[OtherReading, ...] = ()
    """Other readings that find something; on the first page."""
    without: tuple[tuple[str, int], ...] = ()
    """Where nothing was found: what is found without each token, counted up to twenty."""
    similar: tuple[str, ...] = ()
    """Where nothing was found: family names here that sound like one that was typed."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found, in whatever reading."""
        return not (self.lines or self.patients or self.others)
