"""A device whose list stays empty is told of; an empty day, a search or a quiet device is not."""

from __future__ import annotations

import pytest

from tests.queries.conftest import AskedPractice

TODAY, YESTERDAY = "20240115", "20240114"
DAY = 86400.0


def told(asked: AskedPractice) -> list[str]:
    """Return what the list of what needs a person says of it."""
    return [one.detail for one in asked.core.attention.items() if one.code == "list-empty"]


def ask(asked: AskedPractice, times: int = 3, **keys: str) -> None:
    """Let a device ask so often, a minute apart, and get nothing."""
    for _ in range(times):
        assert asked.ask("US02", **keys) == []
        asked.practice.clock.turn(60)


@pytest.mark.parametrize(
    ("keys", "cause"),
    [
        ({"ScheduledStationAETitle": "US02"}, "nach der Station „US02“ fragt"),
        ({"Modality": "OT"}, "nach der Modalität „OT“ fragt"),
        ({"ScheduledProcedureStepStartDate": YESTERDAY}, "nach dem Tag „14.01.2024“ fragt"),
    ],
)
def test_a_device_that_cannot_find_anybody_is_told(
    asked: AskedPractice, keys: dict[str, str], cause: str
) -> None:
    """From the third query on, with the key that all entries of the day fail and the way out."""
    asked.order()
    ask(asked, 2, **keys)
    assert told(asked) == []

    ask(asked, 1, **keys)

    (detail,) = told(asked)
    assert detail.startswith("US02 (127.0.0.1): 3 Abfragen heute, kein Eintrag. ")
    assert cause in detail
    (item,) = (one for one in asked.core.attention.items() if one.code == "list-empty")
    assert item.way_out == "gdtbridge worklist why --device US02"
    asked.practice.clock.turn(DAY)
    assert told(asked) == []


def test_an_answer_ends_it(asked: AskedPractice) -> None:
    """The device was set right, or somebody ordered for it."""
    asked.order()
    ask(asked, ScheduledStationAETitle="US02")
    assert len(told(asked)) == 1
    asked.order(patient_id="2", station="US02")
    assert len(asked.ask("US02", ScheduledStationAETitle="US02")) == 1
    assert told(asked) == []


def test_an_empty_day_is_no_fault(asked: AskedPractice) -> None:
    """Nobody ordered anything, or for another day."""
    ask(asked, 10, ScheduledStationAETitle="US02")
    asked.order(scheduled=asked.practice.clock.local().replace(day=17))
    ask(asked, 10, ScheduledProcedureStepStartDate=TODAY)
    assert told(asked) == []


def test_entries_that_came_after_the_last_query_are_no_fault(asked: AskedPractice) -> None:
    """The device asks again and will find its own."""
    asked.order(patient_id="9", scheduled=asked.practice.clock.local().replace(day=17))
    ask(asked, ScheduledStationAETitle="US02", ScheduledProcedureStepStartDate=TODAY)
    asked.order()
    assert told(asked) == []


@pytest.mark.parametrize(
    "keys", [{"PatientName": "77"}, {"PatientID": "7"}, {"AccessionNumber": "7"}]
)
def test_a_search_for_one_patient_is_no_fault(asked: AskedPractice, keys: dict[str, str]) -> None:
    """Who is looked for has no order."""
    asked.order()
    ask(asked, 3, **keys)
    assert told(asked) == []


def test_a_device_for_which_nobody_ordered_today_is_no_fault(asked: AskedPractice) -> None:
    """It is set up rightly: last week it would have got somebody."""
    number = asked.order(patient_id="1", station="US02")
    asked.core.orders.cancel(number)
    asked.practice.clock.turn(5 * DAY)
    asked.order()
    ask(asked, ScheduledStationAETitle="US02")
    assert told(asked) == []


def test_a_device_that_got_others_entries_before_is_no_fault(asked: AskedPractice) -> None:
    """The database does not know entries of other programs; the answers of the device tell."""
    number = asked.order(patient_id="1", station="US02")
    (file,) = asked.core.worklist.path.glob(f"{number}*.wl")
    foreign = file.with_name("foreign.wl")
    file.rename(foreign)
    asked.core.worklist.refresh()
    with asked.core.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM placed_order")
    assert len(asked.ask("US02", ScheduledStationAETitle="US02")) == 1
    foreign.unlink()
    asked.core.worklist.refresh()
    asked.practice.clock.turn(DAY)
    asked.order()
    ask(asked, ScheduledStationAETitle="US02")
    assert told(asked) == []
    ask(asked, Modality="OT")
    assert len(told(asked)) == 1
