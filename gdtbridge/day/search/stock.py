"""A stock that is searched: its newest rows that may be hits, by what indices find.

Each condition is a test on a row and, where an index has it, the set of its ids; the smallest set
leads. Nothing here decides: a candidate is compared afterwards. Every call works inside the
caller's transaction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.day.search.model import Condition, NamePart
from gdtbridge.people.folding import FAMILY_MARK, GIVEN_MARK, WORD_MARK, after, tail_key, word_key
from worklist import canonical_number

FEW: Final = 5000
"""A set of ids that is no larger leads; where all are larger, the stock is looked through by time,
for its newest rows are hits."""
MANY: Final = 30_000
"""The same where several conditions must hold: the newest rows may be none."""
LONGEST_NUMBER: Final = 10
"""Digits up to which leading zeros of a patient number mean nothing."""

_MARKS: Final = {NamePart.FAMILY: FAMILY_MARK, NamePart.GIVEN: GIVEN_MARK}
Test = sa.ColumnElement[bool]
Ids = sa.Select[Any]


@dataclass(frozen=True, slots=True)
class PossibleHit:
    """An exam or an order that may be a hit."""

    id: int
    is_order: bool
    at: datetime
    """Local: when the exam began to arrive, or the order's appointment."""
    mark: str
    """The same as it is stored."""


@dataclass(frozen=True, slots=True)
class SearchPlace:
    """How far a stock was looked through: the last row, by time and id; empty at the beginning."""

    mark: str = ""
    id: int = 0


class Stock(ABC):
    """One of the stocks: which rows fulfil conditions, and what all of its rows fulfil."""

    always: tuple[Test, ...] = ()
    moment: sa.ColumnElement[Any]
    id: sa.ColumnElement[int]

    def newest(
        self, connection: Connection, conditions: Sequence[Condition], since: SearchPlace, most: int
    ) -> list[PossibleHit]:
        """Return the newest candidates behind a place, at most so many."""
        leading = self._leading(connection, conditions)
        tests = list(self.always)
        if leading is not None:
            tests.append(self.id.in_(leading[1]))
        tests += [self.test(one) for one in conditions if leading is None or one is not leading[0]]
        if since.id:
            mark = self.mark_of(since.mark)
            tests.append(
                sa.or_(self.moment < mark, sa.and_(self.moment == mark, self.id < since.id))
            )
        query = (
            sa.select(self.id, self.moment)
            .where(*tests)
            .order_by(self.moment.desc(), self.id.desc())
            .limit(most)
        )
        return [self.candidate(*row) for row in connection.execute(query)]

    def among(
        self, connection: Connection, ids: Collection[int], conditions: Sequence[Condition]
    ) -> set[int]:
        """Return which of some rows `newest` finds."""
        tests = (self.test(one) for one in conditions)
        query = sa.select(self.id).where(self.id.in_(ids), *tests)
        return set(connection.execute(query).scalars())

    def _leading(
        self, connection: Connection, conditions: Sequence[Condition]
    ) -> tuple[Condition, Ids] | None:
        """Return the condition whose set of ids is the smallest, where that is small."""
        best: tuple[int, Condition, Ids] | None = None
        largest = FEW if len(conditions) == 1 else MANY
        for one in conditions:
            if (ids := self.ids(one)) is None:
                continue
            some = sa.select(sa.func.count()).select_from(ids.limit(largest + 1).subquery())
            count = int(connection.execute(some).scalar_one())
            if count <= largest and (best is None or count < best[0]):
                best = count, one, ids
        return best[1:] if best is not None else None

    @abstractmethod
    def test(self, condition: Condition) -> Test:
        """Return whether a row may fulfil a condition."""

    @abstractmethod
    def ids(self, condition: Condition) -> Ids | None:
        """Return the ids of the rows that may, None where no index has them."""

    @abstractmethod
    def mark_of(self, text: str) -> object:
        """Return a moment of a row as the database has it."""

    @abstractmethod
    def candidate(self, number: int, moment: Any) -> PossibleHit:  # noqa: ANN401 - time or text
        """Return the candidate in a row."""


def numbers_of(condition: Condition) -> list[str]:
    """Return the patient numbers a condition means."""
    return sorted(condition.numbers) or spellings_of(condition.word)


def spellings_of(number: str) -> list[str]:
    """Return the patient numbers a typed number means: leading zeros say nothing."""
    bare = number.lstrip("0")
    if not bare.isdigit():
        return [number]
    padded = (bare.zfill(length) for length in range(len(bare), LONGEST_NUMBER + 1))
    return list(dict.fromkeys((number, *padded)))


def begins(key: sa.ColumnElement[str], condition: Condition) -> Test:
    """Return whether a key is the word of a condition, or begins so."""
    word = word_key(condition.word, _MARKS.get(condition.part, WORD_MARK))
    if condition.is_exact:
        return key == word
    return sa.and_(key >= word, key < after(word))


def ends_with_digits(key: sa.ColumnElement[str], typed: str) -> Test:
    """Return whether a key is of a number that ends with the digits of a typed one."""
    tail = tail_key("".join(char for char in typed if char.isdigit()))
    return sa.and_(key >= tail, key < after(tail))


def order_numbers(typed: str) -> list[str]:
    """Return the accession numbers a typed one is: as it is, in capitals, and ours in full."""
    ours = canonical_number(typed) if typed[:1].isalpha() else None
    return list(dict.fromkeys(filter(None, (typed, typed.upper(), ours))))


def any_of(*queries: Ids) -> Ids:
    """Return the ids of several queries."""
    found = sa.union(*queries).subquery()
    return sa.select(next(iter(found.c)))
