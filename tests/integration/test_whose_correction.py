"""What a device or a person corrects: the chart that was right before, and the one that is now."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gdtbridge.people import Patient
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE, identification
from tests.tools.service import service
from tests.tools.surgery import (
    DIFFERS,
    QUICK,
    TODAY,
    Surgery,
    elements_of,
    image,
    person,
    report,
    study_record,
    values_record,
)

pytestmark = pytest.mark.slow  # starts whole services


@pytest.fixture(scope="module")
def surgery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surgery]:
    """Return a surgery for all tests: each has patients and studies of its own."""
    with service(tmp_path_factory.mktemp("surgery"), **QUICK) as running:
        yield Surgery(running)


def assert_retracted(patient: Patient, record: tuple[str, ...], *results: str) -> None:
    """Look at each line of a retraction: what it takes back, and that it names nobody else."""
    head = (f"3000{patient.id}",)  # only the withdrawn objects named it
    tail = record[1:]
    assert record[:1] == head
    day = f"{TODAY:%d.%m.%Y}"
    assert {line[:4] for line in tail} == {
        *("8402", "6200", "6201", "6228", "8410", "8411", "8432", "8439", "8470")
    }
    text = " ".join(line[4:] for line in tail if line.startswith("6228"))
    assert re.fullmatch(
        rf"Irrtümlich übermittelt: Die am {day} um \d\d:\d\d übermittelten Ergebnisse"
        rf" \({', '.join(results)}\) der Untersuchung vom {day} gehören nicht zu diesem Patienten\."
        r" Bitte nicht verwenden und aus der Akte entfernen\.( Grund: .*)?",
        text,
    ), text
    assert tail[-1] == "8470Irrtümlich übermittelt, gehört nicht zu diesem Patienten."


class TestAnotherPatient:
    """W6: the operator corrects the patient on the device, which sends once more."""

    def test_under_the_same_uids_before_the_report(self, surgery: Surgery) -> None:
        """Held for both; once the wrong one is discarded, the right one gets all."""
        wrong, right = person("601", "Falsch^Fritz", "01.01.1961"), person("602", "Wahr^Wilma")
        study = "2.25.601"
        surgery.examine(
            image(study, "1", wrong),
            report(study, "2", wrong),
            image(study, "1", right),
            report(study, "2", right),
        )
        assert surgery.held(study) == [("601", "several-patients"), ("602", "several-patients")]

        surgery.exams("discard", study, "--person", "1", "--reason", "falscher Eintrag")
        surgery.settle()  # nobody is in doubt any more

        assert surgery.chart("601") == []
        assert surgery.chart("602") == [study_record(right), values_record(right)]

    def test_accepted_after_the_report(self, surgery: Surgery) -> None:
        """Same UIDs: offered, and once accepted retracted from the chart it had gone to."""
        wrong, right = person("611", "Falsch^Franz"), person("612", "Wahr^Wanda")
        surgery.examine(image("2.25.611", "1", wrong))
        surgery.collect()
        surgery.examine(image("2.25.611", "1", right))
        assert surgery.held("2.25.611") == [("612", "correction")]
        assert surgery.chart("612") == []

        surgery.exams("accept", "2.25.611")
        surgery.settle()

        assert surgery.chart("612") == [study_record(right)]
        first, retraction = surgery.chart("611")
        assert first == study_record(wrong)
        assert_retracted(wrong, retraction, "Untersuchungseintrag")
        assert not any("Wahr" in line or "612" in line for line in retraction)

    def test_released_after_the_report(self, surgery: Surgery) -> None:
        """New UIDs: another patient's objects; what was sent stays until a person withdraws it."""
        first, second = person("613", "Eins^Emil"), person("614", "Zwei^Zita")
        surgery.examine(image("2.25.613", "1", first))
        surgery.examine(image("2.25.613", "3", second), report("2.25.613", "4", second))
        assert surgery.held("2.25.613") == [("614", "other-patient-after-report")]
        surgery.release("2.25.613", "614")
        assert surgery.chart("613") == [study_record(first)]
        assert surgery.chart("614") == [study_record(second), values_record(second)]

    def test_half_of_the_objects_discarded(self, surgery: Surgery) -> None:
        """With a reason it is done with; both charts stay as they were."""
        wrong, other = person("621", "Falsch^Frank"), person("622", "Wahr^Waltraud")
        surgery.examine(image("2.25.621", "1", wrong), image("2.25.621", "2", wrong))
        surgery.examine(image("2.25.621", "2", other))
        surgery.exams("discard", "2.25.621", "--reason", "doch der Erste")
        surgery.settle()
        assert surgery.held("2.25.621") == []
        assert surgery.chart("621") == [study_record(wrong)]
        assert surgery.chart("622") == []


class TestOtherContent:
    """W7, W11: the same patient, the same UID, other bytes."""

    def test_a_corrected_report(self, surgery: Surgery) -> None:
        """A correction record, as for a report under a new UID."""
        patient = person("701", "Mess^Mia", "07.07.1977")
        surgery.examine(image("2.25.701", "1", patient), report("2.25.701", "2", patient, "48"))
        surgery.examine(report("2.25.701", "2", patient, "51"))
        surgery.examine(report("2.25.701", "3", patient, "52"))
        told = "Korrigierter Bericht"
        assert surgery.chart("701") == [
            study_record(patient),
            values_record(patient, "48"),
            (*values_record(patient, "51", told), "8470vorher 48,0 mm"),
            (*values_record(patient, "52", told), "8470vorher 51,0 mm"),
        ]

    def test_the_same_in_another_form(self, surgery: Surgery) -> None:
        """Another transfer syntax or padding says nothing new, however often it comes."""
        patient = person("711", "Form^Fee", "07.07.1977")
        values = elements_of("2.25.711", "1", patient, {})
        uid = values["SOPInstanceUID"]
        forms = [
            (US_IMAGE, uid, EXPLICIT, identification(**values)),
            (US_IMAGE, uid, IMPLICIT, identification(IMPLICIT, **values)),
            (US_IMAGE, uid, EXPLICIT, identification(**values | {"PatientName": "Form^Fee  "})),
            (US_IMAGE, uid, EXPLICIT, identification(**values | {"StudyDescription": "Abdomen "})),
        ]
        for form in forms:
            surgery.examine(form)
        assert surgery.chart("711") == [study_record(patient)]
        assert "2.25.711" not in surgery.exams("problems", "--json")
        assert surgery.held("2.25.711") == []


def test_withdrawn_by_a_person(surgery: Surgery) -> None:
    """W5, W6: what went to a wrong chart is retracted there, and told in the right one."""
    wrong, right = person("631", "Falsch^Fiona"), person("632", "Wahr^Wilhelm", "02.02.1962", "M")
    surgery.tell(right)
    study = "2.25.631"
    surgery.examine(image(study, "1", wrong), report(study, "2", wrong))
    surgery.collect()
    reason = ("--reason", "Am Gerät falsch gewählt")
    surgery.exams("withdraw", study, "--from", "631", "--to", "632", *reason, "--confirm")
    surgery.settle()
    study_sent, values_sent, retraction = surgery.chart("631")
    assert (study_sent, values_sent) == (study_record(wrong), values_record(wrong))
    assert_retracted(wrong, retraction, "Untersuchungseintrag", "1 Messwert")
    assert "6228Grund: Am Gerät falsch gewählt" in retraction
    assert surgery.chart("632") == [
        study_record(right, DIFFERS),
        values_record(right, "48", DIFFERS),
    ]
    surgery.exams("withdraw", study, "--from", "632", *reason)
    surgery.settle()
    assert surgery.chart("632") == []  # nobody had collected it
