"""Values of an exam's page; times are UTC in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gdtbridge.day.model import DayLine, ShownDevice
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.trends import ReportValue


@dataclass(frozen=True, slots=True)
class ShownObject:
    """An object of an exam, of one of its people."""

    instance_id: int
    person: int
    kind: ObjectKind
    frames: int
    """0 where the object does not say."""
    description: str
    """Series Description as sent."""
    received_at: float
    size: int
    """Bytes of its file."""
    sha256: str
    """Of its dataset, hexadecimal; another content has another one."""


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A Structured Report of an exam: who made it, what is in it, or why that cannot be read."""

    instance_id: int
    person: int
    device: str
    """Manufacturer and model."""
    content_time: str
    """Local, ISO 8601; empty where the report does not say."""
    values: tuple[ReportValue, ...] = ()
    problem: str = ""
    """A key of `gdtbridge.exams.model.PROBLEM_TEXT`, or the name of an error of reading."""


class ExamHistoryCode(StrEnum):
    """What happened to an exam; those of `gdtbridge.exams.model.EventKind` have its words."""

    ORDERED = "ordered"
    SEEN = "seen"
    """A device was given the entry."""
    BEGUN = "begun"
    ENDED = "ended"
    BROKEN_OFF = "broken-off"
    RECEIVED = "received"
    SENT = "sent"
    """Decided: into whose chart it goes."""
    HELD = "held"
    RELEASED = "released"
    UNDONE = "undone"
    DISCARDED = "discarded"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    UNMATCHED = "unmatched"
    REPLACED = "replaced"
    FETCHED = "fetched"
    MOVED = "moved"
    SENT_AGAIN = "sent-again"
    DELIVERED = "delivered"
    COLLECTED = "collected"
    RECALLED = "recalled"
    """Its files were taken back out of the folder."""
    ARCHIVED = "archived"
    CONFIRMED = "confirmed"
    """Another archive says that it keeps the objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One thing that happened; what does not apply is empty."""

    at: float
    code: ExamHistoryCode
    who: str = ""
    """Name of the account; empty where nobody did it."""
    detail: str = ""
    """Why it was held, in a word of `HoldReason`; a patient number; an archive's AE title."""
    pictures: int = 0
    reports: int = 0
    device: ShownDevice | None = None


@dataclass(frozen=True, slots=True)
class ExamSheet:
    """Everything a page shows of one exam."""

    exam_id: int
    study_instance_uid: str
    lines: tuple[DayLine, ...]
    """One for each of its people, of each order; at least one."""
    objects: tuple[ShownObject, ...]
    reports: tuple[ShownReport, ...]
    history: tuple[HistoryEntry, ...]
    """The oldest first."""
    renamed: frozenset[int] = frozenset()
    """Those of its people whom the device named otherwise: that name may stand in the pictures."""
