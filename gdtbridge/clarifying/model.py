"""What a person looks at who decides: lines, parts of an exam, evidence, candidates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gdtbridge.attention import AttentionItem, AttentionLevel
from gdtbridge.clarifying.reasons import ClarifyingReason
from gdtbridge.exams.model import Exam, ExamEvent, PatientExam
from gdtbridge.gdt.read.record import Record
from gdtbridge.orders.model import Order
from gdtbridge.outbox.model import DeliveryQuestion
from gdtbridge.people import Patient
from gdtbridge.pictures.kinds import ObjectKind


@dataclass(frozen=True, slots=True)
class ClarifyingLine:
    """One line of what waits for a person: who, when, why."""

    key: str
    """Stable, and fit for a URL: ``exam-12``, ``report-88``, ``question-3``."""
    reason: ClarifyingReason
    level: AttentionLevel
    since: float
    """UTC seconds."""
    patients: tuple[Patient, ...] = ()
    """As the objects name them."""
    device: str = ""
    """AE title."""
    objects: int = 0
    """Received objects it is about."""
    item: AttentionItem | None = None
    """What needs a person; None for a held exam."""
    exam_id: int = 0
    """The exam it is about, where there is one."""
    person: int = 0
    """Which of the exam's people, from 1; 0: several, or all."""


@dataclass(frozen=True, slots=True)
class DecidedExam:
    """What somebody decided of an exam, as it stands; ``event`` tells who, when and what."""

    exam_id: int
    event: ExamEvent
    patients: tuple[Patient, ...]
    """As the objects name those it was about."""

    @property
    def number(self) -> str:
        """The chart it went to, or was withdrawn from; empty where there is none."""
        return str(self.event.detail.get("number", ""))


class EvidenceSource(StrEnum):
    """The columns of the evidence."""

    DEVICE = "device"
    ORDER = "order"
    MASTER_DATA = "master-data"
    EARLIER = "earlier-exam"
    STEP = "step"
    ALREADY_SENT = "already-sent"
    """What a chart has of the exam."""


class EvidenceField(StrEnum):
    """The rows of the evidence."""

    NAME = "name"
    BIRTH_DATE = "birth-date"
    NUMBER = "number"
    SEX = "sex"
    ORDER_NUMBER = "order-number"
    DAY = "day"
    TIME = "time"


class CellStanding(StrEnum):
    """How a cell stands among the others of its row."""

    SAME = "same"
    DIFFERS = "differs"
    PLAIN = "plain"
    """It is not compared: times, and what one source alone says."""


CellValue = str | date | tuple[datetime, datetime]
"""A text, a day, or from when until when (local time)."""


@dataclass(frozen=True, slots=True)
class ComparedCell:
    """What one source says in one row; None: it says nothing."""

    value: CellValue | None
    standing: CellStanding = CellStanding.PLAIN


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row of the evidence: a cell for each column."""

    field: EvidenceField
    cells: tuple[ComparedCell, ...]


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """What the sources say side by side.

    ``rows`` are those that differ, and the times; ``same`` what all who say it say alike, ``alone``
    what one source alone says, and which.
    """

    columns: tuple[EvidenceSource, ...]
    rows: tuple[ComparedRow, ...]
    same: tuple[tuple[EvidenceField, CellValue], ...]
    alone: tuple[tuple[EvidenceField, CellValue, EvidenceSource], ...]


class CandidateSource(StrEnum):
    """Why somebody is a candidate."""

    ORDER = "order"
    """The objects lead to that order."""
    OPEN_ORDER = "open-order"
    """There is an open order for the number."""
    AT_DEVICE = "at-device"
    """An open order of that device, within two hours."""
    OWNER = "owner"
    """The practice software, or an earlier exam, knows the number."""
    SAME_PERSON = "same-person"
    """The same name and birth date as the device says."""
    STEP = "step"
    """The device told of that person (MPPS)."""
    PICTURES = "pictures"
    """The exam's pictures are of that person; a report names another."""
    SENT = "sent"
    """The number the device says, of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Whose it may be: a patient's chart, and an order if one is meant."""

    patient: Patient
    sources: frozenset[CandidateSource]
    order: Order | None = None
    is_alike: bool = False
    """Whether number, name and birth date are those the device says."""

    @property
    def key(self) -> str:
        """What tells it from others: the number, and the order's behind a slash."""
        number = self.order.accession_number if self.order is not None else ""
        return f"{self.patient.id}/{number}" if number else self.patient.id


@dataclass(frozen=True, slots=True)
class PartObject:
    """A received object; ``number`` counts the exam's pictures from 1, 0 for what is none."""

    id: int
    kind: ObjectKind
    number: int
    received_at: float
    claim_id: int
    person: int


@dataclass(frozen=True, slots=True)
class ClarifyingPart:
    """What waits of one of an exam's people."""

    exam: PatientExam
    reason: ClarifyingReason
    patients: tuple[Patient, ...]
    """Every description the objects have of the person."""
    objects: tuple[PartObject, ...]
    evidence: EvidenceTable
    candidates: tuple[Candidate, ...]
    preselected: str = ""
    """Key of the one candidate that is alike; empty: nothing is preselected."""
    received: date | None = None
    """Day of the receipt where that, or the device's, is to be chosen as the exam's."""
    orders: tuple[Order, ...] = ()
    """Open orders of which each picture may be, where none is named and several fit."""
    is_report: bool = False
    """Whether there are Structured Reports alone, while somebody else has the pictures."""
    fault: str = ""
    """Which field no record can be written for, and why: German and English, see `Texts.half`."""

    @property
    def person(self) -> int:
        """Which of the exam's people, from 1."""
        return self.exam.person

    @property
    def images(self) -> int:
        """How many pictures and clips there are."""
        kinds = {ObjectKind.IMAGE, ObjectKind.CLIP}
        return sum(one.kind in kinds for one in self.objects)


@dataclass(frozen=True, slots=True)
class ClarifyingView:
    """A held exam as a person looks at it who decides."""

    key: str
    exam: Exam
    parts: tuple[ClarifyingPart, ...]
    """What waits, for each of the exam's people."""
    sent: tuple[Patient, ...]
    """Charts that have a result of the exam."""
    began: datetime
    """Local time of the first object, as is the next of the last."""
    ended: datetime
    events: tuple[ExamEvent, ...]
    revision: str
    """Another one as soon as anything a decision rests on is."""
    others: tuple[PatientExam, ...] = field(default=())
    """The exam's people of whom nothing waits."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A delivery of which only a person can tell whether it arrived, and what its record says."""

    question: DeliveryQuestion
    records: tuple[Record, ...]
