"""Dates, times and names as devices write them, read with care (PS3.5 6.2: DA, TM, PN)."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Final

_DATE: Final = re.compile(r"(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})", re.ASCII)
_TIME: Final = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,]\d*)?)?)?", re.ASCII)
_PLACEHOLDERS: Final = frozenset({"", "*", "-", "--", "."})


def to_date(text: str) -> date | None:
    """Return a DA value (also the old ``1987.08.02``), or ``None`` where it is none."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def to_time(text: str) -> time | None:
    """Return a TM value (hours alone, fractions of any length, colons), or ``None``.

    Fractions of a second are dropped: GDT has none. Second 60 (a leap second) becomes 59.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return time(hour, minute, min(second, 59) if second <= 60 else second)
    except ValueError:
        return None


def to_names(person_name: str) -> tuple[str, str]:
    """Return family and given name (with middle names) of a PN value's first written group."""
    group = next((g for g in person_name.split("=") if g.strip("^ ")), "")
    family, given, middle, *_ = [*(part.strip() for part in group.split("^")), "", "", ""]
    return family, " ".join(part for part in (given, middle) if part)


def meaningful(text: str) -> str:
    """Return a description, or nothing where a device wrote only a placeholder."""
    text = " ".join(text.split())
    return "" if text in _PLACEHOLDERS else text
