"""Which Patient IDs can be numbers of the practice.

A device that examines somebody who was not chosen writes something all the same: its clock, a word
or a UID. ``device_numbers.tsv`` has those forms.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from gdtbridge.dataset.values import to_date
from gdtbridge.gdt.tables.fields import field_length
from gdtbridge.settings.patterns import LONGEST_TEXT, compiled_pattern
from gdtbridge.tsv import table


class NumberFault(StrEnum):
    """Why a Patient ID is no number of the practice."""

    EMPTY = "empty"
    SEVERAL = "several-values"
    DEVICE_FORM = "device-form"
    TOO_LONG = "too-long"
    CHARACTERS = "characters"
    OTHER_FORM = "other-form"


LONGEST: Final = field_length("3000")
"""Characters GDT field 3000 holds."""

NUMBER_FAULT_TEXT: Final = {
    NumberFault.EMPTY: "Die Patientennummer fehlt. / The patient number is missing.",
    NumberFault.SEVERAL: "Die Patientennummer besteht aus mehreren Werten. / The patient number"
    " has several values.",
    NumberFault.DEVICE_FORM: "Die Patientennummer hat das Gerät selbst vergeben, etwa aus Datum und"
    " Uhrzeit, oder sie ist ein Platzhalter. / The device made the patient number itself, for"
    " example of date and time, or it is a placeholder.",
    NumberFault.TOO_LONG: f"Die Patientennummer ist länger als {LONGEST} Zeichen (GDT-Feld 3000)."
    f" / The patient number is longer than {LONGEST} characters (GDT field 3000).",
    NumberFault.CHARACTERS: "Die Patientennummer enthält Zeichen, die in Nummern der Praxis nicht"
    " vorkommen. / The patient number has characters that no number of the practice has.",
    NumberFault.OTHER_FORM: "Die Patientennummer passt nicht zum Muster der Praxis"
    " (exam.patient_id_pattern). / The patient number does not fit the practice's pattern.",
}
"""What a person is told of each `NumberFault`."""

_PADDING: Final = " \0\t\r\n\u00a0"
_NUMBER: Final = re.compile(r"[ -~]+")
"""ASCII: what every character set of GDT writes as it is (``gdt/tables/charsets.py``)."""
_NEVER: Final = frozenset("^=")
"""Delimiters of DICOM and HL7, never part of a number."""
_PARTS: Final = {
    "year": r"(?:19|20)\d\d",
    "yy": r"\d\d",
    "month": r"0[1-9]|1[0-2]",
    "day": r"0[1-9]|[12]\d|3[01]",
    "hour": r"[01]\d|2[0-3]",
    "minute": r"[0-5]\d",
    "second": r"[0-5]\d",
    "unix": r"\d{10}",
}
"""What stands in a pattern of the table for the parts of a point in time."""


@dataclass(frozen=True, slots=True)
class DeviceNumberForm:
    """A row of ``device_numbers.tsv``: a form of numbers that a device or its user invents."""

    pattern: re.Pattern[str]
    dated: bool
    """Whether it counts only with a date near the exam's: a practice may have such numbers."""
    example: str
    written_by: str
    source: str

    @classmethod
    def of(cls, row: list[str]) -> DeviceNumberForm:
        """Return the form of a row; ``<month>`` and its like become groups."""
        pattern, when, example, written_by, source = row
        for part, digits in _PARTS.items():
            pattern = pattern.replace(f"<{part}>", f"(?P<{part}>{digits})")
        return cls(re.compile(pattern, re.ASCII), when == "dated", example, written_by, source)

    def fits(self, number: str, days: Collection[date]) -> bool:
        """Return whether a number in capitals has the form; ``days`` are those of its exam."""
        match = self.pattern.fullmatch(number)
        if match is None:
            return False
        return not self.dated or _is_near(_day_of(match), days)


def _day_of(match: re.Match[str]) -> date | None:
    parts = match.groupdict()
    if "unix" in parts:
        return datetime.fromtimestamp(int(parts["unix"]), UTC).date()
    year = parts["year"] if "year" in parts else f"20{parts['yy']}"
    return to_date(f"{year}{parts['month']}{parts['day']}")


def _is_near(day: date | None, days: Collection[date]) -> bool:
    """Return whether a day is one of others, or next to it: midnight, and zones of time."""
    return day is not None and any(abs((day - other).days) <= 1 for other in days)


def _rows() -> Iterator[DeviceNumberForm]:
    yield from map(DeviceNumberForm.of, table("exams/device_numbers.tsv"))


DEVICE_NUMBER_FORMS: Final = tuple(_rows())
"""Every known form, in the order of the table."""


class NumberRule:
    """The setting ``exam.patient_id_pattern`` as a rule; empty is the rule built in."""

    def __init__(self, pattern: str = "") -> None:
        """Take the practice's own regular expression for whole numbers; raise `ValueError`."""
        self._own = compiled_pattern(pattern) if pattern else None

    def fault_of(self, number: str, *days: date | None) -> NumberFault | None:
        """Return why a Patient ID (0010,0020) cannot be a number of the practice, if so.

        ``number`` is as sent, all its values; blanks around it mean nothing. ``days`` are those of
        the exam that are known: of the study and of the receipt. Never raises.
        """
        number = number.strip(_PADDING)
        if not number:
            return NumberFault.EMPTY
        if self._own is not None:
            fits = len(number) <= LONGEST_TEXT and self._own.fullmatch(number)
            return None if fits else NumberFault.OTHER_FORM
        return _built_in_fault(number, [day for day in days if day is not None])


def _built_in_fault(number: str, days: Collection[date]) -> NumberFault | None:
    if "\\" in number:
        return NumberFault.SEVERAL
    if len(number) <= LONGEST_TEXT and _is_of_a_device(number.upper(), days):
        return NumberFault.DEVICE_FORM
    if len(number) > LONGEST:
        return NumberFault.TOO_LONG
    if not _NUMBER.fullmatch(number) or not _NEVER.isdisjoint(number):
        return NumberFault.CHARACTERS
    return None


def _is_of_a_device(number: str, days: Collection[date]) -> bool:
    return any(form.fits(number, days) for form in DEVICE_NUMBER_FORMS)
