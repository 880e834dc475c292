"""Values of earlier exams are not today's: by container, modifier, date, study and observation."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue import report_to_json, title
from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.presentation import present_all
from gdtbridge.sr import Report, read_report
from gdtbridge.tsv import table
from tests.sr.builder import (
    FINDINGS,
    LVIDD,
    PROPERTY,
    code,
    container,
    dataset,
    echo_section,
    node,
    num,
    text,
    write,
)

Read = Callable[[Dataset], Report]

OBS = "HAS OBS CONTEXT"
PREVIOUS = "DCM|121068|Previous Findings"
EF = "LN|18043-0|Left Ventricular Ejection Fraction"
EARLIER, TODAY = num(LVIDD, "44", "mm"), num(LVIDD, "48", "mm")


def of(kind: str, name: str, element: str, value: str) -> Dataset:
    """Return an item of context with a value of its own kind."""
    item = node(kind, name, rel=OBS)
    setattr(item, element, value)
    return item


def observed(item: Dataset, when: str) -> Dataset:
    """Return the item with its own time."""
    item.ObservationDateTime = when
    return item


def value(number: str, *below: Dataset, name: str = LVIDD) -> Dataset:
    """Return a diameter."""
    return num(name, number, "mm", *below)


STUDY_DATE = "DCM|111060|Study Date"

EARLIER_ONES: dict[str, tuple[Dataset, str]] = {
    # An item with a value of 44 mm, and the day it is told to be of
    "Previous Findings": (container(PREVIOUS, EARLIER), ""),
    "as LOINC": (container("LN|18834-2|Comparison study", EARLIER), ""),
    "Previous Finding": (container("DCM|121069|Previous Finding", EARLIER), ""),
    "deep below": (container(PREVIOUS, container(FINDINGS, container(FINDINGS, EARLIER))), ""),
    "in words, with a day": (container("99X|1|Previous Exam 2023-12-15", EARLIER), "2023-12-15"),
    "in German": (container("99X|1|Voruntersuchung vom 15.12.2023", EARLIER), "2023-12-15"),
    "in French": (container("99X|1|Examen antérieur", EARLIER), ""),
    "with its date": (
        container(PREVIOUS, of("DATE", STUDY_DATE, "Date", "20231215"), EARLIER),
        "2023-12-15",
    ),
    "with a date and time": (
        container(FINDINGS, of("DATETIME", STUDY_DATE, "DateTime", "20231215101500"), EARLIER),
        "2023-12-15",
    ),
    "with a date as text": (
        container(FINDINGS, text("99X|3|Exam date", "15.12.2023", rel=OBS), EARLIER),
        "2023-12-15",
    ),
    "of another study": (
        container(FINDINGS, of("UIDREF", "DCM|121018|Procedure Study", "UID", "2.25.77"), EARLIER),
        "",
    ),
    "observed on another day": (
        container(FINDINGS, observed(value("44"), "20231215101500")),
        "2023-12-15",
    ),
    "the container observed on another day": (
        observed(container(FINDINGS, value("44")), "20231215"),
        "2023-12-15",
    ),
    "observed after the report was written": (
        container(FINDINGS, observed(value("44"), "20240116101500")),
        "2024-01-16",
    ),
    "a modifier": (value("44", code("99X|4|Time", "SCT|9130008|Previous")), ""),
    "a modifier in words": (value("44", code("99X|4|Time", "99X|5|Prior exam")), ""),
    "its own name": (value("44", name="99X|6|Previous LVIDd"), ""),
}


def exam(*items: Dataset, **elements: str) -> Dataset:
    """Return an exam of the 15th of January 2024, a quarter past ten."""
    return dataset(*items, **{"StudyDate": "20240115", "StudyTime": "101500", **elements})


@pytest.mark.parametrize("name", EARLIER_ONES)
def test_a_value_of_an_earlier_exam_is_not_today_s(read: Read, name: str) -> None:
    """It is told apart, with its day where that is known, and explained; today's stays single."""
    item, day = EARLIER_ONES[name]
    report = read(exam(echo_section(TODAY), item))
    assert [(str(one.value), one.repeats) for one in report.measurements] == [("48", 1)]
    assert [(str(one.value), one.earlier) for one in report.earlier] == [("44", day)]
    assert [one.rule for one in report.untold] == ["earlier"]


TODAYS: dict[str, Dataset] = {
    # A value of 48 mm of this exam
    "without any time": exam(TODAY),
    "observed today": exam(observed(value("48"), "20240115102000")),
    "past midnight": exam(
        observed(value("48"), "20240116001000"), ContentDate="20240116", StudyTime="234500"
    ),
    "before the study was opened": exam(
        observed(value("48"), "20240114235500"), StudyTime="000500"
    ),
    "without a Study Date, written the day after": dataset(
        observed(value("48"), "20240114101500"), ContentDate="20240115"
    ),
    "without any day": dataset(observed(value("48"), "20240114101500"), ContentDate=""),
    "nearer than its container": exam(
        observed(container(FINDINGS, observed(value("48"), "20240115101500")), "20231215")
    ),
    "of this study": exam(
        container(FINDINGS, of("UIDREF", "DCM|121018|Procedure Study", "UID", "2.25.12"), TODAY)
    ),
    "of this day": exam(container(FINDINGS, of("DATE", STUDY_DATE, "Date", "20240115"), TODAY)),
    "before voiding": exam(container("DCM|109134|Prior to voiding", TODAY)),
    "prior to voiding": exam(value("48", name="99X|1|Prior to void volume")),
    "both sides compared": exam(container("99X|1|Left-right comparison of sides", TODAY)),
    "a posterior wall in French": exam(container("99X|1|Paroi antérieure", TODAY)),
    "a time that is none": exam(observed(value("48"), "2024")),
}


@pytest.mark.parametrize("name", TODAYS)
def test_a_value_of_this_exam_is_today_s(read: Read, name: str) -> None:
    """An exam may go past midnight; other things come before, too."""
    report = read(TODAYS[name])
    assert [str(one.value) for one in report.measurements] == ["48"]
    assert not report.earlier


def test_of_earlier_values_repeats_are_told_apart_too(read: Read) -> None:
    """Each has an id of its own, other than today's."""
    report = read(
        exam(
            echo_section(TODAY),
            container(PREVIOUS, echo_section(value("44"), value("45"))),
            container(PREVIOUS, echo_section(num(EF, "50", "%"))),
        )
    )
    everything = (*report.measurements, *report.earlier)
    assert len({one.id for one in everything}) == 4
    assert [(str(one.value), one.repeats) for one in report.earlier] == [
        ("44", 2),
        ("45", 2),
        ("50", 1),
    ]


def test_an_unreadable_value_of_earlier_is_no_loss(read: Read) -> None:
    """Nobody has to look for last year's number."""
    report = read(exam(container(PREVIOUS, num(LVIDD, "abc", "mm"))))
    assert not report.lost
    assert not report.earlier


def test_a_chart_may_get_earlier_values_with_their_day(read: Read) -> None:
    """Named and in the unit as today's would be, behind all of today's, under ids of their own."""
    report = read(
        exam(
            container(
                PREVIOUS,
                of("DATE", STUDY_DATE, "Date", "20231215"),
                echo_section(value("4.4"), num("99X|1|Thing", "1", "cm")),
            ),
            echo_section(TODAY, num("99X|1|Other", "2", "cm")),
        )
    ).with_earlier()
    shown = sorted(present_all(report.measurements, standard()), key=lambda one: one.order)
    assert [(one.name, str(one.value), one.group) for one in shown] == [
        ("LV-Durchmesser enddiastolisch (LVIDd)", "48.0", "Linker Ventrikel"),
        ("Other, Linker Ventrikel", "20", "Weitere Messwerte"),
        (
            "LV-Durchmesser enddiastolisch (LVIDd), vom 15.12.2023",
            "4.4",
            "Frühere Untersuchungen",
        ),
        ("Thing, Linker Ventrikel, vom 15.12.2023", "10", "Frühere Untersuchungen"),
    ]
    assert shown[0].id == "LVIDD"
    assert shown[2].id.startswith("LVIDD")
    assert shown[2].id != "LVIDD"
    assert title(report.earlier[0]).endswith(", vom 15.12.2023")


def test_the_day_may_be_unknown(read: Read) -> None:
    """Then it is only said to be earlier."""
    report = read(exam(container(PREVIOUS, EARLIER)))
    assert title(report.earlier[0]).endswith(", früher")
    assert report_to_json(report)["earlier"][0]["day"] is None  # type: ignore[index]


def test_explanations_say_it(tmp_path: Path) -> None:
    """``sr show --explain`` names the rule of each."""
    report = exam(container(PREVIOUS, value("44", num("SCT|1|x", "9", "mm", rel=PROPERTY))), TODAY)
    read = read_report(write(report, tmp_path / "r.dcm"), explain=True)
    assert read.decisions is not None
    assert [(one.value, one.rule) for one in read.decisions] == [
        ("44", "earlier"),
        ("9", "property"),
        ("48", "single"),
    ]


def test_every_row_has_its_source_and_works() -> None:
    """What says that values are earlier is a table; none comes twice."""
    rows = list(table("sr/earlier.tsv"))
    assert len({(what, word) for what, word, _, _ in rows}) == len(rows)
    assert all(source for *_, source in rows)
    for what, word, meaning, _ in rows:
        if what.startswith("word-"):
            re.compile(word)
        else:
            assert meaning
            assert re.fullmatch(r"[A-Z]+:[0-9-]+", word)
