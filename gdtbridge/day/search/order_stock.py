"""The stock of orders: which of them may be hits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.day.model import LineState
from gdtbridge.day.search.model import Condition, ConditionKind
from gdtbridge.day.search.stock import (
    FEW,
    Ids,
    PossibleHit,
    SearchPlace,
    Stock,
    Test,
    any_of,
    begins,
    ends_with_digits,
    numbers_of,
    order_numbers,
)
from gdtbridge.exams.claim_store import HELD
from gdtbridge.orders import OrderState
from gdtbridge.schema import claim, exam, order_name, placed_order, undone


class OrderStock(Stock):
    """The orders that are not done, and those whose exam is not decided, or not here.

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
                named = sa.exists().where(here, begins(order_name.c.key, condition))
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
                found = ids.where(sa.or_(*map(scheduled_on, condition.days)))
            case ConditionKind.NUMBER:
                found = ids.where(placed_order.c.patient_id.in_(numbers_of(condition)))
            case ConditionKind.ORDER:
                found = _orders_with(condition.word)
            case ConditionKind.WORD if not condition.devices:
                named = begins(order_name.c.key, condition)
                found = sa.select(order_name.c.order_id).where(named)
        return found


class _SomeOrders(OrderStock):
    """Some orders, done or not."""

    def __init__(self, ids: Collection[int]) -> None:
        super().__init__()
        self.always = (placed_order.c.id.in_(ids),)


def unsettled_orders(connection: Connection) -> list[int]:
    """Return the orders that are done although their exam is not decided: somebody searches them.

    An exam that is held may bear another name than its order, and one of which nothing came none.
    """
    done = sa.select(placed_order.c.id).where(placed_order.c.state == OrderState.DONE)
    queries = [done.where(placed_order.c.images_due_at.is_not(None)).limit(FEW)]
    held = sa.select(claim.c.exam_id).where(HELD).limit(FEW)
    due = sa.select(exam.c.id).where(exam.c.due_at > 0).limit(FEW)
    waits = {number for query in (held, due) for number in connection.execute(query).scalars()}
    of_study = exam.c.study_instance_uid == placed_order.c.study_instance_uid
    of_number = claim.c.accession_number == placed_order.c.accession_number
    if waits:
        queries += [
            done.join(exam, of_study).where(exam.c.id.in_(waits)),
            done.join(claim, of_number).where(claim.c.exam_id.in_(waits)),
        ]
    return sorted({number for query in queries for number in connection.execute(query).scalars()})


def _orders_with(typed: str) -> Ids:
    exactly = sa.select(placed_order.c.id).where(
        placed_order.c.accession_number.in_(order_numbers(typed))
    )
    ending = sa.select(order_name.c.order_id).where(ends_with_digits(order_name.c.key, typed))
    return any_of(exactly, ending)


def scheduled_on(day: date) -> Test:
    """Return whether an appointment is on a day of the practice."""
    begin, end = day.isoformat(), (day + timedelta(days=1)).isoformat()
    return sa.and_(placed_order.c.scheduled >= begin, placed_order.c.scheduled < end)


def _at_stations(aets: frozenset[str]) -> Test:
    """Return whether an order is for one of some devices, alone or among others."""
    station = placed_order.c.station
    among = (station.contains(aet, autoescape=True) for aet in sorted(aets))
    return sa.or_(sa.false(), *among)


_EXAMINED: Final = {OrderState.DONE, OrderState.EXPIRED}
ORDER_STATES: Final = {
    LineState.WAITING: {OrderState.ORDERED},
    LineState.IN_EXAMINATION: {OrderState.ORDERED},
    LineState.NEEDS_YOU: {OrderState.ORDERED, *_EXAMINED},
    LineState.RECEIVING: _EXAMINED,
    LineState.WITHOUT_PICTURES: _EXAMINED,
    LineState.DISCONTINUED: {OrderState.ORDERED},
    LineState.CANCELLED: {OrderState.CANCELLED},
    LineState.EXPIRED: {OrderState.EXPIRED},
}
"""What an order has to be for its line to have a state without any exam."""
OF_ORDERS_ALONE: Final = ORDER_STATES.keys() - {LineState.NEEDS_YOU, LineState.RECEIVING}
"""States no exam has."""


def _in_states(states: frozenset[LineState]) -> Test:
    wanted = {order for one in states for order in ORDER_STATES.get(one, ())}
    return placed_order.c.state.in_(sorted(wanted)) if wanted else sa.false()
