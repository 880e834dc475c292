"""A patient's values over time are those of the exams that are theirs, whatever is decided."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from gdtbridge.trends import PatientTrends
from tests.exams.test_cost import plans
from tests.tools.practice import Practice, Reports

LIVER = "Leber Länge"
SETTINGS = """
[[peer]]
aet = "PACS"
host = "127.0.0.1"
"""
pytestmark = pytest.mark.parametrize("settings_text", [SETTINGS], ids=[""])


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return what sends reports."""
    return Reports(project, practice, tmp_path)


def exam(reports: Reports, number: int, liver: str, **said: str) -> str:
    """Send a report of an exam of its own, on a day of its own; return its study."""
    study = f"2.25.70{number}"
    values = {
        "PatientID": "4711",
        "StudyInstanceUID": study,
        "SOPInstanceUID": f"{study}.1",
        "StudyDate": f"202601{number:02}",
        "StudyTime": "101500",
        **said,
    }
    reports.send("abdomen.dcm", lambda report: measured(report, liver), **values)
    return study


def measured(report: pydicom.Dataset, liver: str) -> None:
    """Let the liver be as long as ``liver`` (mm)."""
    for item in report.ContentSequence[0].ContentSequence:
        for one in getattr(item, "ContentSequence", ()):
            if one.ValueType == "NUM" and one.MeasuredValueSequence[0].NumericValue == 139.4:
                one.MeasuredValueSequence[0].NumericValue = liver


def livers(practice: Practice, number: str = "4711") -> list[str]:
    """Return how long the liver of a patient was, the oldest first, as the curve shows it."""
    curves = practice.core.trends.of_patient(number)
    return [
        f"{one.at:%d.%m.} {one.value.value}"
        for curve in curves
        if curve.name == LIVER
        for one in curve.points
    ]


def test_exams_make_a_curve_by_their_day(practice: Practice, reports: Reports) -> None:
    """In whichever order they come."""
    exam(reports, 9, "141")
    exam(reports, 2, "139")
    assert livers(practice) == []
    practice.wait()
    assert livers(practice) == ["02.01. 139", "09.01. 141"]
    assert livers(practice, "4712") == []
    (curve,) = [one for one in practice.core.trends.of_patient("4711") if one.name == LIVER]
    assert practice.core.trends.curve("4711", curve.series) == curve
    assert practice.core.trends.curve("4712", curve.series) is None
    assert curve.last.value.sent_value == "141 mm"
    assert (curve.last.device, curve.unit) == ("US01", "mm")


def test_what_is_held_is_nobodys(practice: Practice, reports: Reports) -> None:
    """Until a person says whose it is; then it is theirs alone."""
    exam(reports, 2, "139")
    study = exam(reports, 9, "141", PatientID="", PatientName="", PatientBirthDate="")
    practice.wait()
    assert livers(practice) == ["02.01. 139"]
    practice.core.held.release(study, "4713", confirmed=True)
    practice.wait()
    assert livers(practice) == ["02.01. 139"]
    assert livers(practice, "4713") == ["09.01. 141"]


def test_what_is_withdrawn_goes(practice: Practice, reports: Reports) -> None:
    """Into the chart it is of, if somebody said so; what is discarded goes nowhere."""
    study = exam(reports, 2, "139")
    practice.wait()
    practice.core.corrections.withdraw(study, "4711", "vertauscht")
    assert livers(practice) == []
    practice.core.held.release(study, "4713", confirmed=True)
    practice.wait()
    assert livers(practice, "4713") == ["02.01. 139"]
    practice.core.corrections.withdraw(study, "4713", "vertauscht", to="4714", confirmed=True)
    assert livers(practice, "4713") == []
    practice.wait()
    assert livers(practice, "4714") == ["02.01. 139"]
    practice.core.corrections.withdraw(study, "4714", "vertauscht")
    practice.core.held.discard(study, "Probe")
    practice.wait()
    assert [livers(practice, one) for one in ("4711", "4713", "4714")] == [[], [], []]


def test_what_comes_again_with_other_content_counts_alone(
    practice: Practice, reports: Reports
) -> None:
    """The last content a device sent under a UID; of two reports of an exam the later one."""
    exam(reports, 2, "139")
    practice.wait()
    exam(reports, 2, "140")
    practice.wait()
    assert livers(practice) == ["02.01. 140"]
    exam(reports, 2, "142", SOPInstanceUID="2.25.702.2")
    practice.wait()
    assert livers(practice) == ["02.01. 142"]
    exam(reports, 2, "139")  # the device's last word on its first report
    practice.wait()
    assert livers(practice) == ["02.01. 139"]


def test_what_comes_again_for_somebody_else_is_nobodys_until_it_is_accepted(
    practice: Practice, reports: Reports
) -> None:
    """Then it is theirs, and no more of whom it was sent for."""
    study = exam(reports, 2, "139")
    practice.wait()
    other = {"PatientID": "4713", "PatientName": "Beck^Bo", "PatientBirthDate": "19700101"}
    exam(reports, 2, "141", **other)
    practice.wait()
    assert (livers(practice), livers(practice, "4713")) == (["02.01. 139"], [])
    practice.core.corrections.accept(study, number="4713", confirmed=True)
    practice.wait()
    assert (livers(practice), livers(practice, "4713")) == ([], ["02.01. 141"])


def test_what_a_correction_leaves_stays(practice: Practice, reports: Reports) -> None:
    """Of two reports of an exam one was somebody else's."""
    study = exam(reports, 2, "139")
    exam(reports, 2, "140", SOPInstanceUID="2.25.702.2")
    practice.wait()
    assert livers(practice) == ["02.01. 140"]
    other = {"PatientID": "4713", "PatientName": "Beck^Bo", "PatientBirthDate": "19700101"}
    exam(reports, 2, "141", SOPInstanceUID="2.25.702.2", **other)
    practice.wait()
    practice.core.corrections.accept(study, number="4713", confirmed=True)
    practice.wait()
    assert (livers(practice), livers(practice, "4713")) == (["02.01. 139"], ["02.01. 141"])


def test_a_number_that_became_another_is_followed(practice: Practice, reports: Reports) -> None:
    """There and back."""
    exam(reports, 2, "139")
    practice.wait()
    practice.core.renumbering.renumber("4711", "815", confirmed=True)
    exam(reports, 9, "141", PatientID="815")
    practice.wait()
    both = ["02.01. 139", "09.01. 141"]
    assert (livers(practice, "815"), livers(practice)) == (both, both)
    practice.core.renumbering.renumber("815", "4711", confirmed=True)
    assert (livers(practice, "815"), livers(practice)) == (["09.01. 141"], ["02.01. 139"])


def test_what_was_fetched_from_another_archive_is_no_value(
    practice: Practice, reports: Reports
) -> None:
    """Nobody decided whose it is."""
    number = practice.core.fetches.open("2.25.702", "PACS", "4711", reported=False)
    practice.arriving = {"calling_aet": "PACS", "is_fetched": True}
    try:
        exam(reports, 2, "139")
    finally:
        practice.core.fetches.close(number)
    practice.wait()
    assert livers(practice) == []


def test_beside_an_exam_stand_the_two_before(practice: Practice, reports: Reports) -> None:
    """Those of the decided patient; a later exam stands beside none of before."""
    for day, length in ((2, "139"), (4, "140"), (6, "141"), (8, "142")):
        exam(reports, day, length)
    practice.wait()
    trends: PatientTrends = practice.core.trends
    found = {
        number: [one.at.day for one in of[1].earlier]
        for number in (1, 2, 3, 4)
        if (of := trends.of_exam(number))
    }
    assert found == {1: [], 2: [2], 3: [4, 2], 4: [6, 4]}
    beside = trends.of_exam(3)[1]
    assert (beside.number, beside.decided) == ("4711", frozenset({3}))
    (liver,) = [one for one in beside.curves.values() if one.name == LIVER]
    values = [liver.of_exam(one.exam_id) for one in beside.earlier]
    assert [one.value.value for one in values if one is not None] == ["140", "139"]
    assert len(liver.points) == 4
    practice.core.corrections.withdraw("2.25.706", "4711", "vertauscht")
    assert trends.of_exam(3) == {}


@pytest.mark.parametrize("look", ["of_patient", "of_exam", "curve"])
def test_values_are_found_by_indexes(practice: Practice, reports: Reports, look: str) -> None:
    """No table is read as a whole, by one query for a chart."""
    exam(reports, 2, "139")
    practice.wait()
    with plans(practice.database) as found:
        of: dict[str, tuple[str | int, ...]] = {"of_patient": ("4711",), "of_exam": (1,)}
        getattr(practice.core.trends, look)(*of.get(look, ("4711", "X")))
    assert any("report_value" in step for step in found)
    assert [step for step in found if step.startswith("SCAN")] == []


def test_what_was_read_before_is_kept_by_and_by(practice: Practice, reports: Reports) -> None:
    """By the newest first, once; and anew where the practice changes its catalogue."""
    for number, liver in ((2, "139"), (4, "140")):
        exam(reports, number, liver)
    practice.wait()
    with practice.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM report_value")
        connection.exec_driver_sql("UPDATE report SET catalogue = ''")
    assert livers(practice) == []
    filling = practice.core.filling
    while not filling.is_done:
        filling.work()
    assert livers(practice) == ["02.01. 139", "04.01. 140"]
    with practice.database.write() as connection:
        connection.exec_driver_sql("UPDATE report_value SET name = 'x'")
        connection.exec_driver_sql("UPDATE report SET catalogue = 'another'")
    again = practice.again().core
    while not again.filling.is_done:
        again.filling.work()
    assert livers(practice) == ["02.01. 139", "04.01. 140"]
    again.database.close()
