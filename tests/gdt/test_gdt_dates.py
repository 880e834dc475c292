"""Dates and times of GDT, in every form systems write."""

from __future__ import annotations

from datetime import date, time

import pytest

from gdtbridge.gdt.errors import GdtDateError
from gdtbridge.gdt.tables.dates import (
    date_text,
    is_partial_date,
    parse_clock,
    parse_date,
    partial_date_text,
    read_birth_date,
    read_date,
    read_time,
    time_of,
    time_text,
)
from gdtbridge.gdt.tables.fields import field_length


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12031985", date(1985, 3, 12)),
        ("12.03.1985", date(1985, 3, 12)),
        (" 1.3.1985 ", date(1985, 3, 1)),
        ("19850312", date(1985, 3, 12)),
        ("1985-03-12", date(1985, 3, 12)),
        ("12. 3. 1985", date(1985, 3, 12)),
        ("1985-03-12T00:00:00", date(1985, 3, 12)),
        ("12.03.1985 00:00", date(1985, 3, 12)),
        ("12.03.1985 09:30", None),
        ("03/12/1985", None),
        ("31021985", None),
        ("12031700", None),
        ("00000000", None),
        ("", None),
        ("120385", None),
    ],
)
def test_dates(text: str, day: date | None) -> None:
    """German and ISO order are read; a day nobody alive can mean is none."""
    assert parse_date(text) == day
    if day is not None:
        assert parse_date(date_text(day)) == day


@pytest.mark.parametrize(
    ("text", "partial"),
    [
        ("00001950", True),
        ("00031950", True),
        (" 00.00.1950 ", True),
        ("19500000", True),
        ("1950-03-00", True),
        ("00131950", False),
        ("00000000", False),
        ("00001700", False),
        ("12031985", False),
        ("20001219", False),
        ("31021990", False),
        ("", False),
    ],
)
def test_partial_dates(text: str, *, partial: bool) -> None:
    """Zeros for a day, or for day and month, before or behind a year; such a date is no day."""
    assert is_partial_date(text) is partial
    assert not partial or parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "partial"),
    [("00001950", "00001950"), ("00.03.1950", "00031950"), ("1950-03-00", "00031950")],
)
def test_partial_dates_as_gdt_has_them(text: str, partial: str) -> None:
    """Whatever way they are written they are one text, and no day."""
    assert partial_date_text(text) == partial
    born = read_birth_date(text)
    assert (born.day, born.partial) == (None, partial)


@pytest.mark.parametrize("text", ["", " ", "0", "00000000", "00.00.0000", "0000-00-00"])
def test_no_date_is_no_error(text: str) -> None:
    """A field without a date is filled with zeros, or not at all."""
    assert read_date(text) is None
    assert read_birth_date(text).partial == ""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("010190", "zwei Ziffern"),
        ("01.01.90", "zwei Ziffern"),
        ("1.1.90", "zwei Ziffern"),
        ("1-1-90", "zwei Ziffern"),
        ("31021990", "kein Datum"),
        ("00131950", "kein Datum"),
        ("1990", "kein Datum"),
        ("gestern", "kein Datum"),
    ],
)
def test_what_is_no_date_is_said(text: str, word: str) -> None:
    """A year of two digits is told as such: it may be of two centuries."""
    for read in (read_date, read_birth_date):
        with pytest.raises(GdtDateError, match=word):
            read(text)


@pytest.mark.parametrize(
    ("text", "digits", "moment"),
    [
        ("143005", "143005", time(14, 30, 5)),
        ("14:30:05", "143005", time(14, 30, 5)),
        ("143005.250", "143005", time(14, 30, 5)),
        ("0830", "0830", time(8, 30)),
        ("08:30", "0830", time(8, 30)),
        ("08.30 Uhr", "0830", time(8, 30)),
        ("83000", "083000", time(8, 30)),
        ("830", "0830", time(8, 30)),
        ("8:30", "0830", time(8, 30)),
        ("2359", "2359", time(23, 59)),
        ("12300", "012300", time(1, 23)),
        ("240000", None, None),
        ("930000", None, None),
        ("25", None, None),
        ("KI-Selfie", None, None),
    ],
)
def test_times(text: str, digits: str | None, moment: time | None) -> None:
    """Seconds may be missing, and the hour's zero; anything else is none."""
    assert parse_clock(text) == digits
    if digits is None:
        with pytest.raises(GdtDateError):
            read_time(text)
        return
    assert read_time(text) == digits
    assert time_of(digits) == moment
    assert time_of(read_time(time_text(moment))) == moment


@pytest.mark.parametrize("text", ["", "0000", "000000", "00:00", "0", " "])
def test_zeros_are_no_time(text: str) -> None:
    """Software that has no time writes zeros; nobody is examined at midnight by appointment."""
    assert read_time(text) == ""
    assert time_of("") is None


def test_the_length_of_a_field() -> None:
    """Lengths are those of the field table; a field without one has none to ask for."""
    assert (field_length("8410"), field_length("8411"), field_length("6302")) == (20, 60, 60)
    with pytest.raises(LookupError):
        field_length("8420")
