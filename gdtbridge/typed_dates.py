"""Dates and times as people type them: ``12.3.58``, ``12. März 58``, ``morgen``, ``930``.

Programs write dates in whole (`gdtbridge.gdt.tables.dates`, which reads all of that here, too);
people leave out zeros, dots and the century. Nothing is guessed that could be somebody else's
birthday: day and month never change places, and of two centuries the one is meant in which the
person can be born.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from gdtbridge.gdt.errors import GdtDateError
from gdtbridge.gdt.tables.dates import BirthDate, parse_clock, parse_date, read_birth_date, time_of
from gdtbridge.tsv import table

OLDEST: Final = 120
"""Years of age from which a birth date is asked about."""

SHORTEST_WEEKDAY: Final = 3
"""Letters a weekday has more than: ``mo`` may begin a name."""


class DateProblem(StrEnum):
    """What is wrong with a date or time somebody typed."""

    UNREADABLE = "unreadable"
    NO_SUCH_DAY = "no-such-day"
    FUTURE = "future"
    TOO_OLD = "too-old"
    YEAR_MISSING = "year-missing"
    NO_TIME = "no-time"


class TypedDateError(ValueError):
    """What was typed is no date, or none that can be meant; the text is for people."""

    def __init__(self, problem: DateProblem, *shown: object) -> None:
        """Take what is ``shown`` in the sentence of ``problem`` (``typed_dates.tsv``)."""
        super().__init__(" / ".join(one.format(*shown) for one in sentences()[problem]))
        self.problem = problem


@cache
def sentences() -> Mapping[str, tuple[str, str]]:
    """Return the German and the English sentence of each problem."""
    rows = (row[1:] for row in table("typed_dates.tsv") if row[0] == "problem")
    return {code: (german, english) for code, german, english in rows}


@cache
def _words(kind: str) -> Mapping[str, int]:
    """Return the number of each word of a kind: months from 1, weekdays from Monday 0, days."""
    rows = (row[1:] for row in table("typed_dates.tsv") if row[0] == kind)
    return {word: int(number) for number, words in rows for word in words.split()}


_SIGNS: Final = r"\s*[.,/\-\s]\s*"
_PARTS: Final = re.compile(
    rf"(\d{{1,2}}){_SIGNS}(\d{{1,2}})(?:{_SIGNS}(\d{{4}}|\d{{2}})?)?\.?", re.ASCII
)
_NAMED: Final = re.compile(r"(\d{1,2})\.?\s*([^\W\d]+)\.?\s*(\d{4}|\d{2})?", re.UNICODE)
_SIX: Final = re.compile(r"(\d{2})(\d{2})(\d{2})", re.ASCII)
_YEAR: Final = re.compile(r"(?:(\d{1,2})[./])?(\d{4})", re.ASCII)
_LATER: Final = re.compile(r"\+\s*(\d{1,3})", re.ASCII)

_DayOf = Callable[[int, int, int | None], date]
"""Returns the day of day, month and year, the year with two digits, four, or none at all."""


def typed_birth_date(text: str, today: date) -> BirthDate:
    """Return the birth date somebody typed; raise `TypedDateError`.

    A year of two digits is this century's unless that lies in the future. Year, or month and year,
    may be all that is known.
    """
    said = text.strip()
    if (partial := _partial(said)) is not None:
        _must_be_possible(today.year - int(partial.partial[4:]))
        return partial

    def born(day: int, month: int, year: int | None) -> date:
        if year is None:
            raise TypedDateError(DateProblem.YEAR_MISSING)
        if year >= 100:
            return _day(day, month, year)
        this = today.year // 100 * 100 + year
        either = (_day_or_none(day, month, one) for one in (this, this - 100))
        meant = next((one for one in either if one is not None and one <= today), None)
        return meant or _day(day, month, this if this <= today.year else this - 100)

    found = _read(said, born)
    _must_be_possible(_age(found, today))
    return BirthDate(found)


def typed_day(text: str, today: date) -> date:
    """Return the day of an appointment somebody typed; raise `TypedDateError`.

    Without a year the next such day is meant, a weekday is the next one, ``+3`` is in three days.
    """
    said = text.strip().casefold()
    if said in _words("day"):
        return today + timedelta(days=_words("day")[said])
    if said in _words("weekday"):
        return today + timedelta(days=(_words("weekday")[said] - today.weekday() - 1) % 7 + 1)
    if later := _LATER.fullmatch(said):
        return today + timedelta(days=int(later[1]))

    def scheduled(day: int, month: int, year: int | None) -> date:
        if year is not None:
            return _day(day, month, year if year >= 100 else today.year // 100 * 100 + year)
        for one in range(today.year, today.year + 9):  # 29 February comes within eight years
            found = _day_or_none(day, month, one)
            if found is not None and found >= today:
                return found
        raise TypedDateError(DateProblem.NO_SUCH_DAY, f"{day:02}.{month:02}.")

    return _read(said, scheduled)


def named_day(text: str, today: date) -> date | None:
    """Return the day a word means for who looks back: ``gestern``, ``montag`` is the last one.

    None where it is no such word.
    """
    said = text.strip().casefold()
    if said in _words("past"):
        return today + timedelta(days=_words("past")[said])
    if said in _words("weekday") and len(said) > SHORTEST_WEEKDAY:
        return today - timedelta(days=(today.weekday() - _words("weekday")[said] - 1) % 7 + 1)
    return None


def typed_past_days(text: str, today: date) -> tuple[date, ...]:
    """Return the days that a day and month without a year may mean, the newest year first.

    This year's may be to come. Empty where it is no such text.
    """
    match = _PARTS.fullmatch(text.strip()) or _NAMED.fullmatch(text.strip())
    if match is None or match[3]:
        return ()
    month = int(match[2]) if match[2].isdecimal() else _words("month").get(match[2].casefold())
    years = range(today.year, today.year - OLDEST - 1, -1)
    days = (_day_or_none(int(match[1]), month or 0, year) for year in years)
    return tuple(day for day in days if day is not None)


def typed_past_day(text: str, today: date) -> date:
    """Return the day somebody typed who looks back; raise `TypedDateError`.

    ``gestern``, ``montag`` and ``27.11.`` are those before.
    """
    past = (one for one in typed_past_days(text, today) if one <= today)
    return named_day(text, today) or next(past, None) or typed_day(text, today)


def typed_time(text: str) -> time:
    """Return the time of day somebody typed: ``9``, ``930``, ``9:30``; raise `TypedDateError`."""
    said = re.sub(r"\s*(?:uhr|h)$", "", text.strip().casefold())
    if re.fullmatch(r"\d{1,2}", said, re.ASCII):
        said += ":00"
    found = time_of(parse_clock(said) or "")
    if found is None:
        raise TypedDateError(DateProblem.NO_TIME)
    return found


def _read(said: str, day_of: _DayOf) -> date:
    """Return the day a text says; raise `TypedDateError`."""
    if (whole := parse_date(said)) is not None:
        return day_of(whole.day, whole.month, whole.year)
    if match := _PARTS.fullmatch(said) or _SIX.fullmatch(said):
        return day_of(*_numbers(match))
    if (match := _NAMED.fullmatch(said)) and (month := _words("month").get(match[2].casefold())):
        return day_of(int(match[1]), month, int(match[3]) if match[3] else None)
    if re.fullmatch(r"\d{8}|\d{4}-\d{2}-\d{2}", said, re.ASCII):
        raise TypedDateError(DateProblem.NO_SUCH_DAY, said)
    raise TypedDateError(DateProblem.UNREADABLE)


def _numbers(match: re.Match[str]) -> tuple[int, int, int | None]:
    day, month, year = match.groups()
    return int(day), int(month), int(year) if year else None


def _partial(said: str) -> BirthDate | None:
    """Return a birth date of which the year, or month and year, is all that is known."""
    try:
        born = read_birth_date(said)
    except GdtDateError:
        born = BirthDate()
    if born.partial:
        return born
    match = _YEAR.fullmatch(said)
    if match is None or not 1800 <= int(match[2]) < 2200 or int(match[1] or 0) > 12:
        return None
    return BirthDate(partial=f"00{int(match[1] or 0):02}{match[2]}")


def _day(day: int, month: int, year: int) -> date:
    found = _day_or_none(day, month, year)
    if found is None:
        raise TypedDateError(DateProblem.NO_SUCH_DAY, f"{day:02}.{month:02}.{year}")
    return found


def _day_or_none(day: int, month: int, year: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _must_be_possible(age: int) -> None:
    if age < 0:
        raise TypedDateError(DateProblem.FUTURE)
    if age > OLDEST:
        raise TypedDateError(DateProblem.TOO_OLD, age)


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
