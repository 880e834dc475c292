"""The sheet of an exam: objects, values, and what happened, from a whole practice."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.day.exam import ExamHistoryCode, ExamSheet
from gdtbridge.errors import NotFound
from gdtbridge.outbox.collecting import LONGEST_SECONDS
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.sr import UnreadableReportError
from tests.tools.practice import Practice, Reports


def sheet(practice: Practice, exam_id: int = 1) -> ExamSheet:
    """Return the sheet of an exam."""
    return practice.core.exams.sheet(exam_id)


def codes(practice: Practice) -> list[str]:
    """Return what happened to the exam, in order."""
    return [one.code.value for one in sheet(practice).history]


@pytest.fixture
def reports(practice: Practice, project: Path, tmp_path: Path) -> Reports:
    """Return what sends the samples."""
    return Reports(project, practice, tmp_path)


def test_an_exam_tells_what_happened_to_it(practice: Practice, reports: Reports) -> None:
    """From the order to the collected file, in order."""
    entry = practice.core.orders.place(practice.order()).entry
    said = {
        "StudyInstanceUID": entry.StudyInstanceUID,
        "AccessionNumber": entry.AccessionNumber,
    }
    practice.clock.turn(60)
    practice.send(**said)
    reports.send("abdomen.dcm", PatientID="4711", **said)
    practice.wait()
    for path in practice.out.iterdir():
        path.unlink()
    practice.wait(LONGEST_SECONDS + 1)
    assert codes(practice) == ["ordered", "received", "sent", "delivered", "collected"]
    found = sheet(practice)
    received = next(one for one in found.history if one.code is ExamHistoryCode.RECEIVED)
    assert (received.pictures, received.reports) == (1, 1)
    assert [one.kind for one in found.objects] == [ObjectKind.IMAGE, ObjectKind.REPORT]
    assert [one.order_number for one in found.lines] == [entry.AccessionNumber]


def test_values_are_those_of_the_chart_and_say_whence_they_come(
    practice: Practice, reports: Reports
) -> None:
    """Named and rounded as the record has them, with what the device sent."""
    reports.send("abdomen.dcm")
    practice.wait()
    (report,) = sheet(practice).reports
    assert report.values
    assert all(one.name and one.value and one.place and one.sent_value for one in report.values)
    told = {
        line.value
        for record in practice.records().values()
        for line in record.lines
        if line.id == "8420"
    }
    assert {one.value.replace(",", ".") for one in report.values} >= told


def test_what_was_decided_and_by_whom(practice: Practice) -> None:
    """Held, then assigned by a person, then taken back."""
    practice.send(PatientID="", AccessionNumber="")
    practice.wait()
    assert codes(practice) == ["received", "held"]
    study = sheet(practice).study_instance_uid
    practice.core.held.release(study, "4711", who="Anna Krüger")
    released = sheet(practice).history[-1]
    assert (released.code, released.who, released.detail) == ("released", "Anna Krüger", "4711")


def test_another_name_may_stand_in_the_pictures(practice: Practice) -> None:
    """What was sent for an emergency and assigned keeps what the device wrote into it."""
    practice.core.orders.place(practice.order())
    practice.send(PatientID="", PatientName="Notfall", PatientBirthDate="", AccessionNumber="")
    practice.wait()
    assert sheet(practice).renamed == frozenset()
    practice.core.held.release(sheet(practice).study_instance_uid, "4711", who="Anna Krüger")
    practice.wait()
    found = sheet(practice)
    assert [one.patient.listed_name for one in found.lines] == ["Müller, Änne"]
    assert found.renamed == {1}


def test_a_report_that_cannot_be_read_hides_no_other(practice: Practice, reports: Reports) -> None:
    """Its cause is told; the page is there all the same."""
    reports.send("abdomen.dcm")
    practice.wait()
    practice.reader.fault = UnreadableReportError("broken")
    (report,) = sheet(practice.again()).reports
    assert report.values or report.problem == "UnreadableReportError"


def test_a_report_is_read_once_for_many_looks(practice: Practice, reports: Reports) -> None:
    """Ten open pages do not start ten child processes."""
    reports.send("abdomen.dcm")
    practice.wait()
    sheet(practice)
    before = practice.reader.reads
    sheet(practice)
    assert practice.reader.reads == before


def test_an_exam_nobody_knows(practice: Practice) -> None:
    """Is not found."""
    with pytest.raises(NotFound):
        sheet(practice, 99)


def test_who_is_in_the_line_of_somebodys_order_has_one_too(practice: Practice) -> None:
    """Pictures without a number under an order are seen, and not as those of its patient."""
    entry = practice.core.orders.place(practice.order()).entry
    said = {
        "StudyInstanceUID": entry.StudyInstanceUID,
        "AccessionNumber": entry.AccessionNumber,
    }
    practice.send(**said)
    practice.send(PatientID="", PatientName="Notfall", PatientBirthDate="", **said)
    practice.wait()
    found = sheet(practice)
    assert [(one.person, one.patient.listed_name) for one in found.lines] == [
        (1, "Müller, Änne"),
        (2, "Notfall"),
    ]
    assert {one.person for one in found.objects} == {1, 2}
    assert found.renamed == frozenset()
