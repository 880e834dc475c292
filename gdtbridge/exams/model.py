"""The words of an exam: its states, orders, and why one is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

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
    """It holds no measurement."""
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


HELD_TEXT: Final = {
    Held.NO_PATIENT_ID: "Die Untersuchung nennt keine Patientennummer. / The exam names no patient"
    " number.",
    Held.OTHER_PATIENT: "Der Auftrag der Untersuchung gehört einem anderen Patienten. / The exam's"
    " order belongs to another patient.",
    Held.SEVERAL_PATIENTS: "Die Untersuchung nennt mehrere Patientennummern. / The exam names"
    " several patient numbers.",
    Held.UNWRITABLE: "Aus der Untersuchung lässt sich kein GDT-Satz schreiben. / No GDT record can"
    " be written for the exam.",
}
"""What a person is told."""


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


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it was placed; it outlives its worklist entry."""

    accession_number: str
    study_instance_uid: str
    patient_id: str
    procedure: str


@dataclass(frozen=True, slots=True)
class PendingReport:
    """A Structured Report that has not been read."""

    id: int
    instance_id: int
    sop_instance_uid: str
