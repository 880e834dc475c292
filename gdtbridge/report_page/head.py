"""The head of a report's file: person, exam and device (PS3.3 C.7.1.1, C.7.2.1, C.7.5.1)."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path
from typing import Final

from gdtbridge.report_page.sheet import Head, Person
from gdtbridge.sr.elements import Tag
from gdtbridge.sr.part10 import read_elements
from gdtbridge.sr.text import Decoder

_DATE: Final = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)", re.ASCII)
_TIME: Final = re.compile(r"(\d\d):?(\d\d).*", re.ASCII)


def read_head(path: Path) -> Head:
    """Return the head of the file; what it does not say is empty. Raises `ReportError`."""
    values = read_elements(path).root.values
    decode = Decoder(values.get(Tag.SpecificCharacterSet, b""))

    def text(tag: Tag) -> str:
        return decode(values.get(tag, b""))

    return Head(
        person=Person(
            text(Tag.PatientID),
            name_of(text(Tag.PatientName)),
            day_of(text(Tag.PatientBirthDate)),
            text(Tag.AccessionNumber),
        ),
        day=day_of(text(Tag.StudyDate)) or day_of(text(Tag.ContentDate)),
        clock=clock_of(text(Tag.StudyTime)) or clock_of(text(Tag.ContentTime)),
        manufacturer=text(Tag.Manufacturer),
        model=text(Tag.ManufacturerModelName),
        station=text(Tag.StationName),
    )


def name_of(person_name: str) -> str:
    """Return a PN value's first written group as ``Family, Dr. Given Middle``."""
    group = next((one for one in person_name.split("=") if one.strip("^ ")), "")
    family, given, middle, prefix, *_ = [*(part.strip() for part in group.split("^")), *[""] * 4]
    called = " ".join(part for part in (prefix, given, middle) if part)
    return ", ".join(part for part in (family, called) if part)


def day_of(text: str) -> date | None:
    """Return a DA value, also as ``1987.08.02``; None where it is none."""
    match = _DATE.fullmatch(text.strip())
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match is not None else None
    except ValueError:
        return None


def clock_of(text: str) -> time | None:
    """Return hour and minute of a TM value; None where it has none."""
    match = _TIME.fullmatch(text.strip())
    try:
        return time(int(match[1]), int(match[2])) if match is not None else None
    except ValueError:
        return None
