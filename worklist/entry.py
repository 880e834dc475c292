"""An entry of the worklist: one patient's one procedure at one station, as plain values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypedDict, Unpack

from gdtbridge.dataset.text import one_line
from gdtbridge.dataset.values import PersonName, is_ae_title, is_valid_uid, new_uid
from gdtbridge.people import Patient
from worklist.errors import EntryError


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
    seconds.
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


REQUIRED = ("AccessionNumber", "PatientID", "PatientName", "scheduled")


def make_entry(**fields: Unpack[EntryFields]) -> Entry:
    """Return a checked entry, its Study Instance UID made if missing; raise :class:`EntryError`."""
    for name in REQUIRED:
        if name not in fields:
            raise _missing(name)
    fields.setdefault("StudyInstanceUID", new_uid())
    return checked(Entry(**fields))


def checked(entry: Entry) -> Entry:
    """Return ``entry`` tidied (padding, composed letters, derived ids, whole seconds).

    Raises :class:`EntryError` when a value cannot be stored and sent as it is.
    """
    texts = {name: _tidy(name, getattr(entry, name)) for name in RULES}
    for name in ("RequestedProcedureID", "ScheduledProcedureStepID"):
        texts[name] = texts[name] or texts["AccessionNumber"]
    scheduled = _local_seconds("scheduled", entry.scheduled)
    created = None if entry.created is None else _local_seconds("created", entry.created)
    born = entry.PatientBirthDate
    tidy = replace(entry, **texts, scheduled=scheduled, created=created, PatientBirthDate=born)
    for name, text in texts.items():
        _check(name, RULES[name], text)
    _check_birth_date(tidy)
    return tidy


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """What an attribute may hold: ``limit`` is in characters, for PN per component group."""

    german: str
    english: str
    VR: str
    limit: int
    required: bool = False


RULES: Mapping[str, AttributeRule] = MappingProxyType(
    {
        "AccessionNumber": AttributeRule(
            "Auftragsnummer", "Accession number", "SH", 16, required=True
        ),
        "StudyInstanceUID": AttributeRule("Studien-UID", "Study UID", "UI", 64, required=True),
        "PatientID": AttributeRule("Patientennummer", "Patient number", "LO", 64, required=True),
        "PatientName": AttributeRule("Patientenname", "Patient name", "PN", 64, required=True),
        "PatientSex": AttributeRule("Geschlecht", "Sex", "CS", 16),
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

SHAPES: Mapping[str, tuple[Callable[[str], object], str, str]] = MappingProxyType(
    {
        "UI": (
            is_valid_uid,
            "Erlaubt sind Zahlen mit Punkten dazwischen.",
            "Numbers with dots between them are allowed.",
        ),
        "CS": (
            re.compile(r"[A-Z0-9_ ]*").fullmatch,
            "Erlaubt sind Großbuchstaben, Ziffern und Unterstrich.",
            "Capital letters, digits and underscore are allowed.",
        ),
        "AE": (
            is_ae_title,
            "Erlaubt sind ASCII-Zeichen außer dem Backslash.",
            "ASCII characters other than the backslash are allowed.",
        ),
    }
)

SEXES = ("M", "F", "O", "")
FIRST_BELIEVED = 2020
"""A year before it comes from a clock that is wrong."""
FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories no text may hold: control characters, surrogates, line separators."""


def _tidy(name: str, value: str) -> str:
    text = unicodedata.normalize("NFC", value)
    if _is_forbidden(text):
        return text
    text = one_line(text)
    if RULES[name].VR != "PN":
        return text
    return str(PersonName.of(text))


def _is_forbidden(text: str) -> bool:
    if "\\" in text:
        return True
    odd = not text.isprintable()  # nothing forbidden is printable
    return odd and any(unicodedata.category(letter) in FORBIDDEN for letter in text)


def _check(name: str, rule: AttributeRule, value: str) -> None:
    if not value:
        if rule.required:
            raise _missing(name)
        return
    if _is_forbidden(value):
        raise EntryError(
            name,
            f"{rule.german} enthält Steuerzeichen oder einen Backslash."
            f" / {rule.english} contains control characters or a backslash.",
            "Bitte entfernen. / Please remove them.",
        )
    _check_length(name, rule, value)
    _check_shape(name, rule, value)


def _check_length(name: str, rule: AttributeRule, value: str) -> None:
    groups = value.split("=") if rule.VR == "PN" else [value]
    if any(len(group) > rule.limit for group in groups):
        raise EntryError(
            name,
            f"{rule.german} ist zu lang. / {rule.english} is too long.",
            f"Höchstens {rule.limit} Zeichen. / At most {rule.limit} characters.",
        )


def _check_shape(name: str, rule: AttributeRule, value: str) -> None:
    if rule.VR == "PN":
        groups = PersonName.of(value).groups
        if (
            len(groups) > 3
            or any(len(group.components) > 5 for group in groups)
            or not groups[0].components
        ):
            raise EntryError(
                name,
                f"{rule.german} ist kein DICOM-Name. / {rule.english} is not a DICOM name.",
                "Richtig: Nachname^Vorname. / Right: Family^Given.",
            )
    shape = SHAPES.get(rule.VR)
    if shape is not None and not shape[0](value):
        raise EntryError(
            name,
            f"{rule.german} enthält unzulässige Zeichen."
            f" / {rule.english} contains characters that are not allowed.",
            f"{shape[1]} / {shape[2]}",
        )
    if name == "PatientSex" and value not in SEXES:
        raise EntryError(
            name,
            "Geschlecht ist unbekannt. / Sex is unknown.",
            "Erlaubt: M, F, O oder leer. / Allowed: M, F, O or empty.",
        )


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


def _missing(name: str) -> EntryError:
    rule = RULES.get(name)
    german, english = (rule.german, rule.english) if rule else ("Zeitpunkt", "Time")
    return EntryError(
        name, f"{german} fehlt. / {english} is missing.", "Bitte angeben. / Please give it."
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
