"""A record as it was read: lines, warnings and whom it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gdtbridge.gdt.tables.codes import SEX_READ
from gdtbridge.gdt.text import printable
from gdtbridge.people import Patient


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a record.

    ``line`` is the physical line of the file, counted from 1. ``raw`` is that line as it came,
    without its line end. ``id`` is empty for a line that is no field (kept, never interpreted).
    """

    id: str
    value: str
    line: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class GdtWarning:
    """Something a reader had to tolerate.

    ``code`` is stable (``gdtbridge.gdt.WARNINGS`` lists all), ``message`` German and English
    without any content of the file; ``line`` is None for what concerns the whole record.
    """

    line: int | None
    code: str
    message: str


PATIENT_IDS: Final = ("3000", "3600", "0193")
FAMILY_NAMES: Final = ("3101", "3301")
GIVEN_NAMES: Final = ("3102", "3302")
BIRTH_DATES: Final = ("3103", "3303")
SEX: Final = "3110"
"""Where a patient stands: the standard's field, that of the dicomPACS dialect, of x.concept."""

PATIENT_OBJECTS: Final = frozenset({"obj_patient", "obj_0045"})
"""The patient's object in 3.0 and 3.1, in 3.5; in small letters. A doctor's has the same fields."""

OBJECT_STARTS: Final = frozenset({"8002", "8200"})
OBJECT_ENDS: Final = frozenset({"8003", "8201"})


@dataclass(frozen=True, slots=True)
class Record:
    """One GDT record (Satz).

    ``version`` is field 9218 (0001 in GDT 3.5), ``encoding`` the Python codec its lines were
    decoded with, ``data`` the bytes of the record exactly as they came.
    """

    record_type: str
    version: str | None
    encoding: str
    lines: tuple[Line, ...]
    warnings: tuple[GdtWarning, ...]
    data: bytes = field(default=b"", repr=False)

    def first(self, id: str) -> str | None:  # noqa: A002 - the word of the interface
        """Return the content of the first such field, None without one."""
        return next((line.value for line in self.lines if line.id == id), None)

    def all(self, id: str) -> tuple[str, ...]:  # noqa: A002 - the word of the interface
        """Return the contents of all such fields, in their order."""
        return tuple(line.value for line in self.lines if line.id == id)

    @property
    def patient(self) -> Patient:
        """Return whom the record is about; fields that are absent or unreadable stay empty.

        A patient's number is the patient's wherever it stands.
        """
        lines = self.patient_lines
        return Patient(
            id=_any(lines, PATIENT_IDS) or _any(self.lines, PATIENT_IDS),
            family_name=_any(lines, FAMILY_NAMES),
            given_name=_any(lines, GIVEN_NAMES),
            birth_date=parse_date(_any(lines, BIRTH_DATES)),
            sex=SEX_READ.get(_any(lines, (SEX,)).upper()),
        )

    @property
    def patient_lines(self) -> tuple[Line, ...]:
        """Return the lines that can say whom the record is about.

        Where the patient has an object these are its lines, then those that stand in none.
        """
        within: list[Line] = []
        outside: list[Line] = []
        open_objects: list[bool] = []
        for line in self.lines:
            inside = bool(open_objects) and open_objects[-1]
            if line.id in OBJECT_STARTS:
                open_objects.append(inside or line.value.strip().casefold() in PATIENT_OBJECTS)
            elif line.id in OBJECT_ENDS and open_objects:
                open_objects.pop()
            elif inside:
                within.append(line)
            elif not open_objects:
                outside.append(line)
        return (*within, *outside) if within else self.lines


def _any(lines: tuple[Line, ...], ids: tuple[str, ...]) -> str:
    """Return the printable content of the first of these fields that is not empty."""
    found = {line.id: line.value for line in reversed(lines) if line.id in ids}
    contents = (printable(found.get(id_, "")) for id_ in ids)
    return next((content for content in contents if content), "")


_DAY_FIRST: Final = re.compile(r"(\d{2})(\d{2})(\d{4})|(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_YEARS: Final = range(1800, 2200)


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


_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d))?", re.ASCII)


def parse_clock(text: str) -> str | None:
    """Read HHMMSS, or HHMM where there are no seconds, also with colons; None for anything else.

    The digits are returned: whether the seconds were said makes a difference.
    """
    match = _CLOCK.fullmatch(text.strip())
    return "".join(part or "" for part in match.groups()) if match else None


def _date(year: int, month: int, day: int) -> date | None:
    """Return that day, None when there is none or nobody alive can mean it."""
    if year not in _YEARS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
