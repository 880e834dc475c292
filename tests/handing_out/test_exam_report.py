"""The exam as PDF and letter text, from a whole practice: of the decided patient, of no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gdtbridge.errors import NotFound
from gdtbridge.handing_out import exam_mark
from tests.tools.practice import Practice, Reports

Poppler = Callable[..., str]


def longer_spleen(dataset: Any) -> None:
    """Let the report of a device say 11.0 cm of the spleen."""
    for one in dataset.iterall():
        if one.keyword == "NumericValue" and one.value == 10.7:
            one.value = "11.0"


@pytest.fixture
def reports(practice: Practice, project: Path, tmp_path: Path) -> Reports:
    """Return what sends the samples."""
    return Reports(project, practice, tmp_path)


def text_of(practice: Practice, poppler: Poppler, exam_id: int = 1) -> str:
    """Return what stands in the PDF of an exam of one patient."""
    (part,) = practice.core.handing.exams.of_exam(exam_id)
    return poppler(practice.core.handing.reports.pdf(part), "pdftotext", "-layout")


def test_it_is_of_the_patient_that_was_decided(
    practice: Practice, reports: Reports, poppler: Poppler
) -> None:
    """Not of whom the device named; and it says that the device had named another."""
    reports.send("abdomen.dcm", PatientID="", PatientName="Notfall^Nora", AccessionNumber="")
    practice.wait()
    desk = practice.core.handing
    assert desk.exams.of_exam(1) == ()
    practice.core.orders.place(practice.order())
    study = practice.core.exams.sheet(1).study_instance_uid
    practice.core.held.release(study, "4711", who="Anna Krüger")
    practice.wait()
    text = text_of(practice, poppler)
    assert "Müller, Änne" in text
    assert "24.12.1958" in text
    assert "Notfall" not in text
    assert "andere Angaben zur Person" in text
    (part,) = desk.exams.of_exam(1)
    letter = desk.reports.letter(part)
    assert "Niere Länge, rechts 108 mm; Niere Länge, links 112 mm" in letter
    assert "Notfall" not in letter


def test_each_patient_of_an_exam_has_a_part(practice: Practice, reports: Reports) -> None:
    """With that patient's objects; a mark that is no part's leads nowhere."""
    reports.send("abdomen.dcm", PatientID="4711")
    practice.wait()
    study = practice.core.exams.sheet(1).study_instance_uid
    practice.send(PatientID="99", PatientName="Beispiel^Bea", StudyInstanceUID=study)
    practice.wait()
    practice.core.held.release(study, "99", person=2, who="x", confirmed=True)
    practice.wait()
    exams = practice.core.handing.exams
    first, second = exams.of_exam(1)
    assert {first.exam.patient_id, second.exam.patient_id} == {"4711", "99"}
    assert {one.SOPInstanceUID for one, _ in first.objects}.isdisjoint(
        one.SOPInstanceUID for one, _ in second.objects
    )
    assert exams.marked(1, second.mark) == second
    with pytest.raises(NotFound):
        exams.marked(1, exam_mark(1, second.exam.person, "4711"))
    with pytest.raises(NotFound):
        exams.marked(99, second.mark)


def test_a_report_that_cannot_be_read_is_told(
    practice: Practice, reports: Reports, poppler: Poppler
) -> None:
    """The sheet is there without its values; a picture that is none is counted."""
    reports.send("abdomen.dcm", PatientID="4711")
    practice.send(StudyInstanceUID=practice.core.exams.sheet(1).study_instance_uid)
    practice.wait()
    for file in practice.archive.folder.rglob("*.dcm"):
        file.write_bytes(file.read_bytes()[:200])
    text = text_of(practice.again(), poppler)
    assert "Ein Messbericht ließ sich nicht lesen" in text
    assert "Ein gewähltes Bild fehlt" in text


@pytest.mark.parametrize(
    ("bound", "most", "told"),
    [
        ("MOST_REPORTS", 1, "Ein älterer Messbericht fehlt hier"),
        ("MOST_VALUES", 1, "Ein älterer Messbericht fehlt hier"),
        ("MOST_READING_SECONDS", 0, "2 ältere Messberichte fehlen hier"),
    ],
)
def test_what_would_be_too_much_for_a_sheet_is_counted(
    practice: Practice,
    reports: Reports,
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
    most: int,
    told: str,
) -> None:
    """The newest report stands there as far as there is time, and that older ones are missing."""
    said = {"PatientID": "4711", "StudyInstanceUID": "2.25.500"}
    reports.send("abdomen.dcm", **said, SOPInstanceUID="2.25.501")
    reports.send("abdomen.dcm", longer_spleen, **said, SOPInstanceUID="2.25.502")
    practice.wait()
    (part,) = practice.core.handing.exams.of_exam(1)
    assert "Messbericht" not in practice.core.handing.reports.letter(part)
    monkeypatch.setattr(f"gdtbridge.handing_out.exam_report.{bound}", most)
    letter = practice.core.handing.reports.letter(part)
    assert told in letter
    assert ("Milz Länge 110 mm" in letter) == (most > 0)


def test_values_stand_beside_the_last_ones(
    practice: Practice, reports: Reports, poppler: Poppler
) -> None:
    """Those of the same patient, with their day; the first exam has none."""
    said = {"PatientID": "4711", "StudyInstanceUID": "2.25.500", "StudyDate": "20230510"}
    reports.send("abdomen.dcm", longer_spleen, **said, SOPInstanceUID="2.25.501")
    practice.wait()
    reports.send("abdomen.dcm", PatientID="4711")
    practice.wait()
    (first,), (second,) = (practice.core.handing.exams.of_exam(one) for one in (1, 2))
    desk = practice.core.handing.reports
    assert "zuletzt" not in desk.letter(first)
    assert "zuletzt 110 mm am 10.05.2023" in desk.letter(second)
    printed = "".join(poppler(desk.pdf(second), "pdftotext", "-raw").split())
    assert "zuletzt110mmam10.05.2023" in printed
