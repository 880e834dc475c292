"""Dates, times and names as devices write them."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.dataset.values import meaningful, to_date, to_names, to_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20240115", date(2024, 1, 15)),
        ("2024.01.15", date(2024, 1, 15)),
        ("2024-01-15", date(2024, 1, 15)),
        (" 20240115 ", date(2024, 1, 15)),
        ("", None),
        ("20240231", None),
        ("00000000", None),
        ("20240115-20240116", None),
        ("yesterday", None),
        ("\uff12\uff10\uff12\uff140115", None),
    ],
)
def test_dates(text: str, expected: date | None) -> None:
    """A DA value is read, an impossible one is no date."""
    assert to_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("103015", time(10, 30, 15)),
        ("103015.123456", time(10, 30, 15)),
        ("103015.5", time(10, 30, 15)),
        ("103015.1234567890", time(10, 30, 15)),
        ("1030", time(10, 30)),
        ("10", time(10)),
        ("10:30:15", time(10, 30, 15)),
        ("235960", time(23, 59, 59)),
        ("", None),
        ("240000", None),
        ("103099", None),
        ("1", None),
        ("noon", None),
    ],
)
def test_times(text: str, expected: time | None) -> None:
    """TM values of every precision are read; an impossible one is no time."""
    assert to_time(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Müller^Änne", ("Müller", "Änne")),
        ("Müller^Änne^Maria^Dr.^", ("Müller", "Änne Maria")),
        ("Müller", ("Müller", "")),
        ("Wang^XiaoDong=王^小东", ("Wang", "XiaoDong")),
        ("=王^小东", ("王", "小东")),
        ("^^^^", ("", "")),
        ("", ("", "")),
        (" OB ^^^^", ("OB", "")),
    ],
)
def test_names(text: str, expected: tuple[str, str]) -> None:
    """The first written group of a PN value gives family and given name."""
    assert to_names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Abdomen", "Abdomen"), ("*", ""), ("-", ""), (" . ", ""), ("", ""), ("a  b", "a b")],
)
def test_placeholders_say_nothing(text: str, expected: str) -> None:
    """A GE device writes ``*`` where it knows no description."""
    assert meaningful(text) == expected


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """No value of a wire raises."""
    to_date(text)
    to_time(text)
    to_names(text)
