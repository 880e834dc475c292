"""Dates and times as people type them; today is Monday, 30 November 2026."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.gdt.tables.dates import BirthDate
from gdtbridge.typed_dates import (
    DateProblem,
    TypedDateError,
    sentences,
    typed_birth_date,
    typed_day,
    typed_time,
)

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        *(
            (typed, date(1958, 3, 12))
            for typed in (
                *("12.3.58", "12.03.1958", "120358", "12031958", "12/3/58", "12-3-58", "12 3 58"),
                *("12,3,58", "1958-03-12", "19580312", "12. März 58", "12 mrz 1958", " 12.3.58 "),
                *("12.Mär.58", "12 MARCH 1958", "12. 3. 1958"),
            )
        ),
        ("12.3.26", date(2026, 3, 12)),
        ("30.11.26", date(2026, 11, 30)),
        ("1.12.26", date(1926, 12, 1)),
        ("30.11.27", date(1927, 11, 30)),
        ("12.3.20", date(2020, 3, 12)),
        ("29.2.2000", date(2000, 2, 29)),
        ("29.2.28", date(1928, 2, 29)),
    ],
)
def test_birth_dates(typed: str, born: date) -> None:
    """A century that is not said is the one in which the person can have been born."""
    assert typed_birth_date(typed, TODAY) == BirthDate(born)


@pytest.mark.parametrize(
    ("typed", "partial"),
    [
        ("1950", "00001950"),
        ("00.00.1950", "00001950"),
        ("3.1950", "00031950"),
        ("00.03.1950", "00031950"),
    ],
)
def test_birth_dates_known_in_part(typed: str, partial: str) -> None:
    """The year, or month and year, may be all there is."""
    assert typed_birth_date(typed, TODAY) == BirthDate(partial=partial)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("12.3.958", DateProblem.UNREADABLE),
        ("13.12.58x", DateProblem.UNREADABLE),
        ("2908", DateProblem.UNREADABLE),
        ("12 foo 58", DateProblem.UNREADABLE),
        ("heute", DateProblem.UNREADABLE),
        ("", DateProblem.UNREADABLE),
        ("12.13.58", DateProblem.NO_SUCH_DAY),
        ("31.2.71", DateProblem.NO_SUCH_DAY),
        ("29.2.1900", DateProblem.NO_SUCH_DAY),
        ("311358", DateProblem.NO_SUCH_DAY),
        ("31132058", DateProblem.NO_SUCH_DAY),
        ("12.3.", DateProblem.YEAR_MISSING),
        ("12. März", DateProblem.YEAR_MISSING),
        ("1.12.2026", DateProblem.FUTURE),
        ("2050", DateProblem.FUTURE),
        ("1.1.1890", DateProblem.TOO_OLD),
        ("1890", DateProblem.TOO_OLD),
    ],
)
def test_what_is_no_birth_date(typed: str, problem: DateProblem) -> None:
    """Day and month never change places, and nothing is guessed."""
    with pytest.raises(TypedDateError) as caught:
        typed_birth_date(typed, TODAY)

    assert caught.value.problem is problem


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("1.12.26", date(2026, 12, 1)),
        ("011226", date(2026, 12, 1)),
        ("15.1.", date(2027, 1, 15)),
        ("15.1", date(2027, 1, 15)),
        ("30.11.", date(2026, 11, 30)),
        ("29.2.", date(2028, 2, 29)),
        ("heute", date(2026, 11, 30)),
        ("Morgen", date(2026, 12, 1)),
        ("übermorgen", date(2026, 12, 2)),
        ("+3", date(2026, 12, 3)),
        ("mo", date(2026, 12, 7)),
        ("Dienstag", date(2026, 12, 1)),
        ("so", date(2026, 12, 6)),
    ],
)
def test_days_of_appointments(typed: str, day: date) -> None:
    """Without a year the next one is meant."""
    assert typed_day(typed, TODAY) == day


def test_an_appointment_on_no_day() -> None:
    """It is told which day there is not."""
    with pytest.raises(TypedDateError, match=r"Den 31\.06\. gibt es nicht"):
        typed_day("31.6.", TODAY)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        *((typed, time(9, 30)) for typed in ("930", "9:30", "9.30", "0930", "9:30 Uhr", "9.30h")),
        ("9", time(9)),
        ("14 Uhr", time(14)),
        ("0:15", time(0, 15)),
    ],
)
def test_times(typed: str, moment: time) -> None:
    """With or without signs and minutes."""
    assert typed_time(typed) == moment


@pytest.mark.parametrize("typed", ["25:00", "961", "24", "", "halb zehn", "9:3"])
def test_what_is_no_time(typed: str) -> None:
    """The sentence shows what a time looks like."""
    with pytest.raises(TypedDateError, match="9:30 oder 930"):
        typed_time(typed)


@given(st.dates(date(1907, 1, 1), TODAY))
def test_a_day_is_read_as_it_was_written(born: date) -> None:
    """In every form that names the century."""
    forms = ("%d.%m.%Y", "%d%m%Y", "%Y-%m-%d", "%Y%m%d", "%d/%m/%Y")
    assert {typed_birth_date(born.strftime(form), TODAY) for form in forms} == {BirthDate(born)}
    short = typed_birth_date(born.strftime("%d%m%y"), TODAY).day
    assert short is not None
    assert (short.day, short.month, short.year % 100) == (born.day, born.month, born.year % 100)
    assert short <= TODAY


@given(st.text(max_size=12))
def test_anything_typed_is_a_date_or_an_error(typed: str) -> None:
    """Nothing else comes of it."""
    for read in (typed_birth_date, typed_day):
        with suppress(TypedDateError):
            read(typed, TODAY)


def test_every_problem_has_its_sentences() -> None:
    """In German and in English."""
    assert set(sentences()) == set(DateProblem)
