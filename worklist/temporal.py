"""Ranges of dates and times, for matching (PS3.4 C.2.2.2.5).

A value stands for an instant: what is not written counts as zero, so ``12`` is 12:00:00.000000 and
the range ``-12`` holds 11:30:59 but not 12:00:01.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gdtbridge.dataset.values import MICROSECONDS_A_DAY, da_text, to_date


def to_day(text: str) -> int | None:
    """Return the proleptic day number of a DA value, ``None`` where it is no date."""
    day = to_date(text)
    return None if day is None else day.toordinal()


def da_of(day: int) -> str:
    """Return a day number as a DA value, the first or last there is where it is beyond."""
    return da_text(date.fromordinal(max(1, min(day, date.max.toordinal()))))


@dataclass(frozen=True, slots=True)
class ValueRange:
    """An inclusive range on the number line of one of the parsers; ``None`` is an open end."""

    low: int | None
    high: int | None
    is_single: bool = False

    def holds(self, value: int | None) -> bool:
        """Whether ``value`` is known and lies within."""
        if value is None:
            return False
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


def parse_range(text: str, parse: Callable[[str], int | None]) -> ValueRange | None:
    """Return ``text`` (``a``, ``a-b``, ``-b`` or ``a-``) as a range of what ``parse`` reads."""
    single = parse(text)
    if single is not None:
        return ValueRange(single, single, is_single=True)
    for dash in (place for place, character in enumerate(text) if character == "-"):
        before, after = text[:dash].strip(), text[dash + 1 :].strip()
        low, high = parse(before), parse(after)
        known = (low is not None or not before) and (high is not None or not after)
        if known and (before or after):
            return ValueRange(low, high)
    return None


def instant(day: int, micros: int) -> int:
    """Return one number for a day number and the microseconds of that day."""
    return day * MICROSECONDS_A_DAY + micros


def instant_of(moment: datetime) -> int:
    """Return the number of a local time."""
    since_midnight = moment - datetime.combine(moment.date(), time(0))
    return instant(moment.toordinal(), since_midnight // timedelta(microseconds=1))


def night_before(now: datetime, hours: float) -> datetime | None:
    """Return since when what began yesterday belongs to this night; None by day.

    ``now`` is local time, naive. A night is what is not longer ago than ``hours``.
    """
    midnight = datetime.combine(now.date(), time(0))
    since = max(now - timedelta(hours=hours), midnight - timedelta(days=1))
    return since if since < midnight else None


def combined(days: ValueRange, times: ValueRange) -> ValueRange | None:
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
    return ValueRange(low, high, is_single=days.is_single)
