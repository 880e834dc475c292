"""One number, two persons: told by name and birth date together, never by one of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gdtbridge.errors import NeedsConfirmation
from gdtbridge.exams import ExamState
from tests.tools.practice import Practice, Reports


def test_an_object_of_another_person_under_the_same_number_holds_the_exam(
    practice: Practice,
) -> None:
    """A number typed in twice does not put one person's pictures into another's chart."""
    practice.send(PatientID="4711", PatientName="Müller^Änne", PatientBirthDate="19581224")
    practice.send(PatientID="4711", PatientName="Schmidt^Jo", PatientBirthDate="19700101")
    practice.wait()
    assert practice.files() == []
    held = practice.core.overview.exams(held=True)
    assert [exam.held_because for exam in held] == ["several-patients"] * 2
    assert [exam.patient_name for exam in held] == ["Müller^Änne", "Schmidt^Jo"]


def test_of_two_persons_under_one_number_only_the_first_ones_reports_leave(
    practice: Practice, project: Path, tmp_path: Path
) -> None:
    """A record bears one name; a report of somebody else never stands under it."""
    reports = Reports(project, practice, tmp_path)
    study = {"PatientID": "4711", "StudyInstanceUID": "2.25.1000"}
    reports.send("echo.dcm", **study)
    other = {"PatientName": "Schmidt^Jo", "PatientBirthDate": "19700101"}
    reports.send("thyroid.dcm", **study, **other)
    practice.wait()
    practice.core.held.release("2.25.1000", "4711", person=1, confirmed=True)
    practice.wait()
    assert len([name for name in practice.files() if "-sr-" in name]) == 1
    assert [problem.kind for problem in practice.core.overview.problems()] == ["held"]


def test_an_order_for_another_person_under_the_same_number_holds_the_exam(
    practice: Practice,
) -> None:
    """The examiner picked the wrong line; nothing leaves until somebody says whose it is."""
    order = practice.order(family_name="Schmidt", birth_date=date(1970, 1, 1))
    entry = practice.core.orders.place(order).entry
    values = {"PatientID": "4711", "PatientName": "Müller^Änne", "PatientBirthDate": "19581224"}
    practice.send(StudyInstanceUID=entry.StudyInstanceUID, **values)
    practice.wait()
    (exam,) = practice.core.overview.exams()
    assert exam.held_because == "order-of-other-person"
    assert practice.core.held.claimants(exam) == ("4711 Schmidt, Änne 01.01.1970",)
    with pytest.raises(NeedsConfirmation) as asked:
        practice.core.held.release(entry.StudyInstanceUID, "4711")
    assert asked.value.found == ("4711 Müller, Änne 24.12.1958", "4711 Schmidt, Änne 01.01.1970")
    practice.core.held.release(entry.StudyInstanceUID, "4711", confirmed=True)
    practice.wait()
    assert practice.core.overview.exams()[0].state is ExamState.REPORTED
    assert practice.files() == [f"{entry.AccessionNumber}.gdt"]
    (record,) = practice.records().values()
    named = record.patient
    assert (named.family_name, named.given_name, named.birth_date) == (
        "Schmidt",
        "Änne",
        date(1970, 1, 1),
    )
    assert named.sex == "F"


def test_a_release_for_the_order_leaves_under_the_orders_name(
    practice: Practice, project: Path, tmp_path: Path
) -> None:
    """The device had picked the wrong patient: the right number does not get the wrong name."""
    order = practice.order(patient_id="12", family_name="Schmidt", birth_date=date(1970, 1, 1))
    entry = practice.core.orders.place(order).entry
    study = {"PatientID": "4711", "StudyInstanceUID": entry.StudyInstanceUID}
    Reports(project, practice, tmp_path).send("echo.dcm", **study)
    practice.wait()
    practice.core.held.release(entry.StudyInstanceUID, "12", confirmed=True)
    practice.wait()
    named = [record.patient for record in practice.records().values()]
    assert [(one.id, one.family_name) for one in named] == [("12", "Schmidt")] * 2


def test_an_emergency_in_somebodys_study_is_held_alone(practice: Practice) -> None:
    """A picture of nobody known does not get into the chart of whom the study is of otherwise."""
    practice.send(PatientID="4711")
    practice.wait()
    assert len(practice.files()) == 1
    practice.send(PatientID="", PatientName="NOTFALL^1", PatientBirthDate="")
    practice.wait()
    assert len(practice.files()) == 1
    (held,) = practice.core.overview.exams(held=True)
    assert (held.person, held.held_because) == (2, "other-patient-after-report")


OMEGA = {"PatientID": "50", "PatientName": "Omega^Olga", "PatientBirthDate": "19500101"}
ALPHA = {"patient_id": "50", "family_name": "Alpha", "birth_date": date(1960, 2, 2)}


def test_what_spoke_against_it_and_is_gone_sends_nothing(practice: Practice) -> None:
    """The other person's entry was cancelled in the evening: the number is not Omega's for that."""
    entry = practice.core.orders.place(practice.order(**ALPHA)).entry
    practice.send(AccessionNumber="", **OMEGA)
    practice.wait()
    (exam,) = practice.core.overview.exams(held=True)
    assert exam.held_because == "number-of-other-person"
    practice.core.orders.cancel(entry.AccessionNumber)
    practice.wait()
    practice.wait()
    assert practice.files() == []


def test_what_speaks_for_it_does(practice: Practice) -> None:
    """The entry had the wrong number; corrected, it is Omega's, and the exam leaves by itself."""
    wrong = practice.core.orders.place(practice.order(**ALPHA)).entry
    practice.send(AccessionNumber="", **OMEGA)
    practice.wait()
    omega = {"patient_id": "50", "family_name": "Omega", "birth_date": date(1950, 1, 1)}
    practice.core.orders.change(wrong.AccessionNumber, practice.order(**omega))
    practice.wait()
    assert [one.patient.family_name for one in practice.records().values()] == ["Omega"]


def test_an_order_that_is_closed_still_says_whose_a_number_is(practice: Practice) -> None:
    """Alpha was ordered for yesterday and did not come; today somebody types Alpha's number."""
    entry = practice.core.orders.place(practice.order(**ALPHA)).entry
    practice.core.orders.cancel(entry.AccessionNumber)
    practice.send(AccessionNumber="", **OMEGA)
    practice.wait()
    assert practice.files() == []
    practice.core.held.release("2.25.1000", "50", confirmed=True)
    practice.wait()
    assert [one.patient.family_name for one in practice.records().values()] == ["Alpha"]
