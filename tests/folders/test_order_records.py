"""What each kind of record does."""

from __future__ import annotations

from datetime import date

import pytest

from gdtbridge.errors import SettingsError
from gdtbridge.orders.details import told_details
from gdtbridge.settings import load_settings
from tests.tools.reception import Reception, record


def test_an_order_is_on_the_worklist(reception: Reception) -> None:
    """A 6302 makes an entry with the patient and the procedure; the file is archived."""
    data = record(f8402="SONO01", f8411="Schilddrüse")
    reception.drop(data)

    assert reception.look() == 1

    entry = reception.entry
    assert (entry.PatientID, entry.PatientName) == ("4711", "Müller^Änne")
    assert (entry.PatientBirthDate, entry.PatientSex) == (date(1958, 12, 24), "F")
    assert (entry.Modality, entry.ScheduledStationAETitle) == ("US", "US01")
    assert entry.RequestedProcedureDescription == "Schilddrüse"
    assert reception.left() == []
    assert reception.archived() == [data]
    assert reception.refusals() == []


@pytest.mark.parametrize("charset", ["2", "3"])
def test_umlauts_of_both_character_sets(reception: Reception, charset: str) -> None:
    """Code page 437 and ANSI give the same name."""
    reception.drop(record(f9206=charset))
    reception.look()
    assert reception.entry.PatientName == "Müller^Änne"


class TestRules:
    """The settings say what a code means."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return rules, the special one first."""
        return """
[[orders.map]]
code = "schild"
station = "US03"
procedure = "Schilddrüse"
[[orders.map]]
code = "SONO00"
modality = "US"
station = "US02"
procedure = "Abdomen"
[[orders.map]]
code = "Herz"
modality = "ECG"
"""

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"f8402": "SONO00"}, ("US", "US02", "Abdomen")),
            ({"f8402": "sono00", "f8411": "egal"}, ("US", "US02", "Abdomen")),
            ({"f8402": "SONO00", "f8410": "SCHILD"}, ("US", "US03", "Schilddrüse")),
            ({"f8402": "ALLG00", "f6205": "Herz"}, ("ECG", "US01", "Herz")),
            ({"f8402": "EKG01"}, ("US", "US01", "EKG01")),
            ({"f8402": "EKG01", "f8410": "RUHE"}, ("US", "US01", "RUHE")),
            ({"f8411": "a\\b" + "ü" * 70}, ("US", "US01", "a/b" + "ü" * 61)),
            ({}, ("US", "US01", "")),
        ],
    )
    def test_rules(
        self, reception: Reception, fields: dict[str, str], expected: tuple[str, str, str]
    ) -> None:
        """The first rule that fits counts; without one the record's own words and the defaults."""
        reception.drop(record(**fields))
        reception.look()
        entry = reception.entry
        found = (entry.Modality, entry.ScheduledStationAETitle, entry.RequestedProcedureDescription)
        assert found == expected


@pytest.mark.parametrize(
    ("value", "works"),
    [
        ('[{"code": "SONO00", "station": "US02"}]', True),
        ("[]", True),
        ("SONO00", False),
        ('[{"station": "US02"}]', False),
        ('[{"code": "A", "colour": "red"}]', False),
    ],
)
def test_rules_from_the_environment(value: str, *, works: bool) -> None:
    """They are written as JSON; a mistake stops the start and names the key."""
    environ = {"GDTBRIDGE_ORDERS__MAP": value}
    if works:
        assert len(load_settings(environ=environ).orders.map) == value.count("code")
        return
    with pytest.raises(SettingsError, match=r"orders\.map"):
        load_settings(environ=environ)


@pytest.mark.parametrize(
    ("fields", "scheduled"),
    [
        ({}, "2024-01-15 09:30"),
        ({"f6200": "15012024", "f6201": "140000"}, "2024-01-15 14:00"),
        ({"f6200": "15012024", "f6201": "1400"}, "2024-01-15 14:00"),
        ({"f6200": "15012024", "f6201": "14:00"}, "2024-01-15 14:00"),
        ({"f6200": "17012024", "f6201": "83000"}, "2024-01-17 08:30"),
        ({"f6200": "15012024", "f6201": "25"}, "2024-01-15 09:30"),
        ({"f6200": "20240117"}, "2024-01-17 09:30"),
        ({"f6200": "14012024", "f6201": "140000"}, "2024-01-15 09:30"),
        ({"f6200": "00000000"}, "2024-01-15 09:30"),
    ],
)
def test_when(reception: Reception, fields: dict[str, str], scheduled: str) -> None:
    """An order is for the day it names, or for now when it names none or one that is over."""
    reception.drop(record(**fields))
    reception.look()
    assert f"{reception.entry.scheduled:%Y-%m-%d %H:%M}" == scheduled


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (record(f3000=None), "3000"),
        (record(f3000="0"), "3000"),
        (record(f3000=" "), "3000"),
        (record() + b"0133000999\r\n", "3000"),
        (record() + b"0143101Maier\r\n", "3101"),
        (record(f3101=None), "3101"),
        (record(f3101="Mül^ler"), "3101"),
        (record(f3103="31021990"), "3103"),
        (record(f3103="24122058"), "3103"),
        (record(f3000="x" * 70), "3000"),
        (record(f6200="99999999"), "6200"),
        (record(f6200="01012030"), "6200"),
        (record(f3101="Mül J\x81r"), "3101"),
        (record("6399"), "8000"),
        (record("6303"), "8402"),
        (record("6303", f8310="F1"), "8310"),
        (record("6300"), "3000"),
        (record("6301", f3101=None), "3101"),
        (record("6311"), "3000"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(
    reception: Reception, data: bytes, word: str
) -> None:
    """Nothing is on the worklist, and a text beside the file names the field, German first."""
    reception.drop(data)
    reception.look(seconds=90)
    (text,) = reception.refusals()
    assert f"Feld {word}" in text
    assert " / " in text
    assert reception.entries() == ()
    assert reception.left() == []
    assert reception.archived() == []


class TestSameCase:
    """One case has one entry while the patient waits."""

    @pytest.mark.parametrize(
        ("first", "then"),
        [
            ({}, {}),
            ({"f8402": "SONO00"}, {"f8402": "SONO00"}),
            ({"f8310": "F1", "f8411": "Abdomen"}, {"f8310": "F1", "f8411": "Niere"}),
            ({"f8402": "SONO00"}, {"f8402": "SONO00", "f8310": "F1"}),
            ({"f3101": "Muller"}, {"f3101": "Müller"}),
        ],
    )
    def test_again_is_a_change(
        self, reception: Reception, first: dict[str, str], then: dict[str, str]
    ) -> None:
        """The entry keeps its numbers and says what the last record says."""
        reception.drop(record(**first))
        reception.look()
        before = reception.entry
        reception.drop(record(f3102="Anna", **then))
        reception.look(seconds=3600)
        after = reception.entry
        assert after.AccessionNumber == before.AccessionNumber
        assert after.StudyInstanceUID == before.StudyInstanceUID
        assert after.PatientName == "Müller^Anna"
        assert after.RequestedProcedureDescription == (then.get("f8411") or then.get("f8402") or "")

    @pytest.mark.parametrize(
        ("first", "then"),
        [
            ({"f8310": "F1"}, {"f8310": "F2"}),
            ({"f8402": "SONO00"}, {"f8402": "SONO01"}),
            (
                {"f8402": "SONO00", "f8411": "Abdomen"},
                {"f8402": "SONO00", "f8411": "Schilddrüse"},
            ),
            ({"f8310": "F1"}, {"f8310": "F1", "f3000": "4712"}),
        ],
    )
    def test_another_case_is_another_entry(
        self, reception: Reception, first: dict[str, str], then: dict[str, str]
    ) -> None:
        """Nobody's order takes the place of another one."""
        reception.drop(record(**first), "A.GDT")
        reception.drop(record(**then), "B.GDT")
        assert reception.look() == 2
        assert len(reception.entries()) == 2

    def test_a_click_and_a_file(self, reception: Reception) -> None:
        """What was clicked a moment before is the same order, and gets the file's names."""
        reception.practice.core.orders.place(reception.practice.order())
        reception.drop(record(f8411="Abdomen", f8402="SONO00", f8310="F1"))
        reception.look()
        assert len(reception.entries()) == 1

    def test_after_the_exam_the_same_bytes_are_a_repetition_for_minutes(
        self, reception: Reception
    ) -> None:
        """A late second copy is no new order; the same order hours later is."""
        practice = reception.practice
        reception.drop(record())
        reception.look()
        practice.send(
            AccessionNumber=reception.entry.AccessionNumber,
            StudyInstanceUID=reception.entry.StudyInstanceUID,
            PatientID="4711",
        )
        practice.wait()
        practice.core.orders.clean()
        reception.drop(record())
        reception.look()
        assert reception.entries() == ()

        reception.drop(record())
        practice.clock.seconds += 3600
        reception.look()
        assert len(reception.entries()) == 1

    def test_an_entry_somebody_deleted_long_ago_is_not_the_same(self, reception: Reception) -> None:
        """An order that is not on the list any more does not swallow a new one."""
        reception.drop(record())
        reception.look()
        first = reception.entry.AccessionNumber
        reception.practice.worklist.remove(first)
        practice = reception.practice
        practice.clock.seconds += 3600
        reception.drop(record())
        reception.look()
        assert reception.entry.AccessionNumber != first


class TestCancelling:
    """A 6303 takes exactly one order back."""

    @pytest.mark.parametrize(
        ("order", "cancel"),
        [
            ({"f8310": "F1"}, {"f8310": "F1"}),
            ({"f8402": "SONO00"}, {"f8402": "SONO00"}),
            ({"f8402": "SONO00"}, {}),
            ({"f8402": "SONO00"}, {"f8402": "SONO00", "f8310": "F1"}),
        ],
    )
    def test_cancelled_twice(
        self, reception: Reception, order: dict[str, str], cancel: dict[str, str]
    ) -> None:
        """The entry is gone; the same again does nothing; the order can be placed anew."""
        reception.drop(record(**order))
        reception.look()
        for _ in range(2):
            reception.drop(record("6303", **cancel))
            reception.look()
            assert reception.entries() == ()
        assert reception.refusals() == []
        reception.drop(record(**order))
        reception.look()
        assert len(reception.entries()) == 1

    def test_which_one_must_be_certain(self, reception: Reception) -> None:
        """Of two orders that fit none is cancelled, unless the procedure tells them apart."""
        for name in ("Abdomen", "Niere"):
            reception.drop(record(f8402="SONO00", f8411=name), f"{name}.GDT")
        reception.look()
        reception.drop(record("6303", f8402="SONO00"))
        reception.look()
        assert len(reception.entries()) == 2
        assert "Mehrere offene Aufträge" in reception.refusals()[0]
        reception.drop(record("6303", f8402="SONO00", f8411="Niere"))
        reception.look()
        assert reception.entry.RequestedProcedureDescription == "Abdomen"

    @pytest.mark.parametrize("cancel", [{"f3000": "4712"}, {"f8310": "F2"}, {"f8402": "SONO01"}])
    def test_not_that_one(self, reception: Reception, cancel: dict[str, str]) -> None:
        """Another patient's, number's or code's order stays."""
        reception.drop(record(f8310="F1", f8402="SONO00"))
        reception.look()
        reception.drop(record("6303", **cancel))
        reception.look()
        assert len(reception.entries()) == 1
        assert len(reception.refusals()) == 1

    def test_too_late(self, reception: Reception) -> None:
        """When images are here, the cancellation is refused."""
        reception.drop(record(f8310="F1"))
        reception.look()
        number = reception.entry.AccessionNumber
        reception.practice.send(AccessionNumber=number, PatientID="4711")
        reception.drop(record("6303", f8310="F1"))
        reception.look()
        assert "schon da" in reception.refusals()[0]


class TestMasterData:
    """6301 and 6300."""

    def test_they_complete_an_order(self, reception: Reception) -> None:
        """A 6302 with nothing but a number gets the names; what it says itself counts."""
        reception.drop(record("6301"))
        reception.look()
        reception.drop(record(f3101=None, f3102=None, f3103=None, f3110=None))
        reception.look()
        entry = reception.entry
        assert (entry.PatientName, entry.PatientSex) == ("Müller^Änne", "F")
        assert entry.PatientBirthDate == date(1958, 12, 24)

    def test_they_are_sent_when_asked_for(self, reception: Reception) -> None:
        """A 6300 is answered with what the last 6301 said."""
        reception.drop(record("6301", f3101="Maier"))
        reception.look()
        reception.drop(record("6301"))
        reception.look()
        reception.drop(record("6300", f3101=None, f3102=None, f3103=None, f3110=None))
        reception.look()
        reception.practice.wait()
        (answer,) = reception.practice.records().values()
        assert answer.record_type == "6301"
        patient = answer.patient
        assert (patient.id, patient.family_name, patient.given_name) == ("4711", "Müller", "Änne")
        assert (patient.birth_date, patient.sex) == (date(1958, 12, 24), "F")


def test_a_result_carries_the_orders_names(reception: Reception) -> None:
    """8310, 8402 and 8410 of the order stand in the study record."""
    reception.drop(record(f8310="F-17", f8402="SONO01", f8410="ABDO"))
    reception.look()
    practice = reception.practice
    practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
    practice.wait()
    (result,) = practice.records().values()
    assert result.first("8310") == "F-17"
    assert result.first("8402") == "SONO01"
    assert result.first("8410") == "ABDO"


def test_the_studies_of_a_patient_are_named(reception: Reception) -> None:
    """A 6311 is archived beside a text with the patient's exams, and only of the day it names."""
    practice = reception.practice
    for uid, day in (("2.25.901", "20240110"), ("2.25.902", "20240111")):
        practice.send(StudyInstanceUID=uid, PatientID="4711", StudyDate=day)
    practice.send(StudyInstanceUID="2.25.903", PatientID="4712")
    practice.wait()
    reception.drop(record("6311", f6200="10012024"))
    reception.look()
    (text,) = reception.settings.taken_folder.rglob("*.txt")
    told = text.read_text("utf-8-sig")
    assert [uid in told for uid in ("2.25.901", "2.25.902", "2.25.903")] == [True, False, False]


def test_the_study_of_a_time_of_day_is_named(reception: Reception) -> None:
    """A 6311 with 8432 and 8439 names the one study of the two on that day; by 8310, its case's."""
    reception.drop(record(f8310="F-17"))
    reception.look()
    practice, ordered = reception.practice, reception.entry.StudyInstanceUID
    for uid, clock in ((ordered, "080000"), ("2.25.902", "090000")):
        practice.send(StudyInstanceUID=uid, PatientID="4711", StudyTime=clock, AccessionNumber="")
    practice.wait()
    reception.drop(record("6311", f8432="15012024", f8439="090000"), name="time.gdt")
    reception.drop(record("6311", f8310="F-17"), name="case.gdt")
    reception.look()
    told = {
        path.name.partition("-")[0]: path.read_text("utf-8-sig")
        for path in reception.settings.taken_folder.rglob("*.txt")
    }
    assert [uid in told["time"] for uid in (ordered, "2.25.902")] == [False, True]
    assert [uid in told["case"] for uid in (ordered, "2.25.902")] == [True, False]


def test_the_studies_of_another_person_are_not_named(reception: Reception) -> None:
    """A 6311 with another name and birth date is refused in its own words; the others pass."""
    practice = reception.practice
    practice.send(StudyInstanceUID="2.25.901", PatientID="4711", AccessionNumber="")
    practice.wait()
    reception.drop(record("6311", f3101="Omega", f3103="01011950"))
    reception.look()
    (text,) = reception.refusals()
    told = (
        "  Feld 3000 (Patientennummer / Patientenkennung): Die Nummer gehört zu einer anderen"
        " Person: Nachname und Geburtsdatum sind andere. / The number is another person's: family"
        " name and birth date differ."
    )
    assert text.splitlines()[2:5] == ["Satz / record 1 6311", "  ABGELEHNT / REFUSED", told]
    for word in ("2.25.901", "Müller", "4711"):
        assert word not in text

    reception.drop(record("6311", f3101="Maier"), name="married.gdt")
    reception.drop(record("6311", f3101="Omega", f3103="00000000"), name="undated.gdt")
    reception.look()
    named = [path.read_text("utf-8-sig") for path in reception.settings.taken_folder.rglob("*.txt")]
    assert ["2.25.901" in text for text in named] == [True, True]
    assert len(reception.refusals()) == 1


def test_several_records_in_one_file(reception: Reception) -> None:
    """Each record counts; one that is refused is named and keeps the others from nothing."""
    data = record(f3000="1") + record(f3000="0") + record(f3000="2")
    reception.drop(data)
    reception.look()
    assert {entry.PatientID for entry in reception.entries()} == {"1", "2"}
    (text,) = reception.refusals()
    assert text.index("Satz / record 2") < text.index("Feld 3000") < text.index("record 3")


def test_too_many_records_in_one_file(reception: Reception) -> None:
    """A file of a thousand and one records is no order; nothing of it is done."""
    reception.drop(record() * 1001)
    reception.look()
    assert len(reception.refusals()) == 1
    assert reception.entries() == ()


class TestDetails:
    """What a record says beside the procedure."""

    def test_it_is_on_the_worklist(self, reception: Reception) -> None:
        """Height, weight, allergies, pregnancy, urgency, referrer, reason and comment."""
        reception.drop(
            record(
                f3622="172,5", f3623="68.0", f3656="Latex", f8501="2", f8510="1",
                f8512="01092026", f4219="Meier, Anna", f8615="Dr. Schulze", f4207="Gallensteine?",
                f6227="kommt nüchtern",
            )
        )  # fmt: skip
        reception.look()
        details = reception.entry.details
        assert told_details(details) == {
            "height": "172.5",
            "weight": "68",
            "allergies": "Latex",
            "priority": "high",
            "pregnancy": "yes",
            "lmp": "2026-09-01",
            "referrer": "Meier^Anna",
            "requester": "Dr. Schulze",
            "reason": "Gallensteine?",
            "comment": "kommt nüchtern",
        }
        assert reception.refusals() == []

    def test_what_cannot_be_read_is_told_and_left_out(self, reception: Reception) -> None:
        """A height in metres, an unknown urgency, a long reason: the order is on the list."""
        reception.drop(record(f3622="1,72", f3623="0", f8501="9", f4207="x" * 70))
        reception.look()
        assert told_details(reception.entry.details) == {"reason": "x" * 64}
        (text,) = reception.settings.taken_folder.rglob("*.txt")
        told = text.read_text("utf-8-sig")
        assert ["3622" in told, "8501" in told, "4207" in told] == [True] * 3
        assert "3623" not in told
