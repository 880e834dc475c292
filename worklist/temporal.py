"""Dates and times as DICOM writes them, and ranges of them (PS3.4 C.2.2.2.5, PS3.5 6.2).

A value stands for an instant: what is not written counts as zero, so ``12`` is 12:00:00.000000 and
the range ``-12`` holds 11:30:59 but not 12:00:01. All functions return ``None`` for what they
cannot read; they never raise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)|(\d{4})\.(\d\d)\.(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.(\d{1,9}))?)?)?", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4})(\d\d)?(\d\d)?(\d\d(?:\d\d(?:\d\d(?:\.\d{1,9})?)?)?)?([+-](?:0\d|1[0-4])[0-5]\d)?",
    re.ASCII,
)

MICROSECONDS_A_DAY = 24 * 60 * 60 * 1_000_000


def parse_date(text: str) -> int | None:
    """Return the proleptic day number of a DA value (``19870802`` or the old ``1987.08.02``)."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None


def parse_time(text: str) -> int | None:
    """Return the microseconds since midnight of a TM value (``1123``, or the old ``11:23:17``).

    ``24`` with nothing after it is the end of the day, second 60 is a leap second.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
    micros = int((found[4] or "").ljust(6, "0")[:6])
    total = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros
    if minutes > 59 or seconds > 60 or total > MICROSECONDS_A_DAY:
        return None
    return total


def parse_date_time(text: str) -> int | None:
    """Return the microseconds since year 1 of a DT value, in UTC where it names its offset."""
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        return None
    micros = parse_time(found[4] or "00")
    if micros is None:
        return None
    try:
        day = datetime(
            int(found[1]), int(found[2] or 1), int(found[3] or 1), tzinfo=_zone(found[5])
        )
        start = datetime(1, 1, 1, tzinfo=UTC)
        return (day + timedelta(microseconds=micros) - start) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def _zone(offset: str | None) -> timezone:
    if offset is None:
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


@dataclass(frozen=True, slots=True)
class Range:
    """An inclusive range on the number line of one of the parsers; ``None`` is an open end."""

    low: int | None
    high: int | None
    is_single: bool = False

    def holds(self, value: int | None) -> bool:
        """Whether ``value`` is known and lies within."""
        if value is None:
            return False
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


def parse_range(text: str, parse: Callable[[str], int | None]) -> Range | None:
    """Return ``text`` (``a``, ``a-b``, ``-b`` or ``a-``) as a range of what ``parse`` reads."""
    single = parse(text)
    if single is not None:
        return Range(single, single, is_single=True)
    for dash in (place for place, character in enumerate(text) if character == "-"):
        before, after = text[:dash].strip(), text[dash + 1 :].strip()
        low, high = parse(before), parse(after)
        known = (low is not None or not before) and (high is not None or not after)
        if known and (before or after):
            return Range(low, high)
    return None


def instant(day: int, micros: int) -> int:
    """Return one number for a day number and the microseconds of that day."""
    return day * MICROSECONDS_A_DAY + micros


def combined(days: Range, times: Range) -> Range | None:
    """Return the range from the first day's first time to the last day's last time.

    A time that is open where its date is not means the start or the end of that day. ``None``
    where the two do not combine: a single value beside a range, or a date left open beside a time.
    """
    open_dates = (days.low is None and times.low is not None) or (
        days.high is None and times.high is not None
    )
    if days.is_single != times.is_single or open_dates:
        return None
    low = None if days.low is None else instant(days.low, times.low or 0)
    end = MICROSECONDS_A_DAY if times.high is None else times.high
    high = None if days.high is None else instant(days.high, end)
    return Range(low, high, is_single=days.is_single)


def date_of(text: str) -> date | None:
    """Return a DA value as a date."""
    day = parse_date(text)
    return None if day is None else date.fromordinal(day)


def time_of(text: str) -> time | None:
    """Return a TM value as a time, the end of the day and leap seconds as its last second."""
    micros = parse_time(text)
    if micros is None:
        return None
    seconds = min(micros // 1_000_000, 24 * 60 * 60 - 1)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)
