"""From the logical id of a patient to the number of the chart, and which patients may be meant."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.database import Connection
from gdtbridge.dataset.values import da_text
from gdtbridge.fhir import store
from gdtbridge.fhir.date_range import DatePrefix
from gdtbridge.fhir.ids import patient_id
from gdtbridge.fhir.query import SearchCondition, SearchValue, changed_since
from gdtbridge.people.folding import FAMILY_MARK, GIVEN_MARK, WORD_MARK, folded_words, word_key

MOST_KEPT: Final = 20_000
"""Ids whose number is remembered."""
_MARKS: Final = {"name": WORD_MARK, "family": FAMILY_MARK, "given": GIVEN_MARK}


@dataclass(slots=True)
class PatientIndex:
    """Numbers by logical id. Thread-safe.

    An id is a digest, so it leads to its number by those that were told, else by all there are:
    a look through a hundred thousand numbers takes a fifth of a second.
    """

    _known: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, number: str) -> str:
        """Return the id of a number, and remember it."""
        id_ = patient_id(number)
        with self._turn:
            self._known[id_] = number
            self._known.move_to_end(id_)
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return id_

    def number(self, connection: Connection, id_: str) -> str:
        """Return the number an id is of; empty where there is none."""
        return self.numbers(connection, [id_]).get(id_, "")

    def numbers(self, connection: Connection, ids: Iterable[str]) -> dict[str, str]:
        """Return the numbers some ids are of, by id; none for an id that is of none.

        However many are not remembered, all there are is looked through once.
        """
        wanted = dict.fromkeys(ids)
        with self._turn:
            found = {id_: self._known[id_] for id_ in wanted if id_ in self._known}
        if len(found) < len(wanted):
            for one in store.all_numbers(connection):
                if (id_ := patient_id(one)) in wanted:
                    found[id_] = one
                    self.tell(one)
        return found


def candidates(
    connection: Connection, index: PatientIndex, conditions: Iterable[SearchCondition]
) -> set[str]:
    """Return the numbers, as they are now, of patients that may meet all conditions."""
    found: set[str] | None = None
    for one in conditions:
        some = _of(connection, index, one) if one.is_plain else None
        if some is not None:
            now = store.numbers_now(connection, some)
            found = now if found is None else found & now
    if found is None:
        found = store.numbers_now(connection, store.all_numbers(connection))
    return found


def _of(connection: Connection, index: PatientIndex, condition: SearchCondition) -> set[str] | None:
    """Return the numbers an index has for a condition; None where none has them."""
    match condition.parameter.name:
        case "_id":
            return set(index.numbers(connection, condition.texts).values())
        case "identifier" if all(condition.texts):
            return set(condition.texts)
        case "name" | "family" | "given" if condition.modifier != "contains":
            mark = _MARKS[condition.parameter.name]
            return {one for text in condition.texts for one in _named(connection, mark, text)}
        case "_lastUpdated" if (since := changed_since([condition])) is not None:
            return store.numbers_changed(connection, since)
        case "birthdate":
            return {one for value in condition.values for one in _born(connection, value)}
        case _:
            return None


def _named(connection: Connection, mark: str, text: str) -> set[str]:
    words = folded_words(text)
    if not words:
        return set()
    return store.numbers_named(connection, word_key(max(words, key=len), mark))


def _born(connection: Connection, value: SearchValue) -> set[str]:
    if value.range is None:
        return set()
    begin, end = map(da_text, value.range.days)
    match value.prefix:
        case DatePrefix.EQ:
            return store.numbers_born(connection, begin, end)
        case DatePrefix.GE | DatePrefix.GT | DatePrefix.SA:
            return store.numbers_born(connection, begin, "9" * 8)
        case DatePrefix.LE | DatePrefix.LT | DatePrefix.EB:
            return store.numbers_born(connection, "0", end)
        case _:
            return store.numbers_born(connection, "0", "9" * 8)
