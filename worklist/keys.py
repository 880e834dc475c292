"""Finding what may answer a query without looking at every entry.

For the keys devices ask by, each value leads to the files that have it. What is found this way is
never less than what matches: the tests of `worklist.query` decide.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from worklist.attributes import ROOT, SPS
from worklist.charset import shown_names
from worklist.item import NOTHING, Element, Item, items_of, tag_of, vr_of
from worklist.temporal import parse_range, to_day
from worklist.text import has_wildcard, key_forms, name_forms, name_groups

_WORTH: Final = 8
"""Files of a wide range are gathered only while they are at most so many times what is left."""
_LAST: Final = "\U0010ffff"

Names = set[str]


class ValueIndex:
    """The files that have each value of one attribute; values of one kind, which can be sorted."""

    def __init__(self) -> None:
        self._files: dict[Any, Names] = {}
        self._sorted: list[Any] = []

    def add(self, value: Any, name: str) -> None:  # noqa: ANN401 - text or day number
        """Note that a file has the value."""
        files = self._files.get(value)
        if files is None:
            files = self._files[value] = set()
            insort(self._sorted, value)
        files.add(name)

    def remove(self, value: Any, name: str) -> None:  # noqa: ANN401
        """Forget that a file has the value."""
        files = self._files.get(value, set())
        files.discard(name)
        if not files and value in self._files:
            del self._files[value]
            del self._sorted[bisect_left(self._sorted, value)]

    def exactly(self, value: Any) -> AbstractSet[str]:  # noqa: ANN401
        """Return the files that have the value."""
        return self._files.get(value, frozenset())

    def between(self, low: Any, high: Any) -> Iterator[AbstractSet[str]]:  # noqa: ANN401
        """Yield the files of each value from ``low`` to ``high``, both included, None being open.

        A text ``high`` includes what begins with it.
        """
        first = 0 if low is None else bisect_left(self._sorted, low)
        for value in self._sorted[first:]:
            if high is not None and value > high:
                return
            yield self._files[value]


Choice = list[AbstractSet[str]]
"""Sets of files, one of which has every file that can match a key."""
Chooser = Callable[[ValueIndex, str], Choice | None]
"""Returns where to look for one value of a key; None where everything may match it."""


@dataclass(frozen=True, slots=True)
class _Indexing:
    """How the values of an attribute are indexed, and looked for."""

    values: Callable[[str], Iterable[Any]]
    choose: Chooser


def _text(text: str) -> tuple[str]:
    return (unicodedata.normalize("NFC", text),)


def _choose_text(index: ValueIndex, key: str) -> Choice | None:
    (wanted,) = _text(key)
    return _choose_prefix(index, wanted) if has_wildcard(wanted) else [index.exactly(wanted)]


def _choose_prefix(index: ValueIndex, pattern: str) -> Choice | None:
    ends = (place for mark in "*?" if (place := pattern.find(mark)) >= 0)
    prefix = pattern[: min(ends)].rstrip("^")
    return list(index.between(prefix, prefix + _LAST)) if prefix else None


def _exact(text: str) -> tuple[str]:
    return (text,)


def _choose_exactly(index: ValueIndex, key: str) -> Choice | None:
    return [index.exactly(key)]


def name_keys(name: str) -> Iterator[str]:
    """Yield what a PN is found by: its component groups, folded, in each form devices are shown."""
    for form in shown_names(name):
        yield from filter(None, name_groups(form))


def _name(text: str) -> Iterator[str]:
    yield from name_keys(text)
    for form in name_forms(text):
        yield from filter(None, form)


def _choose_name(index: ValueIndex, key: str) -> Choice | None:
    found: Choice = []
    for groups in key_forms(key):
        group = next(filter(None, groups), "")
        chosen = _choose_group(index, group) if group else None
        if chosen is None:
            return None
        found += chosen
    return found


def _choose_group(index: ValueIndex, group: str) -> Choice | None:
    return _choose_prefix(index, group) if has_wildcard(group) else [index.exactly(group)]


def _day(text: str) -> Iterator[int]:
    day = to_day(text)
    if day is not None:
        yield day


def _choose_days(index: ValueIndex, key: str) -> Choice | None:
    days = parse_range(key, to_day)
    return None if days is None else list(index.between(days.low, days.high))


_TEXT: Final = _Indexing(_text, _choose_text)
_INDEXINGS: Final = {
    "AE": _TEXT, "CS": _TEXT, "LO": _TEXT, "SH": _TEXT,
    "UI": _Indexing(_exact, _choose_exactly),
    "PN": _Indexing(_name, _choose_name),
    "DA": _Indexing(_day, _choose_days),
}  # fmt: skip

_INDEXED: Final = tuple(
    (level, tag_of(keyword))
    for level, keywords in (
        (ROOT, "PatientID AccessionNumber StudyInstanceUID RequestedProcedureID PatientName"),
        (ROOT, "PatientBirthDate"),
        (SPS, "ScheduledProcedureStepStartDate ScheduledStationAETitle Modality"),
        (SPS, "ScheduledProcedureStepID"),
    )
    for keyword in keywords.split()
)
"""Attributes of `worklist.attributes.MATCHING`: an entry without a value matches no key."""


class KeyIndex:
    """The files of the folder by the values devices ask for."""

    def __init__(self) -> None:
        self._indexes = {place: ValueIndex() for place in _INDEXED}
        self._values: dict[str, list[tuple[tuple[int, int], Any]]] = {}

    def put(self, name: str, served: Iterable[Item]) -> None:
        """Note what a file serves, in place of what it served before."""
        self.drop(name)
        values = [pair for item in served for pair in _values_of(item)]
        for place, value in values:
            self._indexes[place].add(value, name)
        self._values[name] = values

    def drop(self, name: str) -> None:
        """Forget a file."""
        for place, value in self._values.pop(name, ()):
            self._indexes[place].remove(value, name)

    def choose(self, keys: Item) -> Names | None:
        """Return the files that may match ``keys``; None where that may be all."""
        found = sorted(filter(None, self._choices(keys)), key=_count)
        narrow: Names | None = None
        for choice in found:
            if narrow is None:
                narrow = set().union(*choice)
            elif len(choice) == 1:
                narrow &= choice[0]
            elif _count(choice) <= _WORTH * len(narrow):
                narrow &= set().union(*choice)
        return narrow

    def _choices(self, keys: Item) -> Iterator[Choice | None]:
        step = next(iter(items_of(keys, "ScheduledProcedureStepSequence")), NOTHING)
        for place, index in self._indexes.items():
            level, tag = place
            key = (keys if level == ROOT else step).get(tag)
            if key is not None:
                yield _choice_of(index, key, vr_of(tag))


def _choice_of(index: ValueIndex, key: Element, VR: str) -> Choice | None:  # noqa: N803
    """Return where to look for a key; None where it may match everything, or is of another VR."""
    wanted = [text for text in key.texts if text]
    if key.VR != VR or not wanted or any(not text.strip("*") for text in wanted):
        return None
    choice: Choice = [frozenset()]  # no value, no file: not to be taken for no choice
    for text in wanted:
        chosen = _INDEXINGS[VR].choose(index, text)
        if chosen is None:
            return None
        choice += chosen
    return [files for files in choice if files] or choice


def _count(choice: Choice) -> int:
    return sum(map(len, choice))


def _values_of(item: Item) -> Iterator[tuple[tuple[int, int], Any]]:
    for place in _INDEXED:
        level, tag = place
        parts = [item] if level == ROOT else items_of(item, "ScheduledProcedureStepSequence")
        for part in parts:
            element = part.get(tag)
            if element is not None:
                values = _INDEXINGS[vr_of(tag)].values
                yield from ((place, value) for text in element.texts for value in values(text))
