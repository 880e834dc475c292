"""What reports say in words reaches the chart as their numbers do: new, changed, never again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.write.results import Revision, TextResult
from gdtbridge.results import values
from gdtbridge.results.revision import count_of, news_of, values_of
from gdtbridge.sr import read_report
from tests.sr.builder import code, container, dataset, text, write
from tests.tools.practice import Practice, Reports

ECHO, THYROID = "echo.dcm", "thyroid.dcm"
COMMENT = "DCM|121106|Comment"
CONCLUSION = "DCM|121077|Conclusion"
SAME = {"PatientID": "4711", "StudyInstanceUID": "2.25.1000"}


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return the sample reports."""
    return Reports(project, practice, tmp_path)


def saying(*items: Dataset) -> Callable[[pydicom.Dataset], None]:
    """Return a change that adds these items."""

    def change(report: pydicom.Dataset) -> None:
        report.ContentSequence = [*report.ContentSequence, *items]

    return change


def only_saying(*items: Dataset) -> Callable[[pydicom.Dataset], None]:
    """Return a change that leaves these items alone."""

    def change(report: pydicom.Dataset) -> None:
        report.ContentSequence = list(items)

    return change


def record_of(practice: Practice, uid: str) -> Record:
    """Return the value record of a report."""
    (name,) = [name for name in practice.records() if name.endswith(f"-sr-{uid}.gdt")]
    return practice.records()[name]


def test_a_comment_is_in_the_record_beside_the_numbers(
    practice: Practice, reports: Reports
) -> None:
    """With its label, each line of it a line; the record is no later one."""
    reports.send(ECHO, saying(text(COMMENT, "eins\r\nzwei")), SOPInstanceUID="2.25.1", **SAME)
    practice.wait()

    record = record_of(practice, "2.25.1")
    lines = record.all("6228")
    at = lines.index("Kommentar: eins")
    assert lines[at : at + 2] == ("Kommentar: eins", "zwei")
    assert len(record.all("8410")) > 10
    assert not {revision.value for revision in Revision} & set(lines)


def test_a_report_that_only_says_something_makes_a_record(
    practice: Practice, reports: Reports
) -> None:
    """A report without a number is not lost."""
    reports.send(ECHO, only_saying(text(COMMENT, "nur das")), SOPInstanceUID="2.25.1", **SAME)
    practice.wait()

    record = record_of(practice, "2.25.1")
    assert "Kommentar: nur das" in record.all("6228")
    assert record.all("8410") == ()


def test_a_changed_comment_is_a_correction(practice: Practice, reports: Reports) -> None:
    """Only what changed is sent, with what it was before; the same again is not."""
    for uid, words in (("2.25.1", "A"), ("2.25.2", "A"), ("2.25.3", "B")):
        change = saying(text(COMMENT, words), text(CONCLUSION, "C"))
        reports.send(ECHO, change, SOPInstanceUID=uid, **SAME)
        practice.wait()

    assert not [name for name in practice.records() if name.endswith("-sr-2.25.2.gdt")]
    later = record_of(practice, "2.25.3")
    assert later.all("6228") == ("Korrigierter Bericht", "Kommentar: B", "- vorher A")
    assert later.all("8410") == ()


def test_a_further_comment_is_a_supplement(practice: Practice, reports: Reports) -> None:
    """What was sent before is not sent again."""
    reports.send(ECHO, SOPInstanceUID="2.25.1", **SAME)
    practice.wait()
    reports.send(ECHO, saying(text(COMMENT, "A")), SOPInstanceUID="2.25.2", **SAME)
    practice.wait()

    assert record_of(practice, "2.25.2").all("6228") == ("Ergänzender Bericht", "Kommentar: A")


def test_reports_that_come_together_supplement_nothing(
    practice: Practice, reports: Reports
) -> None:
    """Two reports of one exam about different things are both first; a third one is later."""
    reports.send(ECHO, SOPInstanceUID="2.25.1", **SAME)
    reports.send(THYROID, SOPInstanceUID="2.25.2", **SAME)
    practice.wait()
    reports.send(ECHO, saying(text(COMMENT, "A")), SOPInstanceUID="2.25.3", **SAME)
    practice.wait()

    for uid in ("2.25.1", "2.25.2"):
        assert Revision.SUPPLEMENT.value not in record_of(practice, uid).all("6228")
    assert Revision.SUPPLEMENT.value in record_of(practice, "2.25.3").all("6228")


@pytest.mark.parametrize("fetal_sex", [False, True])
def test_the_sex_of_a_fetus_is_told_only_where_the_practice_wants_it(
    tmp_path: Path, *, fetal_sex: bool
) -> None:
    """GenDG 15 (1): by default it is not."""
    sex = code("LN|11882-8|Gender US", "SCT|248152002|Female", rel="CONTAINS")
    fetus = text("LN|11951-1|Fetus ID", "1", rel="HAS OBS CONTEXT")
    tree = dataset(container("DCM|125008|Fetus Summary", fetus, sex), template="5000")
    report = read_report(write(tree, tmp_path / "report.dcm"))
    builder = values.TestValueBuilder(
        standard(), "catalogue", "send", predecessor_names=False, fetal_sex=fetal_sex
    )
    told = builder.results(report, news_of({}, report))
    words = TextResult("Geschlecht des Fetus, Fetus 1", "weiblich", (), "Fetus 1: Angaben")
    assert told == ((words,) if fetal_sex else ())


def test_statements_are_remembered_and_no_values(tmp_path: Path) -> None:
    """A retraction counts numbers."""
    report = read_report(write(dataset(text(COMMENT, "A")), tmp_path / "report.dcm"))
    known = values_of(report)
    assert len(known) == 1
    assert count_of(known) == 0
    assert news_of(known, report).statements == ()
