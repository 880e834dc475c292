"""The grammar of a search: from what people type to conditions.

Tokens stand between blanks, in any order. A device's name and a date may have blanks. Of each
token the first kind that fits is its usual reading: device, date, number, order number, modality,
day word, state word, word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Final, TypeVar

from gdtbridge.dataset.values import da_text
from gdtbridge.day.model import LineState, ShownDevice
from gdtbridge.day.search.model import (
    Condition,
    ConditionKind,
    NamePart,
    SearchQuery,
    SearchToken,
)
from gdtbridge.gdt.tables.dates import BirthDate
from gdtbridge.people.folding import folded, folded_words
from gdtbridge.tsv import table
from gdtbridge.typed_dates import (
    TypedDateError,
    named_day,
    typed_birth_date,
    typed_day,
    typed_past_days,
)

MOST_TOKENS: Final = 12
"""Tokens that are read; what follows is left out."""
LONGEST: Final = 200
"""Characters that are read."""
LONGEST_DATE: Final = 3
"""Words a date has at most: ``12. März 58``."""
FARTHEST_DAYS: Final = 731
"""Days an appointment may be ahead."""
_PARTS: Final = re.compile(r'"([^"]*)"?|(\S+)')
_NUMBER: Final = re.compile(r"\d{1,10}", re.ASCII)
_ORDER: Final = re.compile(r"[a-z][\s-]?\d[\d-]*", re.ASCII | re.IGNORECASE)
_DATE_LIKE: Final = re.compile(r"\d.*[^\d].*", re.ASCII | re.DOTALL)
_YEAR: Final = re.compile(r"(18|19|20)\d\d", re.ASCII)


@cache
def _words(kind: str) -> Mapping[str, str]:
    """Return the code of each folded word of a kind."""
    rows = (row[1:] for row in table("day/search/words.tsv") if row[0] == kind)
    return {word: code for code, words in rows for word in words.split()}


@dataclass(frozen=True, slots=True)
class _Typed:
    """A word as it was typed."""

    text: str
    is_quoted: bool = False


def read_search(text: str, today: date, devices: Sequence[ShownDevice] = ()) -> SearchQuery:
    """Return how a search is read; never raises. ``devices`` are those the practice has."""
    typed = [
        _Typed(match[1] if match[1] is not None else match[2], match[1] is not None)
        for match in _PARTS.finditer(text[:LONGEST])
    ]
    family, given = _divided(typed)
    reader = _Reader(today, devices)
    if family is None:
        tokens = list(reader.tokens(given))
    else:
        names = [_as_part(one, NamePart.FAMILY) for one in reader.tokens(family)]
        tokens = [*names, *_given(reader.tokens(given))]
    return SearchQuery(tuple(one for one in tokens if one.readings)[:MOST_TOKENS])


def _divided(typed: Sequence[_Typed]) -> tuple[list[_Typed] | None, list[_Typed]]:
    """Return what stands before a comma that divides a name, and what behind; None without one.

    A comma between digits belongs to a date.
    """
    for place, one in enumerate(typed):
        before, comma, behind = one.text.partition(",")
        if one.is_quoted or not comma or (before and before[-1:].isdigit()):
            continue
        head = [*typed[:place], *([_Typed(before)] if before else [])]
        rest = [*([_Typed(behind)] if behind else []), *typed[place + 1 :]]
        return head, rest
    return None, list(typed)


def _given(tokens: Iterator[SearchToken]) -> Iterator[SearchToken]:
    """Yield tokens, the first word as a given name."""
    is_first = True
    for one in tokens:
        if is_first and any(said.kind is ConditionKind.WORD for said in one.readings):
            is_first = False
            yield _as_part(one, NamePart.GIVEN)
        else:
            yield one


def _as_part(token: SearchToken, part: NamePart) -> SearchToken:
    """Return a token that is a word as a part of a name; others as they are."""
    words = [one for one in token.readings if one.kind is ConditionKind.WORD]
    if not words:
        return token
    said = tuple(replace(one, part=part, devices=frozenset()) for one in words)
    return SearchToken(token.text, said)


class _Reader:
    """Reads typed words one after the other."""

    def __init__(self, today: date, devices: Sequence[ShownDevice]) -> None:
        self._today = today
        self._devices = devices

    def tokens(self, typed: Sequence[_Typed]) -> Iterator[SearchToken]:
        """Yield the tokens of typed words."""
        place = 0
        while place < len(typed):
            token, length = self._next(typed[place:])
            yield token
            place += length

    def _next(self, typed: Sequence[_Typed]) -> tuple[SearchToken, int]:
        """Return the first token and of how many words it is made."""
        first = typed[0]
        if first.is_quoted:
            return SearchToken(first.text, tuple(self._exact(first.text))), 1
        for several in (self._device, self._said_before, self._date):
            if (found := several(typed)) is not None:
                return found
        return SearchToken(first.text, tuple(self._readings(first.text))), 1

    def _exact(self, text: str) -> Iterator[Condition]:
        """Yield each word of a quoted text, which is a whole one."""
        said = folded(text) if " " not in text else "".join(map(folded, text.split()))
        if said:
            yield Condition(kind=ConditionKind.WORD, word=said, is_exact=True, part=NamePart.NAME)

    def _device(self, typed: Sequence[_Typed]) -> tuple[SearchToken, int] | None:
        """Return a device whose whole name or AE title is typed."""
        longest = max((len(one.shown.split()) for one in self._devices), default=1)
        for length in range(min(longest, len(typed)), 0, -1):
            words = typed[:length]
            said = [folded(one.text) for one in words]
            named = frozenset(
                one.aet
                for one in self._devices
                if said == [folded(word) for word in one.shown.split()] or said == [folded(one.aet)]
            )
            if named and not any(one.is_quoted for one in words):
                text = " ".join(one.text for one in words)
                reading = Condition(kind=ConditionKind.DEVICE, devices=named)
                further = self._readings(text) if length == 1 else ()
                return SearchToken(text, (reading, *further)), length
        return None

    def _said_before(self, typed: Sequence[_Typed]) -> tuple[SearchToken, int] | None:
        """Return a token whose kind was said before it: ``*12.3.58``, ``am 27.11.``, ``nr 12``."""
        first = typed[0].text
        if first.startswith("*") and len(first) > 1:
            kind, rest, used = "birth", [_Typed(first[1:]), *typed[1:]], 0
        else:
            code = "birth" if first == "*" else _words("before").get(folded(first), "")
            kind, rest, used = code, list(typed[1:]), 1
        if not kind or not rest:
            return None
        if kind == "number":
            if not _NUMBER.fullmatch(rest[0].text):
                return None
            number = Condition(kind=ConditionKind.NUMBER, word=rest[0].text)
            return SearchToken(f"{first} {rest[0].text}", (number,)), used + 1
        wanted = ConditionKind.BIRTH if kind == "birth" else ConditionKind.DAY
        for length in range(min(LONGEST_DATE, len(rest)), 0, -1):
            text = " ".join(one.text for one in rest[:length])
            said = [one for one in self._dates(text) if one.kind is wanted]
            if said:
                told = " ".join(one.text for one in typed[: used + length])
                return SearchToken(told, tuple(said)), used + length
        return None

    def _date(self, typed: Sequence[_Typed]) -> tuple[SearchToken, int] | None:
        """Return a date, which may have blanks."""
        if not typed[0].text[:1].isdigit():
            return None
        for length in range(min(LONGEST_DATE, len(typed)), 0, -1):
            text = " ".join(one.text for one in typed[:length])
            if _DATE_LIKE.fullmatch(text) and (said := tuple(self._dates(text))):
                return SearchToken(text, said), length
        return None

    def _dates(self, text: str) -> Iterator[Condition]:
        """Yield what a text is as a date, of birth or of an exam."""
        if (named := named_day(text, self._today)) is not None:
            yield _on(named)
            return
        if past := typed_past_days(text, self._today):
            yield _on(*past)
            yield _born(*map(da_text, past))
            return
        birth = _tried(typed_birth_date, text, self._today) or BirthDate()
        if birth.day is not None:
            yield _born(da_text(birth.day))
        elif birth.partial:
            yield _born(*_within(birth.partial))
        appointment = _tried(typed_day, text, self._today)
        latest = self._today + timedelta(days=FARTHEST_DAYS)
        days = {day for day in (birth.day, appointment) if day is not None and day <= latest}
        yield from map(_on, sorted(days))

    def _readings(self, text: str) -> Iterator[Condition]:
        """Yield how one word is read, the usual way first."""
        if _NUMBER.fullmatch(text):
            yield Condition(kind=ConditionKind.NUMBER, word=text)
            yield Condition(kind=ConditionKind.ORDER, word=text)
            if _YEAR.fullmatch(text) or len(text) in {6, 8}:
                yield from self._dates(text)
            return
        if _ORDER.fullmatch(text) or (text[:1].isalpha() and text[-1:].isdigit()):
            yield Condition(kind=ConditionKind.ORDER, word=text)
            yield Condition(kind=ConditionKind.NUMBER, word=text)
        said = folded(text)
        if code := _words("modality").get(said):
            yield Condition(kind=ConditionKind.MODALITY, word=code)
        if (day := named_day(text, self._today)) is not None:
            yield _on(day)
        if code := _words("state").get(said):
            states = frozenset({LineState(code)})
            yield Condition(kind=ConditionKind.STATE, states=states)
        if said:
            yield Condition(kind=ConditionKind.WORD, word=said, devices=self._devices_with(said))

    def _devices_with(self, word: str) -> frozenset[str]:
        """Return the devices one of whose words begins so."""
        return frozenset(
            one.aet
            for one in self._devices
            if any(part.startswith(word) for part in folded_words(f"{one.name} {one.aet}"))
        )


_Read = TypeVar("_Read")


def _tried(read: Callable[[str, date], _Read], text: str, today: date) -> _Read | None:
    """Return what a text says by ``read``; None where it says nothing."""
    try:
        return read(text, today)
    except TypedDateError:
        return None


def _born(*births: str) -> Condition:
    return Condition(kind=ConditionKind.BIRTH, births=frozenset(births))


def _on(*days: date) -> Condition:
    return Condition(kind=ConditionKind.DAY, days=days)


def _within(partial: str) -> Iterator[str]:
    """Yield every birth date within a year, or a month of one (``00MMYYYY``, zeros for none)."""
    month, year = int(partial[2:4]), int(partial[4:])
    day = date(year, month or 1, 1)
    while day.year == year and month in {0, day.month}:
        yield da_text(day)
        day += timedelta(days=1)
    for one in range(13):
        if month in {0, one} or one == 0:
            yield f"00{one:02}{year}"
