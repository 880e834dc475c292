"""Values of the orders: what is wanted, the order, and what became of a record of an order file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from gdtbridge.dataset.values import titles_in
from gdtbridge.errors import BridgeError
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.people import Patient
from worklist import (
    LONGEST_NAME,
    NO_DETAILS,
    Entry,
    EntryDetails,
    EntryFields,
    StepStatus,
    make_entry,
)

MOST_RECORDS: Final = 1000
"""Records a file may have."""


IMAGES_SECONDS: Final = 3600.0
"""What was examined and of which nothing is here is told so long after its end."""


class OrderState(StrEnum):
    """State of an order, as the database holds it."""

    ORDERED = "ordered"
    DONE = "done"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class OrderProgress(StrEnum):
    """A state of an order that the practice software may be told, as the chart says it."""

    ACCEPTED = "Auftrag angenommen"
    STARTED = "Untersuchung begonnen"
    RECEIVED = "Erste Bilder empfangen"
    DISCONTINUED = "Untersuchung abgebrochen"
    CANCELLED = "Auftrag storniert"


class ListingMark(StrEnum):
    """What the worklist folder still has to be told of an order."""

    ADD = "add"
    """The entry has to say what the order says, and is written where it is missing."""
    REPLACE = "replace"
    """The same for an entry that was there: whoever removed it meanwhile wanted that."""
    REMOVE = "remove"
    """The entry has to go."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What somebody wants done; ``None`` and empty mean "not said"."""

    patient: Patient
    modality: str | None = None
    station: str | None = None
    procedure: str = ""
    physician: str = ""
    scheduled: datetime | None = None
    details: EntryDetails = NO_DETAILS


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One GDT record of a file the practice software sent.

    ``token`` names the file for ever, ``position`` counts its records from 1; both together are
    taken once, however often that is tried. ``sha256`` is that of the record's bytes, ``route`` the
    name of the route whose folder the file came from, ``sender`` who wrote the record (8316),
    ``addressed_to`` what it calls us (8315). ``is_part`` marks one of several entries that a
    record makes; ``is_order`` master data that are an order as well.
    """

    token: str
    position: int
    sha256: str
    name: str
    record_type: str
    route: str = ""
    sender: str = ""
    addressed_to: str = ""
    is_part: bool = False
    is_order: bool = False

    def part(self, number: int, *, of: int) -> OrderRecord:
        """Return the record of entry ``number`` (from 0) of several: taken once by itself."""
        if of == 1:
            return self
        digest = hashlib.sha256(f"{self.sha256} {number}".encode()).hexdigest()
        position = self.position + number * MOST_RECORDS
        return replace(self, position=position, sha256=digest, is_part=True)

    @property
    def master_data(self) -> OrderRecord:
        """The record as one of master data alone, beside the order it is."""
        return replace(self, position=-self.position)


@dataclass(frozen=True, slots=True)
class WantedOrder:
    """An order as it is asked for: the request, the record it came in, the software's own names.

    Without a record, a person or a program waits for the answer (a click, a call, a command).
    """

    request: OrderRequest
    record: OrderRecord | None = None
    reference: OrderReference = field(default_factory=OrderReference)
    remarks: tuple[str, ...] = ()
    """What a person should look at."""
    study_instance_uid: str = ""
    """Of the study a new order is for; a new one where it is not said."""

    @property
    def route(self) -> str:
        """Name of the route whose folder the record came from; else empty."""
        return self.record.route if self.record is not None else ""


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order on the worklist; ``repeated`` when it was there already (a double click)."""

    entry: Entry
    repeated: bool
    patient: Patient
    """Whom it is for, with what the entry has no room for."""


class AlreadyOrdered(BridgeError):
    """What somebody wants to order anew has been ordered just now."""

    def __init__(self, order: Order) -> None:
        super().__init__(
            "Derselbe Auftrag wurde eben erst angelegt. / The same order was placed just now."
        )
        self.order = order


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as the database holds it, also when its worklist entry is gone.

    ``id`` is 0 for an order the database does not know: an entry that others put on the list.
    """

    id: int = 0
    accession_number: str
    study_instance_uid: str
    patient: Patient
    modality: str = ""
    station: str = ""
    """AE title of the device; of several, any of which may do it, with backslashes between."""
    procedure: str = ""
    physician: str = ""
    scheduled: datetime | None = None
    """Local time; None where schema 2 wrote the order."""
    created: datetime | None = None
    """The same."""
    step_status: str = StepStatus.SCHEDULED
    """Scheduled Procedure Step Status its entry shows devices."""
    details: EntryDetails = NO_DETAILS
    state: OrderState = OrderState.ORDERED
    ordered_at: float = 0.0
    """UTC, in seconds since 1970."""
    arrived: bool = False
    """Whether an exam of the order is here."""
    reference: OrderReference = field(default_factory=OrderReference)
    """How the practice software named it; empty for a click. A result repeats that."""
    route: str = ""
    """Name of the route whose folder it came from."""
    mark: ListingMark | None = None
    """What the worklist folder has not been told yet."""
    changed_at: float | None = None
    """When its entry was changed last, or came back on the list; UTC seconds."""
    unlisted_at: float | None = None
    """When its entry left the list; None while it is there, or where nobody noted it."""
    images_due_at: float | None = None
    """When a person is told that nothing came of what was examined; UTC seconds. 0 where somebody
    knows; None where it was not examined, or its exam went into a chart."""
    remarks: str = ""
    """What a person should look at, in sentences."""

    @property
    def lacks_images(self) -> bool:
        """Whether it was examined, as a device or a program said, and nothing of it is here."""
        return self.images_due_at is not None and not self.is_open and not self.arrived

    @property
    def is_open(self) -> bool:
        """Whether the patient still waits."""
        return self.state is OrderState.ORDERED

    @property
    def revision(self) -> str:
        """Changes with everything the order says and with its state: 16 hexadecimal digits."""
        said = (
            *(self.patient, self.modality, self.station, self.procedure, self.physician),
            *(self.scheduled, self.details, self.state, self.step_status),
        )
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    @property
    def stations(self) -> tuple[str, ...]:
        """The AE titles of the devices, any of which may do it."""
        return titles_in(self.station)

    @classmethod
    def of(cls, entry: Entry, asked: Patient | None = None) -> Order:
        """Return the order an entry of the worklist stands for, placed for ``asked``."""
        numbers = cls(
            accession_number=entry.AccessionNumber,
            study_instance_uid=entry.StudyInstanceUID,
            patient=entry.patient,
        )
        return numbers.saying(entry, asked)

    def saying(self, entry: Entry, asked: Patient | None = None) -> Order:
        """Return the order with what ``entry`` says; numbers, state and reference stay.

        What DICOM has no room for stays as it was ``asked``: a longer name, a partial birth date.
        """
        patient = entry.patient
        if asked is not None:
            patient = replace(patient, birth_date_as_sent=asked.partial_birth_date)
            if asked.named_within(LONGEST_NAME) != asked:
                names = asked.family_name, asked.given_names
                patient = replace(patient, family_name=names[0], given_name=names[1])
        return replace(
            self,
            patient=patient,
            modality=entry.Modality,
            station=entry.ScheduledStationAETitle,
            procedure=entry.RequestedProcedureDescription,
            physician=entry.ScheduledPerformingPhysicianName,
            scheduled=entry.scheduled,
            created=entry.created,
            step_status=entry.ScheduledProcedureStepStatus,
            details=entry.details,
        )

    def entry(self) -> Entry:
        """Return the worklist's entry; raise `worklist.EntryError` where no time is known."""
        fields: EntryFields = {
            "AccessionNumber": self.accession_number,
            "StudyInstanceUID": self.study_instance_uid,
            "PatientID": self.patient.id,
            "PatientName": self.patient.named_within(LONGEST_NAME).person_name,
            "PatientBirthDate": self.patient.birth_date,
            "PatientSex": self.patient.sex or "",
            "Modality": self.modality,
            "ScheduledStationAETitle": self.station,
            "RequestedProcedureDescription": self.procedure,
            "ScheduledPerformingPhysicianName": self.physician,
            "ScheduledProcedureStepStatus": self.step_status,
            "created": self.created,
            "details": self.details,
        }
        if self.scheduled is not None:
            fields["scheduled"] = self.scheduled
        return make_entry(**fields)


class RecordOutcome(StrEnum):
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
class TakenRecord:
    """What became of one record.

    ``reason`` tells a person why it was refused, or what to look at in an order that was taken.
    """

    outcome: RecordOutcome
    accession_number: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file in an order folder that is left alone: its name, why, and since when (UTC seconds)."""

    name: str
    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """An order file with a refused record: its name, when it came (UTC seconds), why."""

    name: str
    received_at: float
    reason: str


@dataclass(frozen=True, slots=True)
class StudyNames:
    """What the orders of a study call it: our accession numbers, and the practice software's 8310.

    Only orders for the study's own patient are asked.
    """

    accession_numbers: frozenset[str] = frozenset()
    case_ids: frozenset[str] = frozenset()
