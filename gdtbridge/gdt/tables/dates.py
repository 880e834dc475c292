"""Dates and times of GDT: read in every form systems write, written as TTMMJJJJ and HHMMSS.

Files, URLs, the API and commands all read here: `read_date`, `read_birth_date` and `read_time` say
what a field says, which may be nothing, or raise `GdtDateError` with a sentence for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from gdtbridge.gdt.errors import GdtDateError

NO_DATE: Final = (
    "Das ist kein Datum (TTMMJJJJ, TT.MM.JJJJ oder JJJJ-MM-TT). / This is no date (ddmmyyyy, "
    "dd.mm.yyyy or yyyy-mm-dd)."
)
SHORT_YEAR: Final = (
    "Das Jahr hat zwei Ziffern; welches Jahrhundert gemeint ist, weiß niemand (TTMMJJJJ). / The "
    "year has two digits, and nobody knows of which century (ddmmyyyy)."
)
NO_TIME: Final = (
    "Das ist keine Uhrzeit (HHMMSS oder HH:MM). / This is no time of day (HHMMSS or HH:MM)."
)

_MIDNIGHT: Final = r"(?:[T ]0?0:00(?::00)?(?:\.0+)?)?"
_DAY_FIRST: Final = re.compile(
    rf"(?:(\d{{2}})(\d{{2}})(\d{{4}})|(\d{{1,2}})\. ?(\d{{1,2}})\. ?(\d{{4}})){_MIDNIGHT}", re.ASCII
)
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})-?(\d{{2}})-?(\d{{2}}){_MIDNIGHT}", re.ASCII)
_SHORT: Final = re.compile(r"\d{6}|\d{1,2}[. -]+\d{1,2}[. -]+\d{2}", re.ASCII)
_YEARS: Final = range(1800, 2200)
_PARTIAL: Final = re.compile(
    r"00\.?(?P<month>0\d|1[0-2])\.?(?P<year>(?:1[89]|2[01])\d{2})"
    r"|(?P<iso_year>(?:1[89]|2[01])\d{2})-?(?P<iso_month>0\d|1[0-2])-?00",
    re.ASCII,
)


def parse_date(text: str) -> date | None:
    """Read TTMMJJJJ or T.M.JJJJ, or JJJJMMTT as GDT 3.5 and some systems write it; else None.

    No day of the years 1800-2199 can be read both ways: the century would be a month. A midnight
    behind the day says nothing.
    """
    text = text.strip()
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in match.groups() if part)
        if (found := _date(year, month, day)) is not None:
            return found
    if match := _YEAR_FIRST.fullmatch(text):
        return _date(*map(int, match.groups()))
    return None


def says_no_date(text: str) -> bool:
    """Return whether a date field says nothing: empty, or nothing but zeros."""
    return not text.strip(" 0.-")


def read_date(text: str) -> date | None:
    """Return the day a field says, None where it says none; raise `GdtDateError` for all else."""
    if says_no_date(text):
        return None
    if (day := parse_date(text)) is not None:
        return day
    raise GdtDateError(SHORT_YEAR if _SHORT.fullmatch(text.strip()) else NO_DATE)


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A birth date as far as it is known: the day, or else what a partial date says."""

    day: date | None = None
    partial: str = ""
    """TTMMJJJJ with zeros for what is not known, where there is no day."""


def read_birth_date(text: str) -> BirthDate:
    """Return the birth date a field says; raise `GdtDateError` for what is none.

    Where no more is known, day or day and month are zeros (KVDT, field 3103: ``00001950``).
    """
    if partial := partial_date_text(text):
        return BirthDate(partial=partial)
    return BirthDate(read_date(text))


def partial_date_text(text: str) -> str:
    """Return a date that leaves out its day, or day and month, as TTMMJJJJ; else nothing."""
    match = _PARTIAL.fullmatch(text.strip())
    if match is None:
        return ""
    return f"00{match['month'] or match['iso_month']}{match['year'] or match['iso_year']}"


def is_partial_date(text: str) -> bool:
    """Return whether a date leaves out its day, or day and month, by zeros."""
    return bool(partial_date_text(text))


_CLOCK: Final = re.compile(
    r"(\d|[01]\d|2[0-3])[:.]?([0-5]\d)(?:[:.]?([0-5]\d)(?:[.,]\d+)?)?(?: ?Uhr)?", re.ASCII | re.I
)


def parse_clock(text: str) -> str | None:
    """Read HHMMSS, or HHMM where there are no seconds, also with colons; None for anything else.

    The hour may have one digit. The digits are returned, the hour with two: whether the seconds
    were said makes a difference.
    """
    text = text.strip()
    match = _CLOCK.fullmatch(f"0{text}") if _odd_digits(text) else _CLOCK.fullmatch(text)
    if match is None:
        return None
    return f"{match[1]:0>2}{match[2]}{match[3] or ''}"


def _odd_digits(text: str) -> bool:
    """Return whether digits without signs between them have an hour of one digit."""
    return text.isdigit() and len(text) in {3, 5}


def read_time(text: str) -> str:
    """Return the digits (HHMM or HHMMSS) of a time of day, empty where a field says none.

    Zeros say none: software writes them that has no time. Raises `GdtDateError` for all else.
    """
    if not text.strip(" 0:."):
        return ""
    if (digits := parse_clock(text)) is not None:
        return digits
    raise GdtDateError(NO_TIME)


def time_of(digits: str) -> time | None:
    """Return the time of the digits of `read_time`; None without any."""
    return time(int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)) if digits else None


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
