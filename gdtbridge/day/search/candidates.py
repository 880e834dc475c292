"""Exams, orders and patients that may be hits: what indices find, the newest first.

Two stocks are looked through side by side. Each condition is a test on a row and, where an index
has it, the set of its ids; the smallest set leads. Nothing here decides: a candidate is compared
afterwards. Every call works inside the caller's transaction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.dataset.values import da_text
from gdtbridge.day.model import LineState
from gdtbridge.day.search.model import Condition, ConditionKind, NamePart
from gdtbridge.durable.clock import local_time
from gdtbridge.exams.claim_store import HELD
from gdtbridge.exams.model import ClaimState, ReportState
from gdtbridge.exams.store import PROBLEM
from gdtbridge.orders import OrderState
from gdtbridge.people.folding import (
    FAMILY_MARK,
    GIVEN_MARK,
    WORD_MARK,
    after,
    tail_key,
    word_key,
)
from gdtbridge.queries.explain import beginning_of
from gdtbridge.schema import (
    claim,
    exam,
    exam_result,
    order_name,
    patient,
    patient_name,
    placed_order,
    report,
    study_name,
    undone,
)
from worklist import canonical_number

FEW: Final = 5000
"""A set of ids that is no larger leads; where all are larger, the stock is looked through by time,
for its newest rows are hits."""
MANY: Final = 30_000
"""The same where several conditions must hold: the newest rows may be none."""
LONGEST_NUMBER: Final = 10
"""Digits up to which leading zeros of a patient number mean nothing."""
_OURS: Final = claim.c.state != ClaimState.FETCHED
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


class ExamStock(Stock):
    """The exams of devices."""

    moment = exam.c.first_instance_at
    id = exam.c.id

    def __init__(self, troubled: Collection[int] = ()) -> None:
        """``troubled`` are exams whose delivery needs a person."""
        self._troubled = sorted(troubled)

    def mark_of(self, text: str) -> object:
        """Return UTC seconds."""
        return float(text)

    def candidate(self, number: int, moment: Any) -> PossibleHit:  # noqa: ANN401
        """Return an exam; its time is in UTC seconds."""
        at = local_time(moment).replace(tzinfo=None)
        return PossibleHit(number, is_order=False, at=at, mark=repr(moment))

    def test(self, condition: Condition) -> Test:
        """Return whether an exam may fulfil a condition."""
        ids = self.ids(condition)
        found: Test = exam.c.id.in_(ids) if ids is not None else sa.false()
        match condition.kind:
            case ConditionKind.DEVICE:
                found = exam.c.device.in_(sorted(condition.devices))
            case ConditionKind.MODALITY:
                here = claim.c.exam_id == exam.c.id
                found = sa.exists().where(here, claim.c.modality == condition.word, _OURS)
            case ConditionKind.WORD:
                found = self._named(condition)
            case ConditionKind.VALUES:
                here = report.c.exam_id == exam.c.id
                found = sa.exists().where(here, report.c.state == ReportState.REPORTED)
            case ConditionKind.STATE if ids is None:
                found = sa.false() if condition.states <= _ORDER_STATES.keys() else sa.true()
        return found

    def _named(self, condition: Condition) -> Test:
        named = sa.exists().where(
            study_name.c.exam_id == exam.c.id, _begins(study_name.c.key, condition)
        )
        return sa.or_(named, exam.c.device.in_(sorted(condition.devices)))

    def ids(self, condition: Condition) -> Ids | None:
        """Return the exams an index has for a condition."""
        found = None
        match condition.kind:
            case ConditionKind.BIRTH:
                found = _exams_of_births(sorted(condition.births))
            case ConditionKind.DAY:
                found = _exams_of_days(condition.days)
            case ConditionKind.NUMBER:
                found = _exams_of_number(numbers_of(condition))
            case ConditionKind.ORDER:
                found = _exams_of_order(condition.word)
            case ConditionKind.WORD if not condition.devices:
                found = sa.select(study_name.c.exam_id).where(_begins(study_name.c.key, condition))
            case ConditionKind.STATE if condition.states == {LineState.NEEDS_YOU}:
                found = _exams_that_wait(self._troubled)
        return found


class OrderStock(Stock):
    """The orders that are not done, and those whose exam is not decided yet.

    Of any other one the exam can be found by all that the order says.
    """

    always = (undone,)

    def __init__(self, unsettled: Collection[int] = ()) -> None:
        """``unsettled`` are orders that are done, of whose exam nothing is in a chart yet."""
        self._unsettled = tuple(unsettled)

    def newest(
        self, connection: Connection, conditions: Sequence[Condition], since: SearchPlace, most: int
    ) -> list[PossibleHit]:
        """Return the newest candidates behind a place, at most so many."""
        found = super().newest(connection, conditions, since, most)
        if self._unsettled:
            further = _SomeOrders(self._unsettled).newest(connection, conditions, since, most)
            found = sorted({*found, *further}, key=lambda one: (one.mark, one.id), reverse=True)
        return found[:most]

    moment = placed_order.c.scheduled
    id = placed_order.c.id

    def mark_of(self, text: str) -> object:
        """Return a local time, ISO 8601."""
        return text

    def candidate(self, number: int, moment: Any) -> PossibleHit:  # noqa: ANN401
        """Return an order; its time is local, ISO 8601, and empty where schema 2 wrote it."""
        at = datetime.fromisoformat(moment).replace(tzinfo=None) if moment else datetime.min  # noqa: DTZ901
        return PossibleHit(number, is_order=True, at=at, mark=moment)

    def test(self, condition: Condition) -> Test:
        """Return whether an order may fulfil a condition."""
        ids = self.ids(condition)
        found: Test = placed_order.c.id.in_(ids) if ids is not None else sa.false()
        match condition.kind:
            case ConditionKind.DEVICE:
                found = _at_stations(condition.devices)
            case ConditionKind.MODALITY:
                found = placed_order.c.modality == condition.word
            case ConditionKind.WORD:
                here = order_name.c.order_id == placed_order.c.id
                named = sa.exists().where(here, _begins(order_name.c.key, condition))
                found = sa.or_(named, _at_stations(condition.devices))
            case ConditionKind.STATE:
                found = _in_states(condition.states)
        return found

    def ids(self, condition: Condition) -> Ids | None:
        """Return the orders an index has for a condition."""
        ids, found = sa.select(placed_order.c.id), None
        match condition.kind:
            case ConditionKind.BIRTH:
                births = sorted(condition.births)
                found = ids.where(placed_order.c.patient_birth_date.in_(births))
            case ConditionKind.DAY:
                found = ids.where(sa.or_(*map(_scheduled, condition.days)))
            case ConditionKind.NUMBER:
                found = ids.where(placed_order.c.patient_id.in_(numbers_of(condition)))
            case ConditionKind.ORDER:
                found = _orders_with(condition.word)
            case ConditionKind.WORD if not condition.devices:
                named = _begins(order_name.c.key, condition)
                found = sa.select(order_name.c.order_id).where(named)
        return found


class _SomeOrders(OrderStock):
    """Some orders, done or not."""

    def __init__(self, ids: Collection[int]) -> None:
        super().__init__()
        self.always = (placed_order.c.id.in_(ids),)


def unsettled_orders(connection: Connection) -> list[int]:
    """Return the orders that are done although their exam is not decided: somebody searches them.

    An exam that is held may bear another name than its order.
    """
    held = sa.select(claim.c.exam_id).where(HELD).limit(FEW)
    due = sa.select(exam.c.id).where(exam.c.due_at > 0).limit(FEW)
    waits = {number for query in (held, due) for number in connection.execute(query).scalars()}
    if not waits:
        return []
    done = sa.select(placed_order.c.id).where(placed_order.c.state == OrderState.DONE)
    of_study = exam.c.study_instance_uid == placed_order.c.study_instance_uid
    of_number = claim.c.accession_number == placed_order.c.accession_number
    queries = (
        done.join(exam, of_study).where(exam.c.id.in_(waits)),
        done.join(claim, of_number).where(claim.c.exam_id.in_(waits)),
    )
    return sorted({number for query in queries for number in connection.execute(query).scalars()})


def patients_like(
    connection: Connection, conditions: Sequence[Condition], most: int
) -> Iterator[Any]:
    """Yield the rows of master data that may fulfil conditions; none for others than of persons."""
    tests: list[Test] = []
    for one in conditions:
        match one.kind:
            case ConditionKind.WORD:
                ids = sa.select(patient_name.c.patient_id).where(_begins(patient_name.c.key, one))
                tests.append(patient.c.patient_id.in_(ids))
            case ConditionKind.BIRTH:
                tests.append(patient.c.birth_date.in_(sorted(one.births)))
            case ConditionKind.NUMBER:
                tests.append(patient.c.patient_id.in_(numbers_of(one)))
            case _:
                return
    if tests:
        query = sa.select(patient).where(*tests).order_by(patient.c.patient_id).limit(most)
        yield from connection.execute(query)


def with_exam_or_order(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Return which of some patient numbers an exam or an order has."""
    columns = (claim.c.patient_id, claim.c.number, placed_order.c.patient_id)
    found: set[str] = set()
    for column in columns:
        query = sa.select(column).distinct().where(column.in_(numbers))
        found.update(connection.execute(query).scalars())
    return found


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


def latest_with_any(connection: Connection, days: Sequence[date]) -> date | None:
    """Return the first of some days that has an exam or an appointment."""
    for day in days:
        exams = sa.select(_exams_of_days([day]).exists())
        orders = sa.select(sa.exists().where(_scheduled(day)))
        if any(connection.execute(query).scalar() for query in (exams, orders)):
            return day
    return None


def _begins(key: sa.ColumnElement[str], condition: Condition) -> Test:
    """Return whether a key is the word of a condition, or begins so."""
    word = word_key(condition.word, _MARKS.get(condition.part, WORD_MARK))
    if condition.is_exact:
        return key == word
    return sa.and_(key >= word, key < after(word))


def _claims(*tests: Test) -> Ids:
    return sa.select(claim.c.exam_id).where(*tests, _OURS)


def _exams_of_births(births: Sequence[str]) -> Ids:
    here = exam_result.c.patient_birth_date.in_(births)
    results = sa.select(exam_result.c.exam_id).where(here)
    return _any_of(_claims(claim.c.patient_birth_date.in_(births)), results)


def _exams_of_days(days: Sequence[date]) -> Ids:
    dated = _claims(claim.c.study_date.in_([da_text(day) for day in days]))
    received = sa.or_(
        *(
            sa.and_(
                exam.c.first_instance_at >= beginning_of(day),
                exam.c.first_instance_at < beginning_of(day + timedelta(days=1)),
            )
            for day in days
        )
    )
    return _any_of(dated, sa.select(exam.c.id).where(received))


def _exams_of_number(numbers: Sequence[str]) -> Ids:
    results = sa.select(exam_result.c.exam_id).where(exam_result.c.patient_id.in_(numbers))
    said = (_claims(column.in_(numbers)) for column in (claim.c.patient_id, claim.c.number))
    return _any_of(*said, results)


def _exams_of_order(typed: str) -> Ids:
    """Return the exams that name an order number, or went into a chart for one that ends so."""
    numbers = _order_numbers(typed)
    results = sa.select(exam_result.c.exam_id).where(exam_result.c.accession_number.in_(numbers))
    ending = sa.select(study_name.c.exam_id).where(_ends(study_name.c.key, typed))
    return _any_of(_claims(claim.c.accession_number.in_(numbers)), results, ending)


def _orders_with(typed: str) -> Ids:
    exactly = sa.select(placed_order.c.id).where(
        placed_order.c.accession_number.in_(_order_numbers(typed))
    )
    ending = sa.select(order_name.c.order_id).where(_ends(order_name.c.key, typed))
    return _any_of(exactly, ending)


def _ends(key: sa.ColumnElement[str], typed: str) -> Test:
    """Return whether a key is of a number that ends with the digits of a typed one."""
    tail = tail_key("".join(char for char in typed if char.isdigit()))
    return sa.and_(key >= tail, key < after(tail))


def _order_numbers(typed: str) -> list[str]:
    """Return the accession numbers a typed one is: as it is, in capitals, and ours in full."""
    ours = canonical_number(typed) if typed[:1].isalpha() else None
    return list(dict.fromkeys(filter(None, (typed, typed.upper(), ours))))


def _any_of(*queries: Ids) -> Ids:
    """Return the ids of several queries."""
    found = sa.union(*queries).subquery()
    return sa.select(next(iter(found.c)))


def _exams_that_wait(troubled: Sequence[int]) -> Ids:
    """Return the exams that wait for a person, by themselves or because they are ``troubled``."""
    held = sa.select(claim.c.exam_id).where(HELD)
    unread = sa.select(report.c.exam_id).where(PROBLEM)
    return _any_of(held, unread, sa.select(exam.c.id).where(exam.c.id.in_(troubled)))


def _scheduled(day: date) -> Test:
    begin, end = day.isoformat(), (day + timedelta(days=1)).isoformat()
    return sa.and_(placed_order.c.scheduled >= begin, placed_order.c.scheduled < end)


def _at_stations(aets: frozenset[str]) -> Test:
    """Return whether an order is for one of some devices, alone or among others."""
    station = placed_order.c.station
    among = (station.contains(aet, autoescape=True) for aet in sorted(aets))
    return sa.or_(sa.false(), *among)


_ORDER_STATES: Final = {
    LineState.WAITING: OrderState.ORDERED,
    LineState.IN_EXAMINATION: OrderState.ORDERED,
    LineState.NEEDS_YOU: OrderState.ORDERED,
    LineState.DISCONTINUED: OrderState.ORDERED,
    LineState.CANCELLED: OrderState.CANCELLED,
    LineState.EXPIRED: OrderState.EXPIRED,
}
"""What an order has to be for its line to have a state without any exam."""


def _in_states(states: frozenset[LineState]) -> Test:
    wanted = {_ORDER_STATES[one] for one in states if one in _ORDER_STATES}
    return placed_order.c.state.in_(sorted(wanted)) if wanted else sa.false()
