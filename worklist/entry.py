"""An entry of the worklist: one patient's one procedure at one station, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypedDict, Unpack

from gdtbridge.dataset.values import new_uid, titles_in
from gdtbridge.people import Patient
from worklist.details import NO_DETAILS, EntryDetails, checked_details
from worklist.errors import EntryError
from worklist.rules import AttributeRule, check, missing, tidied

STATION = "ScheduledStationAETitle"
SEPARATOR = "\\"
"""Between the values of one attribute (PS3.5 6.4)."""


class StepStatus(StrEnum):
    """Scheduled Procedure Step Status as we set it (PS3.3 C.4.10); others may set further ones."""

    SCHEDULED = "SCHEDULED"
    STARTED = "STARTED"
    """A device examines the patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; attributes carry DICOM's keywords. :func:`make_entry` checks what it is given.

    ``PatientName`` is ``Family^Given``. ``scheduled`` is Scheduled Procedure Step Start Date and
    Time, ``created`` Issue Date and Time of the Imaging Service Request: local time, naive, whole
    seconds. ``ScheduledStationAETitle`` may name several stations, any of which may do it
    (`titles_in`).
    """

    AccessionNumber: str
    StudyInstanceUID: str
    PatientID: str
    PatientName: str
    scheduled: datetime
    PatientBirthDate: date | None = None
    PatientSex: str = ""
    Modality: str = "US"
    ScheduledStationAETitle: str = "US01"
    RequestedProcedureDescription: str = ""
    ScheduledPerformingPhysicianName: str = ""
    RequestedProcedureID: str = ""
    ScheduledProcedureStepID: str = ""
    ScheduledProcedureStepStatus: str = StepStatus.SCHEDULED
    created: datetime | None = None
    details: EntryDetails = NO_DETAILS

    @property
    def patient(self) -> Patient:
        """The patient the procedure is for."""
        return Patient.from_dicom(
            self.PatientID, self.PatientName, self.PatientBirthDate, self.PatientSex
        )


class EntryFields(TypedDict, total=False):
    """What :func:`make_entry` takes; the same names and types as :class:`Entry`."""

    AccessionNumber: str
    StudyInstanceUID: str
    PatientID: str
    PatientName: str
    scheduled: datetime
    PatientBirthDate: date | None
    PatientSex: str
    Modality: str
    ScheduledStationAETitle: str
    RequestedProcedureDescription: str
    ScheduledPerformingPhysicianName: str
    RequestedProcedureID: str
    ScheduledProcedureStepID: str
    ScheduledProcedureStepStatus: str
    created: datetime | None
    details: EntryDetails


REQUIRED = ("AccessionNumber", "PatientID", "PatientName", "scheduled")


def make_entry(**fields: Unpack[EntryFields]) -> Entry:
    """Return a checked entry, its Study Instance UID made if missing; raise :class:`EntryError`."""
    for name in REQUIRED:
        if name not in fields:
            raise missing(name, RULES.get(name))
    fields.setdefault("StudyInstanceUID", new_uid())
    return checked(Entry(**fields))


def checked(entry: Entry) -> Entry:
    """Return ``entry`` tidied (padding, composed letters, derived ids, whole seconds).

    Raises :class:`EntryError` when a value cannot be stored and sent as it is.
    """
    texts = {name: tidied(rule, getattr(entry, name)) for name, rule in RULES.items()}
    texts[STATION] = SEPARATOR.join(titles_in(entry.ScheduledStationAETitle))
    for name in ("RequestedProcedureID", "ScheduledProcedureStepID"):
        texts[name] = texts[name] or texts["AccessionNumber"]
    scheduled = _local_seconds("scheduled", entry.scheduled)
    created = None if entry.created is None else _local_seconds("created", entry.created)
    born = entry.PatientBirthDate
    details = checked_details(entry.details)
    tidy = replace(
        entry,
        **texts,
        scheduled=scheduled,
        created=created,
        PatientBirthDate=born,
        details=details,
    )
    for name, text in texts.items():
        for value in text.split(SEPARATOR) if name == STATION else (text,):
            check(name, RULES[name], value)
    _check_birth_date(tidy)
    return tidy


RULES: Mapping[str, AttributeRule] = MappingProxyType(
    {
        "AccessionNumber": AttributeRule(
            "Auftragsnummer", "Accession number", "SH", 16, required=True
        ),
        "StudyInstanceUID": AttributeRule("Studien-UID", "Study UID", "UI", 64, required=True),
        "PatientID": AttributeRule("Patientennummer", "Patient number", "LO", 64, required=True),
        "PatientName": AttributeRule("Patientenname", "Patient name", "PN", 64, required=True),
        "PatientSex": AttributeRule("Geschlecht", "Sex", "CS", 16, terms=("M", "F", "O")),
        "Modality": AttributeRule("Modalität", "Modality", "CS", 16, required=True),
        "ScheduledStationAETitle": AttributeRule("Gerät", "Station", "AE", 16, required=True),
        "RequestedProcedureDescription": AttributeRule("Untersuchung", "Procedure", "LO", 64),
        "ScheduledPerformingPhysicianName": AttributeRule(
            "Untersucher", "Performing physician", "PN", 64
        ),
        "RequestedProcedureID": AttributeRule(
            "Anforderungs-ID", "Requested procedure ID", "SH", 16
        ),
        "ScheduledProcedureStepID": AttributeRule("Schritt-ID", "Procedure step ID", "SH", 16),
        "ScheduledProcedureStepStatus": AttributeRule(
            "Stand", "Procedure step status", "CS", 16, required=True
        ),
    }
)
"""Length limits: PS3.5 Table 6.2-1, in characters, however many bytes they are."""

LONGEST_NAME = RULES["PatientName"].limit
"""Characters a component group of a name may have."""

FIRST_BELIEVED = 2020
"""A year before it comes from a clock that is wrong."""


def _local_seconds(name: str, moment: datetime) -> datetime:
    if moment.tzinfo is not None or not 1970 <= moment.year <= 2200:
        raise EntryError(
            name,
            "Der Zeitpunkt ist keine sinnvolle Ortszeit. / The time is not a sane local time.",
            "Datum zwischen 1970 und 2200, ohne Zeitzone."
            " / A date between 1970 and 2200, without a time zone.",
        )
    return moment.replace(microsecond=0)


def _check_birth_date(entry: Entry) -> None:
    born, day = entry.PatientBirthDate, entry.scheduled.date()
    believed = day.year >= FIRST_BELIEVED  # else the clock of this machine is wrong
    if born is not None and not date(1850, 1, 1) <= born <= (day if believed else date.max):
        raise EntryError(
            "PatientBirthDate",
            "Das Geburtsdatum kann nicht stimmen. / The birth date cannot be right.",
            "Nach 1850 und nicht nach der Untersuchung. / After 1850 and not after the exam.",
        )


def is_stale(entry: Entry, now: datetime, *, min_age: timedelta) -> bool:
    """Whether the entry may go: its day is over and it is at least ``min_age`` old.

    ``now`` is local time, naive. The age counts from the later of its start and its creation, so
    that an order placed for the night is still there after midnight; a creation in the future (the
    clock was wrong) is not believed.
    """
    if entry.scheduled.date() >= now.date():
        return False
    born = entry.scheduled
    if entry.created is not None and entry.created <= now:
        born = max(born, entry.created)
    return now - born >= min_age
