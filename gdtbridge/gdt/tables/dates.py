"""Dates and times of GDT: read in every form systems write, written as TTMMJJJJ and HHMMSS."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Final

_DAY_FIRST: Final = re.compile(r"(\d{2})(\d{2})(\d{4})|(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_YEARS: Final = range(1800, 2200)
_PARTIAL: Final = re.compile(
    r"00\.?(0\d|1[0-2])\.?(1[89]|2[01])\d{2}|(1[89]|2[01])\d{2}-?(0\d|1[0-2])-?00", re.ASCII
)


def parse_date(text: str) -> date | None:
    """Read TTMMJJJJ or T.M.JJJJ, or JJJJMMTT as GDT 3.5 and some systems write it; else None.

    No day of the years 1800-2199 can be read both ways: the century would be a month.
    """
    text = text.strip()
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in match.groups() if part)
        if (found := _date(year, month, day)) is not None:
            return found
    if match := _YEAR_FIRST.fullmatch(text):
        return _date(*map(int, match.groups()))
    return None


def is_partial_date(text: str) -> bool:
    """Return whether a date leaves out its day, or day and month, by zeros (``00001950``).

    Birth dates may do so where no more is known (KVDT, field 3103).
    """
    return _PARTIAL.fullmatch(text.strip()) is not None


_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d))?", re.ASCII)


def parse_clock(text: str) -> str | None:
    """Read HHMMSS, or HHMM where there are no seconds, also with colons; None for anything else.

    The digits are returned: whether the seconds were said makes a difference.
    """
    match = _CLOCK.fullmatch(text.strip())
    return "".join(part or "" for part in match.groups()) if match else None


def parse_time(text: str) -> time | None:
    """Read HHMMSS or HHMM, also with colons or an hour of one digit; None for anything else."""
    digits = parse_clock(text) or parse_clock(f"0{text.strip()}")
    if digits is None:
        return None
    return time(int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0))


def _date(year: int, month: int, day: int) -> date | None:
    """Return that day, None when there is none or nobody alive can mean it."""
    if year not in _YEARS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def date_text(day: date | None) -> str:
    """Return TTMMJJJJ, the form of every date field; empty without a date."""
    return f"{day.day:02}{day.month:02}{day.year:04}" if day else ""


def time_text(moment: time | None) -> str:
    """Return HHMMSS, the form of every time field; empty without a time."""
    return "" if moment is None else f"{moment.hour:02}{moment.minute:02}{moment.second:02}"
