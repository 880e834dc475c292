"""The head of a report's file: person, exam and device (PS3.3 C.7.1.1, C.7.2.1, C.7.5.1)."""

from __future__ import annotations

from pathlib import Path

from gdtbridge.dataset.text import TextDecoder
from gdtbridge.dataset.values import to_date, to_time
from gdtbridge.people import Patient
from gdtbridge.report_page.sheet import Head, Person
from gdtbridge.sr.content import MAX_CHARACTERS
from gdtbridge.sr.elements import Tag
from gdtbridge.sr.part10 import read_elements


def read_head(path: Path) -> Head:
    """Return the head of the file; what it does not say is empty. Raises `ReportError`."""
    values = read_elements(path).root.values
    decode = TextDecoder(values.get(Tag.SpecificCharacterSet, b""), longest=MAX_CHARACTERS)

    def text(tag: Tag) -> str:
        return decode(values.get(tag, b""))

    patient = Patient.from_dicom(
        text(Tag.PatientID), text(Tag.PatientName), text(Tag.PatientBirthDate)
    )
    return Head(
        person=Person(
            patient.id, patient.listed_name, patient.birth_date, text(Tag.AccessionNumber)
        ),
        day=to_date(text(Tag.StudyDate)) or to_date(text(Tag.ContentDate)),
        clock=to_time(text(Tag.StudyTime)) or to_time(text(Tag.ContentTime)),
        manufacturer=text(Tag.Manufacturer),
        model=text(Tag.ManufacturerModelName),
        station=text(Tag.StationName),
    )
