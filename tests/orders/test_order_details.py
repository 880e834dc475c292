"""What else an order may say: read alike from every side, kept, listed and told again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from gdtbridge.commands.worklist import worklist_add
from gdtbridge.errors import OrderError
from gdtbridge.orders import Order, store
from gdtbridge.orders.details import (
    DETAILS,
    details_of,
    details_stored,
    stored_details,
    told_details,
    told_in_german,
)
from gdtbridge.orders.schedule import start_said
from gdtbridge.web.api.schema import DetailsBody
from tests.tools.practice import Practice
from worklist import DETAIL_RULES, NO_DETAILS, EntryDetails, ProcedureCode

SAID = {
    "priority": "dringend",
    "referrer": "Meier^Anna",
    "requester": "Schulze^Bernd",
    "height": "172,5",
    "weight": "68",
    "pregnancy": "ja",
    "lmp": "01.09.2026",
    "allergies": "Latex; Penicillin",
    "alerts": "Blutverdünner",
    "reason": "Oberbauchschmerz",
    "comment": "kommt nüchtern",
    "institution": "Praxis am Markt",
}
STORED = EntryDetails(
    RequestedProcedurePriority="HIGH",
    ReferringPhysicianName="Meier^Anna",
    RequestingPhysician="Schulze^Bernd",
    PatientSize="1.725",
    PatientWeight="68",
    PregnancyStatus="3",
    LastMenstrualDate="20260901",
    Allergies=("Latex", "Penicillin"),
    MedicalAlerts=("Blutverdünner",),
    ReasonForTheRequestedProcedure="Oberbauchschmerz",
    RequestedProcedureComments="kommt nüchtern",
    InstitutionName="Praxis am Markt",
)


def test_every_field_becomes_its_attribute() -> None:
    """Centimetres become metres, words become DICOM's terms, a list its values."""
    assert details_of(SAID) == STORED


def test_what_was_read_is_told_in_words_that_are_read_again() -> None:
    """An entry of the JSON API can be sent back as it is."""
    told = told_details(STORED)
    assert details_of(told) == STORED
    assert (told["height"], told["priority"], told["lmp"]) == ("172.5", "high", "2026-09-01")
    assert dict(told_in_german(STORED))["Schwangerschaft"] == "ja"


def test_every_side_knows_every_field() -> None:
    """URL, JSON and command take the same fields; each has a rule of the worklist."""
    assert set(SAID) == set(DETAILS) == set(DetailsBody.model_fields)
    options = {option.name for option in worklist_add.params}
    assert set(DETAILS) <= options
    assert {field.keyword for field in DETAILS.values()} == set(DETAIL_RULES)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("priority", "gestern"),
        ("height", "1,75"),
        ("height", "175 cm"),
        ("height", "300"),
        ("weight", "0,0"),
        ("weight", "1e3"),
        ("weight", "-5"),
        ("pregnancy", "7"),
        ("lmp", "31.02.2026"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(field: str, text: str) -> None:
    """No unit is guessed: 1.75 in the place of centimetres is no height."""
    with pytest.raises(OrderError) as refused:
        details_of({field: text})
    assert refused.value.field == field
    assert text not in refused.value.problem


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("referrer", "x" * 65),
        ("allergies", "x" * 65),
        ("allergies", ";".join("abcdefghijk")),
        ("comment", "a\x07b"),
        ("reason", "a\\b"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(practice: Practice, field: str, text: str) -> None:
    """And nothing is on the list."""
    with pytest.raises(OrderError) as refused:
        practice.core.orders.place(practice.order(details=details_of({field: text})))
    assert refused.value.field == field
    assert practice.core.orders.all() == ()


@given(st.fixed_dictionaries({}, optional={k: st.just(v) for k, v in SAID.items()}))
def test_the_database_returns_what_it_was_given(said: dict[str, str]) -> None:
    """Whatever of it was said."""
    details = details_of(said)
    assert stored_details(details_stored(details)) == details


def test_a_code_is_kept_as_well() -> None:
    """It comes from the practice's table."""
    details = EntryDetails(protocol_code=ProcedureCode("ABD", "99PRAXIS", "Abdomen"))
    assert stored_details(details_stored(details)) == details


def test_an_order_keeps_all_of_it(practice: Practice) -> None:
    """In the database, on the list and in the file other servers read."""
    core = practice.core
    placed = core.orders.place(practice.order(details=STORED))
    (entry,) = core.orders.all()
    assert entry == placed.entry
    assert entry.details == STORED
    assert kept(practice, entry.AccessionNumber).details == STORED
    assert core.order_book.order_of(entry).entry() == entry
    (file,) = core.worklist.path.glob("*.wl")
    dataset = dcmread(file)
    assert dataset.PregnancyStatus == 3
    assert (dataset.PatientSize, dataset.PatientWeight) == (1.725, 68)
    assert list(dataset.Allergies) == ["Latex", "Penicillin"]


def test_a_correction_keeps_what_it_does_not_speak_of(practice: Practice) -> None:
    """A second click without the allergies does not take them off; what it says counts."""
    practice.core.orders.place(practice.order(details=STORED))
    again = practice.core.orders.place(practice.order(details=details_of({"weight": "70"})))
    assert again.repeated
    assert again.entry.details == replace(STORED, PatientWeight="70")
    changed = practice.core.orders.change(again.entry.AccessionNumber, practice.order())
    assert changed.details == NO_DETAILS  # who changes an entry says all of it


def kept(practice: Practice, number: str) -> Order:
    """Return an order as the database has it."""
    with practice.core.database.read() as connection:
        order = store.order_by_number(connection, number)
    assert order is not None
    return order


def test_a_device_gets_what_it_asks_for_and_no_more(practice: Practice) -> None:
    """Weight and allergies are nobody's business who does not ask."""
    practice.core.orders.place(practice.order(details=STORED))
    query = Dataset()
    query.PatientWeight = None
    (match,) = practice.core.worklist.find(query)
    assert match.dataset.PatientWeight == "68"
    assert "Allergies" not in match.dataset
    assert "PregnancyStatus" not in match.dataset


class TestSettings:
    """Codes and institution come from the practice's table."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return a table of codes, and whose practice it is."""
        return """
[orders]
institution = "Praxis Nord"
[[worklist.codes]]
procedure = "Abdomen*"
code = "ABD"
meaning = "Sonographie Abdomen"
[[worklist.codes]]
procedure = "Abdomen"
code = "P1"
scheme = "99GE"
kind = "protocol"
"""

    def test_the_first_row_that_fits_counts(self, practice: Practice) -> None:
        """For both codes, where it does not say for which."""
        details = practice.core.orders.place(practice.order(procedure="abdomen")).entry.details
        code = ProcedureCode("ABD", "99PRAXIS", "Sonographie Abdomen")
        assert (details.procedure_code, details.protocol_code) == (code, code)
        assert details.InstitutionName == "Praxis Nord"
        (entry,) = practice.core.orders.all()
        assert entry.details == details

    def test_what_an_order_says_itself_stays(self, practice: Practice) -> None:
        """And a procedure without a row has no code."""
        order = practice.order(procedure="Herz", details=details_of({"institution": "Süd"}))
        details = practice.core.orders.place(order).entry.details
        assert details == details_of({"institution": "Süd"})


class TestStations:
    """Several devices may do it."""

    def test_each_of_them_finds_it(self, practice: Practice) -> None:
        """By its own title; others do not."""
        placed = practice.core.orders.place(practice.order(station="US01, US02"))
        (entry,) = practice.core.orders.all()
        assert entry == placed.entry
        assert entry.ScheduledStationAETitle == "US01\\US02"
        assert kept(practice, entry.AccessionNumber).stations == ("US01", "US02")
        found = {name: len(list(practice.core.worklist.find(asking(name)))) for name in STATIONS}
        assert found == {"US01": 1, "US02": 1, "US03": 0}

    def test_images_of_any_of_them_meet_it(self, practice: Practice) -> None:
        """The device's own Study UID and no accession number: the open order is meant."""
        placed = practice.core.orders.place(practice.order(station=f"OTHER, {practice.device}"))
        practice.send(StudyInstanceUID="2.25.77")
        practice.wait()
        assert not kept(practice, placed.entry.AccessionNumber).is_open

    @pytest.mark.parametrize("station", ["US01,ÜS", "US01\\" + "x" * 17])
    def test_each_must_be_a_title(self, practice: Practice, station: str) -> None:
        """A wrong one is refused by name."""
        with pytest.raises(OrderError, match="station"):
            practice.core.orders.place(practice.order(station=station))


STATIONS = ("US01", "US02", "US03")


def asking(station: str) -> Dataset:
    """Return the query of a device for its own entries."""
    query, step = Dataset(), Dataset()
    step.ScheduledStationAETitle = station
    query.ScheduledProcedureStepSequence = [step]
    return query


TODAY, NOON = date(2026, 11, 30), time(12)


@pytest.mark.parametrize(
    ("day", "at", "start"),
    [
        ("", "", None),
        ("01.12.2026", "", "2026-12-01 12:00"),
        ("2026-12-01", "8:30", None),
        ("01.12.2026", "08:30", "2026-12-01 08:30"),
        ("", "1415", "2026-11-30 14:15"),
        ("30.11.2026", "", "2026-11-30 12:00"),
        ("29.11.2026", "", None),
        ("01.12.26", "", None),
        ("01.12.2036", "", None),
        ("", "25:00", None),
    ],
)
def test_a_day_and_a_time(day: str, at: str, start: str | None) -> None:
    """What is none, is over or too far ahead is refused by name; without both it is for now."""
    if start is None and (day or at):
        with pytest.raises(OrderError) as refused:
            start_said(day, at, TODAY, NOON)
        assert refused.value.field in {"scheduled", "time"}
        return
    wanted = None if start is None else datetime.fromisoformat(start)
    assert start_said(day, at, TODAY, NOON) == wanted
