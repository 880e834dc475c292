"""When an order is for: a day and a time somebody says become the start of the procedure."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Final

from gdtbridge.errors import OrderError
from gdtbridge.gdt.errors import GdtDateError
from gdtbridge.gdt.tables.dates import read_date

_FURTHEST: Final = timedelta(days=5 * 366)
TOO_FAR: Final = "Das Datum liegt zu weit in der Zukunft. / The date is too far in the future."
PAST: Final = "Liegt in der Vergangenheit. / Is in the past."
NO_TIME: Final = "Keine Uhrzeit (hh:mm). / Not a time (hh:mm)."


def start_of(day: date | None, at: time | None, now: datetime) -> datetime | None:
    """Return the start (local time) of what is for a day; None: now, also for a day that is over.

    Without a time it is that of the order. Raises `OrderError` for a day more than five years
    ahead.
    """
    if day is None or day < now.date():
        return None
    if day > furthest(now).date():
        raise OrderError("scheduled", TOO_FAR)
    return datetime.combine(day, at or now.time()).replace(microsecond=0)


def furthest(now: datetime) -> datetime:
    """Return the last time an order may be for."""
    return now + _FURTHEST


def start_said(day: str, at: str, today: date, clock: time) -> datetime | None:
    """Return the start that two texts say, of whom asks ``today`` at a local time; None: now.

    ``today`` is the last day of all where it is not known. Raises `OrderError` for what is no date
    (``scheduled``) or no time (``time``), and for a day that is over.
    """
    wanted = _time(at)
    try:
        start = read_date(day)
    except GdtDateError as error:
        raise OrderError("scheduled", str(error)) from error
    if today == date.max:  # no clock to compare with
        return None if start is None else datetime.combine(start, wanted or clock)
    if start is not None and start < today:
        raise OrderError("scheduled", PAST)
    return start_of(start or (today if wanted else None), wanted, datetime.combine(today, clock))


def _time(text: str) -> time | None:
    """Return a time of day: ``09:30``, ``0930`` or ``093000``."""
    digits = text.strip().replace(":", "")
    if not digits:
        return None
    if digits.isascii() and digits.isdigit() and len(digits) in {4, 6}:
        with suppress(ValueError):
            return time(int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0))
    raise OrderError("time", NO_TIME)
