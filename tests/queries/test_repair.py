"""What would help a device whose list is empty, proved by asking again."""

from __future__ import annotations

import pytest

from gdtbridge.overview.devices import DeviceState
from gdtbridge.queries.repair import key_change, repairs
from gdtbridge.queries.source import missed_entries, shared_causes
from tests.queries.conftest import AskedPractice

TODAY, YESTERDAY = "20240115", "20240114"


def told(asked: AskedPractice) -> list[tuple[tuple[str, ...], int]]:
    """Return the keys of each repair of the last query, and how many entries it brings."""
    (found,) = asked.core.query_reports.why()
    rows = repairs(asked.core.query_reports, found)
    return [(tuple(key.keyword for key in one.keys), len(one.entries)) for one in rows]


@pytest.mark.parametrize(
    ("keys", "repair"),
    [
        ({"ScheduledStationAETitle": "US09"}, [(("ScheduledStationAETitle",), 2)]),
        ({"Modality": "OT"}, [(("Modality",), 2)]),
        (
            {"ScheduledProcedureStepStartDate": YESTERDAY},
            [(("ScheduledProcedureStepStartDate",), 2)],
        ),
        ({"PatientName": "Xy*"}, [(("PatientName",), 2)]),
        (
            {"Modality": "OT", "ScheduledStationAETitle": "US09"},
            [(("Modality", "ScheduledStationAETitle"), 2)],
        ),
    ],
)
def test_the_key_that_helps_is_named(
    asked: AskedPractice, keys: dict[str, str], repair: list[tuple[tuple[str, ...], int]]
) -> None:
    """A single key where one is enough, all of them where none is; and how many entries come."""
    asked.order()
    asked.order(patient_id="2")
    assert asked.ask("US02", **keys) == []
    assert told(asked) == repair


def test_the_device_gets_what_was_promised(asked: AskedPractice) -> None:
    """Asked without the key, the worklist answers as many entries as the repair names."""
    asked.order()
    asked.order(patient_id="2", modality="OT")
    keys = {"Modality": "US", "ScheduledStationAETitle": "US09"}
    assert asked.ask("US02", **keys) == []
    ((names, count),) = told(asked)
    assert names == ("ScheduledStationAETitle",)
    assert len(asked.ask("US02", Modality="US")) == count == 1


def test_what_the_device_asked_before_is_known(asked: AskedPractice) -> None:
    """The former value, until when it was asked, and since when the new one is."""
    asked.order()
    clock = asked.practice.clock
    assert len(asked.ask("US02", ScheduledStationAETitle="US01")) == 1
    before = clock.utc()
    clock.turn(600)
    first = clock.utc()
    assert asked.ask("US02", ScheduledStationAETitle="SONO2") == []
    clock.turn(600)
    assert asked.ask("US02", ScheduledStationAETitle="SONO2") == []
    (found,) = asked.core.query_reports.why()
    (cause,) = shared_causes(missed_entries(found))
    change = key_change(asked.core.queries.recent(), found, cause)
    assert change is not None
    assert (change.key.asked, change.before) == (("SONO2",), ("US01",))
    assert (change.last_at, change.since) == (before, first)


def test_a_device_that_always_asked_so_changed_nothing(asked: AskedPractice) -> None:
    """Nothing is told of a change that was none, nor of another device's queries."""
    asked.order()
    assert asked.ask("US02", ScheduledStationAETitle="SONO2") == []
    (found,) = asked.core.query_reports.why()
    (cause,) = shared_causes(missed_entries(found))
    assert key_change(asked.core.queries.recent(), found, cause) is None


def test_states_of_a_device(asked: AskedPractice) -> None:
    """Connected, then an empty list, then only seen; the second title of an address is new."""
    asked.order()

    def state(aet: str) -> DeviceState:
        asked.core.callers.keep()
        return asked.core.device_overview.device(aet).state

    assert len(asked.ask("US01")) == 1
    assert state("US01") is DeviceState.CONNECTED
    assert asked.ask("US01", Modality="OT") == []
    assert state("US01") is DeviceState.LIST_EMPTY
    assert asked.core.device_overview.device("US01").needs_person  # the entry is for US01
    assert asked.ask("EKG", Modality="OT") == []
    assert state("EKG") is DeviceState.LIST_EMPTY
    assert not asked.core.device_overview.device("EKG").needs_person
    asked.practice.clock.turn(1)
    assert len(asked.ask("US01")) == 1
    asked.practice.clock.turn(700)
    assert state("US01") is DeviceState.SEEN
    assert len(asked.ask("US02")) == 1
    asked.core.callers.keep()
    device = asked.core.device_overview.device("US02")
    assert (device.state, device.former) == (DeviceState.RENAMED, "US01")
