"""The words of an order: what is wanted, where it stands, what became of a record of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gdtbridge.gdt import OrderReference
from gdtbridge.people import Patient
from worklist import Entry


class OrderState(StrEnum):
    """Where an order stands."""

    ORDERED = "ordered"
    DONE = "done"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


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

    @property
    def patient(self) -> Patient:
        """The patient it was ordered for."""
        return Patient.from_dicom(self.patient_id, self.patient_name, self.patient_birth_date)


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

    @property
    def patient(self) -> Patient:
        """The patient it was ordered for, whose number the caller knows."""
        return Patient.from_dicom("", self.patient_name, self.patient_birth_date)


@dataclass(frozen=True, slots=True)
class StudyNames:
    """What the orders of a study call it: our accession numbers, and the practice software's 8310.

    Only orders for the study's own patient are asked.
    """

    accession_numbers: frozenset[str] = frozenset()
    case_ids: frozenset[str] = frozenset()
