"""Dates, times and amounts as each language writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from gdtbridge.gdt.tables.dates import parse_date
from gdtbridge.language import Language
from gdtbridge.people import Patient
from gdtbridge.web.pages.texts import Texts

NOTHING: Final = "\N{EN DASH}"
"""Stands where there is no date or time."""
MEGABYTE: Final = 1_000_000
_UNITS: Final = ((1000 * MEGABYTE, "GB"), (MEGABYTE, "MB"), (1000, "kB"))


@dataclass(frozen=True, slots=True)
class Formats:
    """How one language writes what is no text; times are those of this machine's zone."""

    texts: Texts

    @property
    def as_filters(self) -> Mapping[str, Callable[..., str]]:
        """The formats by the names templates use."""
        return {
            "day": self.day,
            "long_day": self.long_day,
            "clock": self.clock,
            "moment": self.moment,
            "born": self.born,
            "record_day": self.record_day,
            "id": element_id,
            "size": self.size,
            "number": self.number,
            "one_of": self.one_of,
        }

    def day(self, when: date | float | None) -> str:
        """Return ``30.11.2026``; a dash where there is none."""
        return NOTHING if when is None else self.texts.language.day(_date(when))

    def long_day(self, when: date | float) -> str:
        """Return ``Montag, 30. November``."""
        day = _date(when)
        weekday = self.texts(f"weekdays.{day.isoweekday()}")
        month = self.texts(f"months.{day.month}")
        return self.texts("formats.long_day", weekday=weekday, day=day.day, month=month)

    def clock(self, when: datetime | float | None) -> str:
        """Return ``09:42``; UTC seconds are told in local time, a dash where there is none."""
        return f"{_local(when):%H:%M}" if when is not None else NOTHING

    def moment(self, when: datetime | float | None) -> str:
        """Return ``30.11.2026, 09:42``, and of today the time alone."""
        if when is None:
            return NOTHING
        local = _local(when)
        today = datetime.now().astimezone().date()
        return self.clock(when) if local.date() == today else f"{self.day(local)}, {local:%H:%M}"

    def born(self, patient: Patient) -> str:
        """Return ``*12.03.1958``, or that there is no birth date."""
        born = patient.birth_date
        return f"*{self.day(born)}" if born else self.texts("patient.no_birth_date")

    def record_day(self, written: str) -> str:
        """Return the day of a GDT record (DDMMYYYY) as people write it; a dash without one."""
        day = parse_date(written)
        return self.day(day) if day is not None else NOTHING

    def size(self, size: float) -> str:
        """Return bytes as ``182 GB``: three figures are enough."""
        unit, name = next((one for one in _UNITS if size >= one[0]), (1, "B"))
        amount = size / unit
        return f"{self.number(amount, 0 if amount >= 10 or unit == 1 else 1)} {name}"

    def one_of(self, pair: str) -> str:
        """Return the half of ``German / English`` that is in the language; else the text."""
        parts = pair.split(" / ")
        return parts[self.texts.language] if len(parts) == len(Language) else pair

    def reason(self, code: str) -> str:
        """Return in a few words why something waits for a person: a code of ``reasons.tsv``."""
        path = f"clarify.reasons.{code}.title"
        return self.texts(path if self.texts.has(path) else "today.reason.other")

    def number(self, amount: float, decimals: int = 0) -> str:
        """Return ``1.234,5`` in German, ``1,234.5`` in English."""
        written = f"{amount:,.{decimals}f}"
        if self.texts.language is Language.GERMAN:
            written = written.translate(str.maketrans(",.", ".,"))
        return written


def element_id(name: str) -> str:
    """Return what stands for a name of others in the id of an element."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def _local(when: datetime | float) -> datetime:
    return when if isinstance(when, datetime) else datetime.fromtimestamp(when).astimezone()


def _date(when: date | float) -> date:
    if isinstance(when, datetime):
        return when.date()
    return when if isinstance(when, date) else _local(when).date()
