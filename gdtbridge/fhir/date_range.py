"""Dates as FHIR has them, of any precision, as the time they cover (R4 3.1.1.4.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

_DATE: Final = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


MICROS: Final = 6
"""Digits of a fraction of a second that count."""


class DatePrefix(StrEnum):
    """How a date is compared (R4 3.1.1.4.6); ``ap`` is not among them."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"


@dataclass(frozen=True, slots=True)
class DateRange:
    """The time a date covers, the second moment not included."""

    begin: datetime
    end: datetime

    @property
    def days(self) -> tuple[date, date]:
        """The local days it may touch, one before and one behind for the sake of zones."""
        try:
            first = (self.begin - timedelta(days=1)).astimezone().date()
        except (OverflowError, OSError, ValueError):
            first = date.min
        try:
            last = (self.end + timedelta(days=1)).astimezone().date()
        except (OverflowError, OSError, ValueError):
            last = date.max
        return first, last

    def fits(self, prefix: DatePrefix, wanted: DateRange) -> bool:
        """Return whether this time is what a prefix and a time ask for (R4 3.1.1.4.5)."""
        is_within = wanted.begin <= self.begin and self.end <= wanted.end
        return {
            DatePrefix.EQ: is_within,
            DatePrefix.NE: not is_within,
            DatePrefix.GT: self.end > wanted.end,
            DatePrefix.LT: self.begin < wanted.begin,
            DatePrefix.GE: self.end > wanted.end or is_within,
            DatePrefix.LE: self.begin < wanted.begin or is_within,
            DatePrefix.SA: self.begin >= wanted.end,
            DatePrefix.EB: self.end <= wanted.begin,
        }[prefix]


def range_of(text: str) -> DateRange | None:
    """Return the time a date or dateTime covers, local where it names no zone; None for none."""
    match = _DATE.fullmatch(text.strip().replace(" ", "+"))
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        that_day = date(int(year), int(month or 1), int(day or 1))
        digits = (fraction or "")[:MICROS]
        micros = int(digits.ljust(MICROS, "0")) if digits else 0
        clock = time(int(hour or 0), int(minute or 0), int(second or 0), micros)
        first = datetime.combine(that_day, clock)
        if digits:
            last = first + timedelta(microseconds=10 ** (MICROS - len(digits)))
        elif hour:
            last = first + (timedelta(seconds=1) if second else timedelta(minutes=1))
        elif day:
            last = first + timedelta(days=1)
        else:
            last = _next(first, by_month=bool(month))
        return DateRange(_zoned(first, zone), _zoned(last, zone))
    except (OverflowError, OSError, ValueError):
        return None


def _next(first: datetime, *, by_month: bool) -> datetime:
    if by_month and first.month < 12:
        return first.replace(month=first.month + 1)
    return first.replace(year=first.year + 1, month=1)


def _zoned(moment: datetime, zone: str | None) -> datetime:
    """Return a moment in UTC, of one without a zone that of the practice."""
    if zone is None:
        return moment.astimezone(UTC)
    suffix = "+00:00" if zone == "Z" else zone
    return datetime.fromisoformat(moment.isoformat() + suffix).astimezone(UTC)
