"""A question for a study: in words, or asked by a GDT record.

The patient number is part of every question: whatever else is said only narrows the patient's own
studies. A field that is said and cannot be read, or says two things, is an error, because without
it another study would be meant. Family name and birth date say whose the number is believed to be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.dataset.values import da_text, to_date
from gdtbridge.errors import OrderError
from gdtbridge.exams.patient_numbers import NUMBER_FAULT_TEXT, NumberFault
from gdtbridge.gdt.errors import GdtDateError, NotGdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import UNREADABLE_CODES, Line, Record
from gdtbridge.gdt.tables.dates import is_partial_date, read_date, read_time, says_no_date
from gdtbridge.gdt.tables.patient_fields import BIRTH_DATES, FAMILY_NAMES, PATIENT_IDS
from gdtbridge.gdt.text import printable
from gdtbridge.people import Patient, are_two

NO_PATIENT: Final = NUMBER_FAULT_TEXT[NumberFault.EMPTY]
DIFFERENT: Final = "Das Feld nennt Verschiedenes. / The field says different things."
UNREADABLE: Final = (
    "Zeichen, die es im Zeichensatz (9206) nicht gibt. / Characters that the character set (9206) "
    "does not have."
)
NO_UID: Final = (
    "Das ist keine UID (Ziffern und Punkte, höchstens 64). / This is no UID (digits and dots, at "
    "most 64)."
)
SEVERAL: Final = (
    "Die Datei fragt nach mehreren Untersuchungen. / The file asks for several studies."
)

_UID: Final = re.compile(r"[0-9.]{1,64}", re.ASCII)
_NUMBERS: Final = ("8413", "8428")
"""Fields our results have the accession number in, where the dialect is Medical Office's."""
_REMARKS: Final = ("6227", "8470")
"""Fields our results have the accession number in, behind words, in every other dialect."""
_REMARK: Final = re.compile(r"Auftragsnummer: *(\S.*)")
_CASE: Final = "8310"
_WHEN: Final = (("8432", "8439"), ("6200", "6201"))
"""Date and time of the exam as our results have them; then those of the record, which practice
software may set to the day it wrote the file."""


@dataclass(frozen=True, slots=True)
class StudyQuery:
    """What is known of the study; empty means "not said".

    ``accession_number`` is the order's or the device's, ``case_id`` the practice software's own
    (GDT 8310). ``study_date`` is YYYYMMDD, ``study_time`` HHMM or HHMMSS, both local. The names and
    ``birth_date`` (YYYYMMDD) are those of the patient who has that number where it is asked.
    """

    patient_id: str
    accession_number: str = ""
    case_id: str = ""
    study_date: str = ""
    study_time: str = ""
    study_instance_uid: str = ""
    family_name: str = ""
    given_name: str = ""
    birth_date: str = ""

    @property
    def patient(self) -> Patient:
        """The person the asker means."""
        born = to_date(self.birth_date)
        return Patient(self.patient_id, self.family_name, self.given_name, born)


def asked(said: StudyQuery) -> StudyQuery:
    """Return a question put in words, in any usual spelling; raise `OrderError` naming a field."""
    uid = said.study_instance_uid.strip()
    if uid and not _UID.fullmatch(uid):
        raise OrderError("study_instance_uid", NO_UID)
    if says_no_number(said.patient_id):
        raise OrderError("patient_id", NO_PATIENT)
    return StudyQuery(
        patient_id=said.patient_id.strip(),
        accession_number=said.accession_number.strip(),
        case_id=said.case_id.strip(),
        study_date=_day("study_date", said.study_date),
        study_time=_clock("study_time", said.study_time),
        study_instance_uid=uid,
        family_name=said.family_name.strip(),
        given_name=said.given_name.strip(),
        birth_date=_born("birth_date", said.birth_date),
    )


def query_of_file(data: bytes, encoding: str | None = None) -> StudyQuery:
    """Return what a GDT file asks for; every record in it must ask the same, of one person.

    ``encoding`` is taken for records that name none. Raises `OrderError`.
    """
    try:
        records = read_records(data, default_encoding=encoding)
    except NotGdtError as error:
        raise OrderError("file", str(error)) from error
    queries = [query_of(record) for record in records]
    nameless = {replace(query, family_name="", given_name="", birth_date="") for query in queries}
    if len(nameless) == 1:
        fullest = max(queries, key=lambda query: bool(query.birth_date))
        if not any(are_two(fullest.patient, query.patient) for query in queries):
            return fullest
    raise OrderError("8000", SEVERAL)


def query_of(record: Record) -> StudyQuery:
    """Return what a record asks for; raise `OrderError` naming the GDT field that is wrong.

    Any record will do: a 6311, our own 6310 as the practice software exports it, or an order.
    """
    day, clock = _when(record)
    family, given, born = _person(record)
    return StudyQuery(
        patient_id=patient_number(record),
        accession_number=_number(record),
        case_id=said(record, _CASE),
        study_date=day,
        study_time=clock,
        family_name=family,
        given_name=given,
        birth_date=born,
    )


def says_no_number(text: str) -> bool:
    """Return whether a patient's number says none: zeros, as in a 6300 of GDT 2.1, or nothing."""
    return not text.strip(" 0")


def patient_number(record: Record) -> str:
    """Return the number of the patient a record is about, when that is certain."""
    numbers = [said(record, field) for field in PATIENT_IDS]
    number = next((number for number in numbers if not says_no_number(number)), "")
    if says_no_number(number):
        raise OrderError("3000", NO_PATIENT)
    return number


def said(record: Record, field: str) -> str:
    """Return what a field says, wherever it stands in the record; empty when nothing.

    Raises `OrderError` when it says different things or has letters nobody can read.
    """
    return _one(field, _readable(record, field))


def _number(record: Record) -> str:
    """Return the accession number, which every place that has one must give alike."""
    found = {field: said(record, field) for field in _NUMBERS}
    for field in _REMARKS:
        marks = (_REMARK.fullmatch(text) for text in _readable(record, field))
        found[field] = _one(field, [mark[1].strip() for mark in marks if mark])
    return _same(found)


def _when(record: Record) -> tuple[str, str]:
    """Return day and time of the exam, of the first pair of fields that has a day.

    A time of zeros is what practice software writes that has none. Words in 6201 without a day in
    6200 are the title of an entry (x.concept).
    """
    pairs: list[tuple[str, str]] = []
    for fields in _WHEN:
        day, clock = (said(record, field) for field in fields)
        if not day and any(map(str.isalpha, clock)):
            clock = ""
        pairs.append((_day(fields[0], day), _clock(fields[1], clock)))
    day = next((day for day, _ in pairs if day), "")
    clock = next((clock for one, clock in pairs if clock and one in {"", day}), "")
    return day, clock


def _person(record: Record) -> tuple[str, str, str]:
    """Return family name, given name and birth date (YYYYMMDD) of the patient; empty without both.

    Persons are told apart by family name and birth date together: where one of them is not said,
    the other may be unreadable.
    """
    lines = record.patient_lines
    named = [line for line in lines if line.id in FAMILY_NAMES and line.value.strip()]
    born = [line for line in lines if line.id in BIRTH_DATES and not _says_no_day(line.value)]
    if not named or not born:
        return "", "", ""
    family, day = named[0].id, born[0].id
    birth_date = _day(day, _one(day, _readable(record, day, born)))
    return _one(family, _readable(record, family, named)), record.patient.given_name, birth_date


def _says_no_day(birth_date: str) -> bool:
    return says_no_date(birth_date) or is_partial_date(birth_date)


def _born(field: str, text: str) -> str:
    return "" if _says_no_day(text) else _day(field, text)


def _day(field: str, text: str) -> str:
    try:
        return da_text(read_date(text))
    except GdtDateError as error:
        raise OrderError(field, str(error)) from error


def _clock(field: str, text: str) -> str:
    try:
        return read_time(text)
    except GdtDateError as error:
        raise OrderError(field, str(error)) from error


def _readable(record: Record, field: str, among: Sequence[Line] | None = None) -> list[str]:
    unreadable = record.lines_with(*UNREADABLE_CODES)
    lines = [line for line in (record.lines if among is None else among) if line.id == field]
    if any(line.line in unreadable for line in lines):
        raise OrderError(field, UNREADABLE)
    return [printable(line.value).strip() for line in lines]


def _one(field: str, texts: Sequence[str]) -> str:
    different = {text for text in texts if text}
    if len(different) > 1:
        raise OrderError(field, DIFFERENT)
    return next(iter(different), "")


def _same(found: dict[str, str]) -> str:
    number = ""
    for field, text in found.items():
        if number and text and text != number:
            raise OrderError(field, DIFFERENT)
        number = number or text
    return number
