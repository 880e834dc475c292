"""Which Patient IDs can be numbers of the practice."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.exams.patient_numbers import (
    DEVICE_NUMBER_FORMS,
    NUMBER_FAULT_TEXT,
    DeviceNumberForm,
    NumberFault,
    NumberRule,
)

DAY = date(2026, 11, 30)
LONG_BEFORE = date(2019, 5, 2)


@pytest.mark.parametrize(
    "number",
    ["4711", "0050", "4701-1", "12345678", "K-123", "1", "1234567890", "10", "P12345", "A 12",
     "4711/2", "NOAH12", "IDA1", "2611300255", "0000004711", "SIMULATION", " 4711 ", "4711\0"],
)  # fmt: skip
def test_a_number_of_a_practice_passes(number: str) -> None:
    """Also one that looks like a date, on every other day."""
    assert NumberRule().fault_of(number, LONG_BEFORE, None) is None
    assert NumberRule().fault_of(number) is None


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("", NumberFault.EMPTY),
        (" \0 ", NumberFault.EMPTY),
        ("4711\\4712", NumberFault.SEVERAL),
        ("4711\\4711", NumberFault.SEVERAL),
        ("4711\\", NumberFault.SEVERAL),
        ("12345678901", NumberFault.TOO_LONG),
        ("4711^^^X", NumberFault.CHARACTERS),
        ("4711=", NumberFault.CHARACTERS),
        ("Ä4711", NumberFault.CHARACTERS),
        ("47\n11", NumberFault.CHARACTERS),
        ("٤٧١١", NumberFault.CHARACTERS),
        ("1" * 100_000, NumberFault.TOO_LONG),
        ("11-05-25-142825", NumberFault.DEVICE_FORM),
        ("20110525142825.123", NumberFault.DEVICE_FORM),
        ("20261130-025512-2FB4", NumberFault.DEVICE_FORM),
        ("notfall", NumberFault.DEVICE_FORM),
        ("emergency", NumberFault.DEVICE_FORM),
        ("unbekannt 3", NumberFault.DEVICE_FORM),
        ("NoName", NumberFault.DEVICE_FORM),
        ("no id", NumberFault.DEVICE_FORM),
        ("None", NumberFault.DEVICE_FORM),
        ("?", NumberFault.DEVICE_FORM),
        ("0", NumberFault.DEVICE_FORM),
        ("test1", NumberFault.DEVICE_FORM),
        ("550E8400E29B41D4A716446655440000", NumberFault.DEVICE_FORM),
    ],
)
def test_what_is_no_number_has_a_fault(number: str, fault: NumberFault) -> None:
    """On any day."""
    assert NumberRule().fault_of(number, LONG_BEFORE) == fault


@pytest.mark.parametrize("form", DEVICE_NUMBER_FORMS, ids=lambda form: form.example)
def test_a_form_has_its_example(form: DeviceNumberForm) -> None:
    """Which no other row has, and which is a fault on its day; a dated one on no other."""
    number = form.example.upper()

    assert [row for row in DEVICE_NUMBER_FORMS if row.fits(number, [DAY])] == [form]
    assert NumberRule().fault_of(form.example, DAY) == NumberFault.DEVICE_FORM
    elsewhere = NumberRule().fault_of(form.example, LONG_BEFORE)
    assert (elsewhere is None) == form.dated
    assert form.written_by
    assert form.source


@pytest.mark.parametrize("days", [(-1, True), (0, True), (1, True), (-2, False), (2, False)])
@pytest.mark.parametrize("form", [row for row in DEVICE_NUMBER_FORMS if row.dated])
def test_a_dated_form_counts_next_to_its_day(
    form: DeviceNumberForm, days: tuple[int, bool]
) -> None:
    """Of the study or of the receipt, whichever is near."""
    away, counts = days
    fault = NumberRule().fault_of(form.example, LONG_BEFORE, DAY + timedelta(away))

    assert (fault is NumberFault.DEVICE_FORM) == counts


def test_a_day_that_there_is_not_is_no_date() -> None:
    """31 February is a number."""
    assert NumberRule().fault_of("2602310255", date(2026, 3, 3)) is None


def test_the_documents_show_every_form(project: Path) -> None:
    """By its example, and whether it counts always."""
    text = (project / "docs" / "reference" / "settings.md").read_text("utf-8")
    told = re.findall(r"^\| `([^`]+)` \| .+ \| (immer|mit dem Datum) \|$", text, re.MULTILINE)

    assert told == [
        (form.example, "mit dem Datum" if form.dated else "immer") for form in DEVICE_NUMBER_FORMS
    ]


@pytest.mark.parametrize(
    ("pattern", "number", "fault"),
    [
        ("[0-9]{1,6}", "4711", None),
        ("[0-9]{1,6}", " 4711 ", None),
        ("[0-9]{1,6}", "47111111", NumberFault.OTHER_FORM),
        ("[0-9]{1,6}", "4711x", NumberFault.OTHER_FORM),
        ("[0-9]{1,6}", "", NumberFault.EMPTY),
        (r"\d+", "٤٧١١", NumberFault.OTHER_FORM),
        (r"\d+", "0", None),
        (r"\d+", "1" * 64, None),
        (r"\d+", "1" * 65, NumberFault.OTHER_FORM),
        ("K-[0-9]+|[0-9]+", "K-12", None),
        ("[0-9-]+", "20261130-025512", None),
        (".+", "4711^^^X", None),
    ],
)
def test_a_pattern_of_the_practice_replaces_the_rule(
    pattern: str, number: str, fault: NumberFault | None
) -> None:
    """From the first to the last character, and whatever the rule built in says."""
    assert NumberRule(pattern).fault_of(number, DAY) == fault


def test_every_fault_is_told() -> None:
    """In both languages."""
    assert set(NUMBER_FAULT_TEXT) == set(NumberFault)
    assert all(" / " in text for text in NUMBER_FAULT_TEXT.values())


@pytest.mark.law
@pytest.mark.parametrize("pattern", ["", "[0-9]{1,6}", "(?:K|P)?-?[0-9]+"])
@given(
    number=st.text() | st.from_regex(r"\A[0-9A-Z.\-_]{1,70}\Z"),
    days=st.lists(st.none() | st.dates(), max_size=3),
)
def test_every_text_has_an_answer(pattern: str, number: str, days: list[date | None]) -> None:
    """And what passes is written as it is: one value of ten characters, without delimiters."""
    fault = NumberRule(pattern).fault_of(number, *days)

    if fault is None and not pattern:
        assert re.fullmatch(r"[!-~]([ -~]{0,8}[!-~])?", number.strip(" \t\r\n\0\u00a0"))
        assert not set(number) & set("\\^=")
