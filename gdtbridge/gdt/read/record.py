"""A record as it was read: lines, warnings and patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gdtbridge.gdt.tables.dates import parse_date, partial_date_text
from gdtbridge.gdt.tables.patient_fields import (
    BIRTH_DATES,
    FAMILY_NAMES,
    GIVEN_NAMES,
    PATIENT_IDS,
    PATIENT_OBJECTS,
    SEX,
    SEX_READ,
)
from gdtbridge.gdt.tables.record_types import OBJECT_MARKS
from gdtbridge.gdt.text import printable
from gdtbridge.people import Patient
from gdtbridge.tsv import sentences


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
    """A warning: something a reader had to tolerate, or a check found.

    ``code`` is stable (:data:`WARNINGS` lists all of the reader), ``message`` German and English
    without any content of the file; ``line`` is None for what concerns the whole record.
    """

    line: int | None
    code: str
    message: str


WARNINGS: Final = sentences("gdt/read/warnings.tsv")
"""Code of each warning of the reader to its sentence."""


UNREADABLE_CODES: Final = ("undecodable", "replacement-character")
"""Warnings of lines of which nobody knows all letters."""


def gdt_warning(code: str, line: int | None = None) -> GdtWarning:
    """Return the warning of that code."""
    return GdtWarning(line, code, WARNINGS[code])


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
        """Return the patient of the record; fields that are absent or unreadable stay empty.

        A patient's number is the patient's wherever it stands.
        """
        lines = self.patient_lines
        born = _any(lines, BIRTH_DATES)
        return Patient(
            id=_number(lines) or _number(self.lines),
            family_name=_any(lines, FAMILY_NAMES),
            given_name=_any(lines, GIVEN_NAMES),
            birth_date=parse_date(born),
            sex=SEX_READ.get(_any(lines, (SEX,)).upper()),
            birth_date_as_sent=partial_date_text(born),
        )

    def lines_with(self, *codes: str) -> frozenset[int | None]:
        """Return the lines one of these warnings is about."""
        return frozenset(warning.line for warning in self.warnings if warning.code in codes)

    @property
    def patient_lines(self) -> tuple[Line, ...]:
        """Return the lines that can name the patient.

        Where the patient has an object these are its lines, then those that stand in none.
        """
        within: list[Line] = []
        outside: list[Line] = []
        open_objects: list[bool] = []
        for line in self.lines:
            inside = bool(open_objects) and open_objects[-1]
            if line.id in OBJECT_MARKS:
                open_objects.append(inside or line.value.strip().casefold() in PATIENT_OBJECTS)
            elif line.id in OBJECT_MARKS.values() and open_objects:
                open_objects.pop()
            elif inside:
                within.append(line)
            elif not open_objects:
                outside.append(line)
        return (*within, *outside) if within else self.lines


def _number(lines: tuple[Line, ...]) -> str:
    """Return the patient's number; one of zeros only where no other field says one."""
    contents = [_any(lines, (field,)) for field in PATIENT_IDS]
    said = [content for content in contents if content]
    return next((content for content in said if content.strip("0")), next(iter(said), ""))


def _any(lines: tuple[Line, ...], ids: tuple[str, ...]) -> str:
    """Return the printable content of the first of these fields that is not empty."""
    found = {line.id: line.value for line in reversed(lines) if line.id in ids}
    contents = (printable(found.get(id_, "")) for id_ in ids)
    return next((content for content in contents if content), "")
