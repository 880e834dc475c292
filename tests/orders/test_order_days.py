"""Orders for other days, and the night: what a device sees that asks for its day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pydicom import Dataset

from gdtbridge.devices import Caller
from tests.tools.practice import Practice


@pytest.fixture
def settings_text() -> str:
    """Return a device that wants to see a day more."""
    return '[[device]]\naet = "EARLY"\nextra_days = 1\n'


def seen(practice: Practice, aet: str = "US01") -> int:
    """Return how many entries a device sees that asks for its own day."""
    query, step = Dataset(), Dataset()
    step.ScheduledProcedureStepStartDate = f"{practice.clock.local():%Y%m%d}"
    query.ScheduledProcedureStepSequence = [step]
    found = practice.core.device_worklist.find(query, caller=Caller(aet, "127.0.0.1"))
    return len(list(found))


def until(practice: Practice, hour: int, minute: int) -> None:
    """Let time pass until the next such time of day."""
    now = practice.clock.local()
    then = datetime.combine(now.date(), datetime.min.time()).replace(hour=hour, minute=minute)
    practice.clock.seconds += ((then - now) % timedelta(days=1)).total_seconds()


def test_an_order_for_tomorrow_is_on_the_list_of_tomorrow(practice: Practice) -> None:
    """And today only on that of a device that wants a day more."""
    tomorrow = practice.clock.local() + timedelta(days=1)
    practice.core.orders.place(practice.order(scheduled=tomorrow))
    assert (seen(practice), seen(practice, "EARLY")) == (0, 1)
    practice.clock.seconds += 86400
    practice.core.orders.clean()
    assert (seen(practice), seen(practice, "EARLY")) == (1, 1)


def test_an_order_of_the_night(practice: Practice) -> None:
    """Placed at 23:50 it is on the list of the new day, until it is six hours old."""
    until(practice, 23, 50)
    practice.core.orders.place(practice.order())
    shown = [seen(practice)]
    for hour, minute in ((0, 10), (5, 40), (6, 10)):
        until(practice, hour, minute)
        practice.core.orders.clean()
        shown.append(seen(practice))
    assert shown == [1, 1, 1, 0]


def test_what_was_ordered_by_day_does_not_stay(practice: Practice) -> None:
    """An entry of yesterday morning that was not cleaned away yet is not of this night."""
    until(practice, 8, 0)
    practice.core.orders.place(practice.order())
    until(practice, 0, 10)
    assert seen(practice) == 0
