"""The words of an exam: its states, orders, and why one is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from gdtbridge.gdt import OrderReference
from worklist import Entry


class ExamState(StrEnum):
    """Where an exam stands; `docs/architecture.md` has the picture."""

    RECEIVING = "receiving"
    """Instances arrive, or are being waited for."""
    REPORTED = "reported"
    """Its study record is in the outbox; a late report still makes a further value record."""
    HELD = "held"
    """Nothing is sent until a person says whose it is."""


class OrderState(StrEnum):
    """Where an order stands."""

    ORDERED = "ordered"
    DONE = "done"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class ReportState(StrEnum):
    """Where a Structured Report of an exam stands."""

    PENDING = "pending"
    """Not read yet."""
    REPORTED = "reported"
    """Its value record is in the outbox."""
    UNCHANGED = "unchanged"
    """It holds what an earlier report of the exam held."""
    EMPTY = "empty"
    """It holds no measurement, or none that is to be sent."""
    OTHER_PATIENT = "other-patient"
    """It names another patient than the one a person released the exam for; not sent."""
    UNREADABLE = "unreadable"
    """It could not be read; the stored file is kept for a person."""


class Held(StrEnum):
    """Why an exam is held."""

    NO_PATIENT_ID = "no-patient-id"
    OTHER_PATIENT = "order-of-other-patient"
    SEVERAL_PATIENTS = "several-patients"
    UNWRITABLE = "unwritable"
    UID_TAKEN = "uid-taken"


HELD_TEXT: Final = {
    Held.NO_PATIENT_ID: "Die Untersuchung nennt keine Patientennummer. / The exam names no patient"
    " number.",
    Held.OTHER_PATIENT: "Der Auftrag der Untersuchung ist für einen anderen Patienten: Die Nummer"
    " ist anders, oder Nachname und Geburtsdatum. / The exam's order is for another patient: the"
    " number differs, or family name and birth date.",
    Held.SEVERAL_PATIENTS: "Die Untersuchung nennt mehrere Patienten: mehrere Nummern, oder unter"
    " einer Nummer mehrere Nachnamen und Geburtsdaten. / The exam names several patients: several"
    " numbers, or under one number several family names and birth dates.",
    Held.UID_TAKEN: "Ein Objekt der Untersuchung trägt eine UID, die eine andere Untersuchung schon"
    " hat. / An object of the exam has a UID that another exam has already.",
    Held.UNWRITABLE: "Aus der Untersuchung lässt sich kein GDT-Satz schreiben. / No GDT record can"
    " be written for the exam.",
}
"""What a person is told."""


PROBLEM_TEXT: Final = {
    "conflict": "anderer Inhalt unter bekannter UID / other content under a known UID",
    "other-patient": "Bericht eines anderen Patienten / report of another patient",
    "incomplete": "Bericht bricht ab / report ends in the middle",
    "unwritable": "als GDT nicht darstellbar / cannot be written as GDT",
    "NotAReportError": "kein lesbarer Bericht / not a readable report",
    "UnreadableReportError": "Bericht nicht lesbar / unreadable report",
    "ReportLimitError": "Bericht zu groß oder zu langsam / report too large or too slow",
}
"""What a person is told of each kind of `Problem`."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What somebody wants done; ``None`` and empty mean "not said"."""

    patient_id: str
    family_name: str
    given_name: str
    birth_date: date | None
    sex: str = ""
    modality: str | None = None
    station: str | None = None
    procedure: str = ""
    physician: str = ""
    scheduled: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order on the worklist; ``repeated`` when it was there already (a double click)."""

    entry: Entry
    repeated: bool


@dataclass(frozen=True, slots=True)
class Exam:
    """One study as far as it is known, in the words of DICOM."""

    id: int
    study_instance_uid: str
    state: ExamState
    held_because: str
    released: bool
    accession_number: str
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    modality: str
    study_description: str
    study_date: str
    study_time: str
    instances: int
    first_instance_at: float
    last_instance_at: float
    due_at: float | None
    reported_at: float | None
    sent_patient_id: str = ""
    """The first PatientID its objects named; ``patient_id`` is whose it is, or was said to be."""
    mixed: bool = False
    """Whether its objects named several patients."""
    device: str = ""
    """Calling AE title of the device that sent its first object."""
    route: str = ""
    """Name of the route its results went by; empty for that of ``[gdt]``."""

    def is_of(self, patient_id: str) -> bool:
        """Return whether an object with that PatientID may go to this exam's patient."""
        if patient_id == self.patient_id:
            return True
        return not self.mixed and patient_id in {"", self.sent_patient_id}


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it was placed; it outlives its worklist entry."""

    accession_number: str
    study_instance_uid: str
    patient_id: str
    procedure: str
    station: str = ""
    reference: OrderReference | None = None
    """How the practice software named it; a result repeats that."""
    route: str = ""
    """Name of the route whose folder it came from."""
    patient_name: str = ""
    patient_birth_date: str = ""
    """YYYYMMDD."""


class Outcome(StrEnum):
    """What became of a record the practice software sent."""

    PLACED = "placed"
    UPDATED = "updated"
    """The open order of the same case says now what the record says."""
    REPEATED = "repeated"
    """It had been done already."""
    CANCELLED = "cancelled"
    STORED = "stored"
    """Master data were kept."""
    ANSWERED = "answered"
    """Master data are on their way to the practice software."""
    SHOWN = "shown"
    """The studies it asks for are named beside the archived file."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Drop:
    """One record of a file the practice software sent.

    ``token`` names the file for ever, ``position`` counts its records from 1; both together are
    taken once, however often that is tried. ``sha256`` is that of the record's bytes, ``route`` the
    name of the route whose folder the file came from, ``sender`` who wrote the record (8316).
    """

    token: str
    position: int
    sha256: str
    name: str
    record_type: str
    route: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one record; ``reason`` tells a person why it was refused."""

    outcome: Outcome
    accession_number: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseOrder:
    """An order with the practice software's own names; ``arrived`` once its study is here."""

    id: int
    accession_number: str
    study_instance_uid: str
    modality: str
    station: str
    procedure: str
    state: OrderState
    ordered_at: float
    reference: OrderReference
    arrived: bool
    patient_name: str = ""
    patient_birth_date: str = ""
    """YYYYMMDD."""


@dataclass(frozen=True, slots=True)
class StudyNames:
    """What the orders of a study call it: our accession numbers, and the practice software's 8310.

    Only orders for the study's own patient are asked.
    """

    accession_numbers: frozenset[str] = frozenset()
    case_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something received that was not sent, or not all of it; a person has to look at the file."""

    kind: str
    """A key of `PROBLEM_TEXT`."""
    study_instance_uid: str
    sop_instance_uid: str
    file: str
    """Relative to the archive folder."""


@dataclass(frozen=True, slots=True)
class PendingReport:
    """A Structured Report that has not been read."""

    id: int
    instance_id: int
    sop_instance_uid: str
