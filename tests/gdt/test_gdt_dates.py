"""Dates and times of GDT, in every form systems write."""

from __future__ import annotations

from datetime import date, time

import pytest

from gdtbridge.gdt.tables.dates import (
    date_text,
    is_partial_date,
    parse_clock,
    parse_date,
    parse_time,
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
    ("text", "digits", "moment"),
    [
        ("143005", "143005", time(14, 30, 5)),
        ("14:30:05", "143005", time(14, 30, 5)),
        ("0830", "0830", time(8, 30)),
        ("08:30", "0830", time(8, 30)),
        ("000000", "000000", time(0, 0)),
        ("240000", None, None),
        ("83000", None, time(8, 30)),
        ("8:30", None, time(8, 30)),
        ("930000", None, None),
        ("25", None, None),
        ("", None, None),
    ],
)
def test_times(text: str, digits: str | None, moment: time | None) -> None:
    """Seconds may be missing, in a time of day the hour's zero too; anything else is none."""
    assert parse_clock(text) == digits
    assert parse_time(text) == moment
    if moment is not None:
        assert parse_time(time_text(moment)) == moment


def test_the_length_of_a_field() -> None:
    """Lengths are those of the field table; a field without one has none to ask for."""
    assert (field_length("8410"), field_length("8411"), field_length("6302")) == (20, 60, 60)
    with pytest.raises(LookupError):
        field_length("8420")
