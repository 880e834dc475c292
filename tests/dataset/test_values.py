"""Dates, times and names as devices write them."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.dataset.values import (
    ComponentGroup,
    PersonName,
    meaningful,
    to_date,
    to_instant,
    to_microseconds,
    to_time,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20240115", date(2024, 1, 15)),
        ("2024.01.15", date(2024, 1, 15)),
        ("2024-01-15", date(2024, 1, 15)),
        (" 20240115 ", date(2024, 1, 15)),
        ("", None),
        ("20240231", None),
        ("20241315", None),
        ("0000", None),
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
        ("256000", None),
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
    [("Abdomen", "Abdomen"), ("*", ""), ("-", ""), (" . ", ""), ("", ""), ("a  b", "a b")],
)
def test_placeholders_say_nothing(text: str, expected: str) -> None:
    """A GE device writes ``*`` where it knows no description."""
    assert meaningful(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 43_200_000_000),
        ("113059.654321", 41_459_654_321),
        ("11:30:59,5", 41_459_500_000),
        ("113059.1234567890", 41_459_123_456),
        ("24", 86_400_000_000),
        ("240000.000", 86_400_000_000),
        ("240001", None),
        ("235960", 86_400_000_000),
        ("1260", None),
        ("", None),
    ],
)
def test_instants_of_a_day(text: str, expected: int | None) -> None:
    """What is not written counts as zero; the end of the day is one."""
    assert to_microseconds(text) == expected


def test_a_name_has_groups_of_components() -> None:
    """Blanks around components and what is empty at the end do not belong to a name."""
    name = PersonName.of(" Müller ^Änne^ Maria^Dr.^MdB =^ =ミュラ^")
    assert name.groups == (
        ComponentGroup(("Müller", "Änne", "Maria", "Dr.", "MdB")),
        ComponentGroup(),
        ComponentGroup(("ミュラ",)),
    )
    assert name.written.parts == ("Müller", "Änne", "Maria", "Dr.", "MdB")
    assert ComponentGroup(("Müller",)).parts == ("Müller", "", "", "", "")
    assert ComponentGroup(tuple("abcdef")).parts == tuple("abcde")
    assert str(name) == "Müller^Änne^Maria^Dr.^MdB==ミュラ"
    assert PersonName.of("^^=^") == PersonName.of("")


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """No value of a wire raises."""
    to_date(text)
    to_time(text)
    to_instant(text)
    name = PersonName.of(text)
    assert PersonName.of(str(name)) == name
