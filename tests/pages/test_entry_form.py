"""The form of an entry without a browser: read as people type, merged, told in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from gdtbridge.language import Language
from gdtbridge.orders import Order
from gdtbridge.people import Patient
from gdtbridge.settings.page import ProcedurePreset
from gdtbridge.web.pages.entry.fields import FormFields, merged
from gdtbridge.web.pages.entry.reading import EntryReader
from gdtbridge.web.pages.texts import texts_of
from worklist import EntryDetails, ProcedureCode

NOW = datetime.fromisoformat("2026-11-30T09:42")
TYPED = FormFields(
    family_name="Schmidt",
    given_name="Ida",
    birth_date="4.10.71",
    patient_id="6201",
    sex="F",
    day="2026-11-30",
    time="10",
    procedure="Abdomen",
    station="US03",
)


@pytest.fixture
def reader() -> EntryReader:
    """Return a reader of a Monday in November."""
    presets = (ProcedurePreset(name="Abdomen"), ProcedurePreset(name="CT Thorax", modality="CT"))
    return EntryReader(texts_of(Language.GERMAN), presets, NOW)


def test_a_form_is_read_as_people_type(reader: EntryReader) -> None:
    """Date and time are shown as they were understood."""
    read = reader.read(TYPED)
    assert read.errors == {}
    assert read.hints["birth_date"] == "04.10.1971 · 55 Jahre"
    assert (read.fields.birth_date, read.fields.time) == ("04.10.1971", "10:00")
    assert read.request is not None
    assert read.request.patient == Patient("6201", "Schmidt", "Ida", date(1971, 10, 4), "F")
    assert read.request.scheduled == datetime.fromisoformat("2026-11-30T10:00")
    assert read.request.station == "US03"


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"family_name": ""}, "family_name", "Bitte den Nachnamen eintragen."),
        (
            {"family_name": "M\ufffdller"},
            "family_name",
            "Enthält Zeichen, die kein Gerät lesen kann: \ufffd. Bitte neu tippen.",
        ),
        ({"given_name": "A^B"}, "given_name", "^ und = sind nicht erlaubt."),
        ({"birth_date": "31.2.71"}, "birth_date", "Den 31.02.1971 gibt es nicht."),
        ({"birth_date": "1.1.2030"}, "birth_date", "Das liegt in der Zukunft."),
        ({"birth_date": "1.1.1890"}, "birth_date", "Das wären 136 Jahre. Stimmt das Jahr?"),
        (
            {"birth_date": "xx"},
            "birth_date",
            "Bitte Tag, Monat und Jahr, zum Beispiel 12.3.58.",
        ),
        (
            {"patient_id": ""},
            "patient_id",
            "Bitte die Nummer aus der Praxissoftware eintragen.",
        ),
        ({"time": "25"}, "time", "Bitte eine Uhrzeit, zum Beispiel 9:30 oder 930."),
        ({"station": ""}, "station", "Bitte ein Gerät wählen."),
        ({"day": "x"}, "day", "Diesen Tag gibt es nicht."),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    reader: EntryReader, change: dict[str, str], field: str, sentence: str
) -> None:
    """Each sentence says what is wrong, then what to do."""
    read = reader.read(replace(TYPED, **change))
    assert read.errors == {field: sentence}
    assert read.request is None


def test_a_form_that_was_open_overnight_can_be_saved(reader: EntryReader) -> None:
    """It is said that the day is another, and what the form shows next is for today."""
    read = reader.read(replace(TYPED, day="2026-11-29"))
    assert read.request is None
    assert read.errors["day"].startswith("Seit dieses Formular geöffnet wurde, hat ein neuer Tag")
    request = reader.read(read.fields).request
    assert request is not None
    assert request.scheduled == datetime.fromisoformat("2026-11-30T10:00")


def test_a_given_name_and_a_birth_date_may_be_missing(reader: EntryReader) -> None:
    """Whoever is not known better is examined all the same; so is who has a year alone."""
    read = reader.read(replace(TYPED, given_name="", birth_date="", sex=""))
    assert read.request is not None
    assert read.request.patient == Patient("6201", "Schmidt")
    assert reader.read(replace(TYPED, birth_date="1958")).fields.birth_date == "1958"


@pytest.mark.parametrize(
    ("born", "told"),
    [("1.11.26", "0 Monate"), ("30.10.26", "1 Monat"), ("1.1.25", "22 Monate"), ("30.11.24", "2")],
)
def test_small_children_are_told_in_months(reader: EntryReader, born: str, told: str) -> None:
    """Below two years an age in years says too little."""
    hint = reader.read(replace(TYPED, birth_date=born)).hints["birth_date"]
    assert hint.split(" · ")[1].startswith(told)


def test_a_preset_has_its_modality(reader: EntryReader) -> None:
    """What the settings say of a procedure goes with it."""
    request = reader.read(replace(TYPED, procedure="ct thorax")).request
    assert request is not None
    assert request.modality == "CT"


def test_what_the_form_has_no_field_for_stays(reader: EntryReader) -> None:
    """Title, middle name, physician and details of an order survive its form."""
    known = Order(
        accession_number="R1",
        study_instance_uid="1.2",
        patient=Patient("1", "Müller", "Änne", None, "F", "Maria", "Dr."),
        station="US01",
        procedure="Abdomen",
        physician="Sommer",
        scheduled=datetime.fromisoformat("2026-11-30T09:00"),
        details=EntryDetails(Allergies=("Latex",), procedure_code=ProcedureCode("A", "99X", "A")),
    )
    same = reader.read(FormFields.of_order(known), known).request
    assert same is not None
    assert (same.patient, same.details, same.physician) == (
        known.patient,
        known.details,
        "Sommer",
    )
    other = replace(FormFields.of_order(known), given_name="Anna", procedure="Schilddrüse")
    changed = reader.read(other, known).request
    assert changed is not None
    assert changed.patient.listed_name == "Müller, Dr. Anna"
    assert changed.details.Allergies == ("Latex",)
    assert changed.details.procedure_code is None
    earlier = reader.read(replace(FormFields.of_order(known), day="2026-11-29"), known)
    assert earlier.errors == {"day": "Der Tag ist schon vorbei."}
    assert earlier.fields.day == "2026-11-29"


def test_two_people_change_different_fields() -> None:
    """Both changes hold, and it is known whose is whose."""
    found = merged(
        TYPED, replace(TYPED, given_name="Ida Maria"), replace(TYPED, station="US02", sex="")
    )
    assert found.fields == replace(TYPED, given_name="Ida Maria", station="US02", sex="")
    assert (found.theirs, found.conflicts) == (("sex", "station"), ())


def test_two_people_change_the_same_field() -> None:
    """The same value is no conflict; another one is."""
    mine = replace(TYPED, station="US01", time="11:00")
    found = merged(TYPED, mine, replace(TYPED, station="US02", time="11:00"))
    assert found.conflicts == ("station",)
    assert found.fields == mine
