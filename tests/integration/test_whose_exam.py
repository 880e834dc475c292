"""Whose an exam is: what devices send, what the practice knows, and which charts get what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from gdtbridge.people import Patient
from tests.tools.service import service
from tests.tools.surgery import (
    DIFFERS,
    QUICK,
    TODAY,
    Surgery,
    da,
    image,
    person,
    report,
    study_record,
    values_record,
)

pytestmark = pytest.mark.slow  # starts whole services

MISSING = "Ohne Untersuchungsdatum, Tag des Empfangs."


@pytest.fixture(scope="module")
def surgery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surgery]:
    """Return a surgery for all tests: each has patients and studies of its own."""
    with service(tmp_path_factory.mktemp("surgery"), **QUICK) as running:
        yield Surgery(running)


class TestSeveralPeople:
    """W1, W5: objects of one study name several people."""

    def test_released_to_the_second(self, surgery: Surgery) -> None:
        """Each chart gets its own person's name, pictures and values, one by one."""
        erna, zenzi = person("941", "Erste^Erna", "01.01.1950"), person("942", "Zweite^Zenzi")
        study = "2.25.41"
        surgery.examine(
            image(study, "1", erna), report(study, "2", erna, "41"), image(study, "3", zenzi)
        )
        assert surgery.held(study) == [("941", "several-patients"), ("942", "several-patients")]

        surgery.release(study, "942")
        assert surgery.chart("942") == [study_record(zenzi)]
        assert surgery.chart("941") == []

        surgery.release(study, "941")
        assert surgery.chart("941") == [study_record(erna), values_record(erna, "41")]
        assert surgery.chart("942") == [study_record(zenzi)]

    def test_three_people_and_a_number_nobody_named(self, surgery: Surgery) -> None:
        """A number no object names gets the number alone; the master data's name if there are."""
        people = [
            person("943", "Eins^Ina", "01.01.1951"),
            person("944", "Zwei^Zoe", "02.02.1952"),
            person("945", "Drei^Dora", "03.03.1953"),
        ]
        study = "2.25.42"
        surgery.tell(known := person("947", "Vier^Vera", "04.04.1954"))
        surgery.examine(*(image(study, one.id, one) for one in people))

        surgery.release(study, "946", "--person", "1")
        surgery.exams("release", study, "--id", "947", "--person", "2", "--confirm")
        surgery.release(study, "945")

        assert surgery.chart("946") == [study_record(Patient("946"))]
        assert surgery.chart("947") == [study_record(known, DIFFERS)]
        assert surgery.chart("945") == [study_record(people[2])]
        assert surgery.chart("943") == surgery.chart("944") == []

    def test_typed_over_the_entry_of_another(self, surgery: Surgery) -> None:
        """The order number of the first stays with the first, also where the second has values."""
        first, second = person("951", "Halb^Hanna", "05.05.1955"), person("952", "Neu^Nele")
        order = surgery.order(first, "Schilddrüse")
        study = surgery.study_of(order)
        surgery.examine(
            image(study, "1", first, AccessionNumber=order, StudyDescription=""),
            report(study, "2", first, "51", AccessionNumber=order),
            image(study, "3", second, AccessionNumber=order),
            report(study, "4", second, "52", AccessionNumber=order),
        )
        problems = surgery.exams("list", "--held", "--json")
        assert "951" in problems
        assert "952" in problems

        surgery.release(study, "951")
        surgery.release(study, "952")

        assert surgery.chart("951") == [
            study_record(first, description="Schilddrüse", order=order),
            values_record(first, "51", order=order),
        ]
        assert surgery.chart("952") == [study_record(second), values_record(second, "52")]


class TestEmergency:
    """W2: examined without a number, and then assigned."""

    def test_released_to_a_patient_with_an_order(self, surgery: Surgery) -> None:
        """The order has the name, and is met."""
        klein = person("504", "Klein^Karl", "06.06.1956", "M")
        order = surgery.order(klein)
        study = "2.25.51"
        surgery.examine(image(study, "1", person("", "NOTFALL^1", sex="")))
        assert surgery.held(study) == [("", "no-patient-id")]

        surgery.release(study, "504")

        assert surgery.chart("504") == [study_record(klein, order=order)]
        assert surgery.order_state(order) == "done"

    def test_released_to_master_data(self, surgery: Surgery) -> None:
        """A 6301 has the name; the emergency's own sex does not reach the chart."""
        surgery.tell(known := person("505", "Groß^Greta", "07.07.1957"))
        surgery.examine(image("2.25.52", "1", person("NOTFALL2", "Unbekannt", sex="M")))
        assert surgery.held("2.25.52") == [("NOTFALL2", "no-practice-number")]

        surgery.release("2.25.52", "505")

        assert surgery.chart("505") == [study_record(known)]

    def test_released_to_a_number_of_which_nothing_is_known(self, surgery: Surgery) -> None:
        """The number alone: NOTFALL is nobody's name."""
        surgery.examine(report("2.25.53", "1", person("", "NOTFALL^3", "01.01.1900", "O")))
        surgery.release("2.25.53", "506")
        nobody = Patient("506")
        assert surgery.chart("506") == [
            study_record(nobody, description="", modality="SR", code="ALLG00"),
            values_record(nobody, code="ALLG00"),
        ]


YESTERDAY = TODAY - timedelta(days=1)
KNOWN = {
    "order": person("50", "Alpha^Anna", "02.02.1960"),
    "6301": person("51", "Beier^Berta", "03.02.1960"),
    "6302": person("52", "Cäsar^Clara", "04.02.1960"),
    "earlier exam": person("53", "Deltau^Dora", "05.02.1960"),
}
"""The patient whom each source knows."""


def introduce(surgery: Surgery, source: str, patient: Patient) -> str:
    """Let the practice know a patient; return the number of an order there is."""
    if source == "order":
        return surgery.order(patient)
    if source == "earlier exam":
        surgery.examine(image(f"2.25.60{patient.id}", "1", patient, StudyDate=da(YESTERDAY)))
        return ""
    surgery.tell(patient, source)
    return surgery.newest_order() if source == "6302" else ""


class TestKnownForAnother:
    """W3, W4: the practice knows the number for somebody else."""

    @pytest.mark.parametrize("source", KNOWN)
    def test_it_is_held_and_asked_again(self, surgery: Surgery, source: str) -> None:
        """Nothing leaves at once, and a word for the number is asked again with both names."""
        known = KNOWN[source]
        omega = person(known.id, "Omega^Olga", "01.01.1950")
        introduce(surgery, source, known)
        before = surgery.chart(known.id)
        study = f"2.25.61{known.id}"
        surgery.examine(image(study, "1", omega), report(study, "2", omega))
        assert surgery.held(study) == [(known.id, "number-of-other-person")]

        done = surgery.ask("exams", "release", study, "--id", known.id)

        assert done.exit_code == 1
        said = done.stderr.splitlines()
        assert said[0] == f"Untersuchung / exam: {known.id} Omega, Olga 01.01.1950"
        assert said[1] == f"Nummer / number: {known.listed}"
        assert surgery.chart(known.id) == before

    def test_confirmed(self, surgery: Surgery) -> None:
        """Said again, it leaves under the number, with the practice's name for it."""
        known = person("54", "Eder^Emma", "06.02.1960")
        surgery.tell(known)
        surgery.examine(image("2.25.6154", "1", person("54", "Omega^Olga", "01.01.1950")))
        surgery.release("2.25.6154", "54", "--confirm")
        assert surgery.chart("54") == [study_record(known, DIFFERS)]

    @pytest.mark.parametrize("source", KNOWN)
    def test_one_difference_is_no_other_person(self, surgery: Surgery, source: str) -> None:
        """Who married, or has a mistyped birth date, is sent, with a sentence."""
        known = replace(KNOWN[source], id=f"1{KNOWN[source].id}", birth_date=date(1966, 6, 6))
        order = introduce(surgery, source, known)
        married = replace(known, family_name="Neumann")
        surgery.examine(image(f"2.25.62{known.id}", "1", married))
        expected = study_record(known, DIFFERS, order=order)
        if source == "earlier exam":  # it says whom the number names, not how the name is written
            expected = study_record(married)
        assert surgery.chart(known.id)[-1] == expected


NONE_OF_OURS = (
    "20261130-025512",
    "4711^^^X",
    "4711\\4712",
    "EMERG01",
    "1.2.276.0.7230",
    "ABCDEFGHIJK",
    "0000",
    "S61289.1796007312",
    "Ä471",
)


class TestNumbersThatAreNone:
    """W12: what a device or its user made is no number of the practice."""

    def test_it_is_held(self, surgery: Surgery) -> None:
        """Nothing leaves until a person says whose it is."""
        surgery.examine(
            *(
                image(f"2.25.12{index}", "1", person(number, "Form^Frida", "08.08.1958"))
                for index, number in enumerate(NONE_OF_OURS)
            )
        )
        for index, number in enumerate(NONE_OF_OURS):
            assert surgery.held(f"2.25.12{index}") == [(number, "no-practice-number")]
        assert "Form" not in surgery.families()

    def test_padding_and_letters_are_numbers(self, surgery: Surgery) -> None:
        """Blanks around a number mean nothing, and practices have letters in theirs."""
        frida = person("F-4711", "Frisch^Frida", "08.08.1958")
        surgery.examine(image("2.25.1201", "1", frida, PatientID=" F-4711 "))
        assert surgery.chart("F-4711") == [study_record(frida)]


class TestDates:
    """W13: the device's clock."""

    @pytest.mark.parametrize("days", [0, 2, 3, 30])
    def test_near_enough(self, surgery: Surgery, days: int) -> None:
        """Up to thirty days away it is sent, from the third with a sentence, past or future."""
        for sign in (-1, 1):
            day = TODAY + timedelta(days=days * sign)
            patient = person(f"13{days}{sign + 1}", "Uhr^Ute", "09.09.1959")
            surgery.examine(image(f"2.25.{patient.id}", "1", patient, StudyDate=da(day)))
            told = (
                f"Untersuchungsdatum laut Gerät {day:%d.%m.%Y}, empfangen am",
                f"{TODAY:%d.%m.%Y}: Geräteuhr prüfen.",
            )
            expected = study_record(patient, *(told if days > 2 else ()), day=day)
            assert surgery.chart(patient.id) == [expected]

    @pytest.mark.parametrize("day", ["20000101", "20991231", da(TODAY - timedelta(days=31))])
    def test_too_far(self, surgery: Surgery, day: str) -> None:
        """It is held although number and person are right."""
        patient = person(f"14{day[2:8]}", "Uhr^Ute", "09.09.1959")
        surgery.examine(image(f"2.25.14{day}", "1", patient, StudyDate=day))
        assert surgery.held(f"2.25.14{day}") == [(patient.id, "far-date")]
        assert surgery.chart(patient.id) == []

    @pytest.mark.parametrize(("number", "day"), [("181", ""), ("182", "00000000"), ("183", "2026")])
    def test_no_date(self, surgery: Surgery, number: str, day: str) -> None:
        """The day of the receipt is written, and said so."""
        patient = person(number, "Uhr^Ute", "09.09.1959")
        surgery.examine(image(f"2.25.{number}", "1", patient, StudyDate=day))
        clock = "" if not day else "103015"
        assert surgery.chart(number) == [study_record(patient, MISSING, clock=clock)]
