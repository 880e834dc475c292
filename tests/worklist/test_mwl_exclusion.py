"""Which key kept an entry from a device is named, with both values."""

from __future__ import annotations

import pytest

from tests.worklist.conftest import Ask, Make
from worklist import MatchPolicy, StationPolicy
from worklist.exclusion import Exclusion, exclusions
from worklist.form import item_of
from worklist.item import item_from
from worklist.query import Query

STEP = "ScheduledProcedureStepSequence"

CASES: list[tuple[dict[str, str], MatchPolicy, list[Exclusion]]] = [
    ({}, MatchPolicy(), []),
    ({"ScheduledStationAETitle": "US01"}, MatchPolicy(), []),
    (
        {"ScheduledStationAETitle": "US02"},
        MatchPolicy(),
        [Exclusion((STEP, "ScheduledStationAETitle"), ("US02",), ("US01",))],
    ),
    ({"ScheduledStationAETitle": "US02"}, MatchPolicy(station=StationPolicy.IGNORE), []),
    (
        {},
        MatchPolicy(station=StationPolicy.CALLING),
        [Exclusion((STEP, "ScheduledStationAETitle"), ("ECHO",), ("US01",))],
    ),
    (
        {"Modality": "OT", "PatientName": "Maier*"},
        MatchPolicy(),
        [
            Exclusion(("PatientName",), ("Maier*",), ("Müller^Hans",)),
            Exclusion((STEP, "Modality"), ("OT",), ("US",)),
        ],
    ),
    (
        {"ScheduledProcedureStepStartDate": "20240116-"},
        MatchPolicy(),
        [Exclusion((STEP, "ScheduledProcedureStepStartDate"), ("20240116-",), ("20240115",))],
    ),
    (
        {"ScheduledProcedureStepStartDate": "20240115", "ScheduledProcedureStepStartTime": "0900"},
        MatchPolicy(combined_start=True),
        [
            Exclusion((STEP, "ScheduledProcedureStepStartDate"), ("20240115",), ("20240115",)),
            Exclusion((STEP, "ScheduledProcedureStepStartTime"), ("0900",), ("103015",)),
        ],
    ),
    ({"AdmissionID": "7"}, MatchPolicy(), [Exclusion(("AdmissionID",), ("7",))]),
]


@pytest.mark.parametrize(("asked", "policy", "expected"), CASES)
def test_the_key_that_excludes_is_named(
    asked: dict[str, str],
    policy: MatchPolicy,
    expected: list[Exclusion],
    make: Make,
    ask: Ask,
) -> None:
    """Where it stands, what was asked for and what the entry says there; nothing if it answers."""
    query = Query.of(item_from(ask(charset="ISO_IR 192", **asked)), policy, calling_aet="ECHO")

    found = exclusions(query, item_of(make(PatientName="Müller^Hans")))

    assert sorted(found, key=lambda one: one.path) == sorted(expected, key=lambda one: one.path)
