"""Values of a day: a patient's line, its state and reason, what may be done, and the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from gdtbridge.people import Patient


class LineState(StrEnum):
    """State of a patient's line; ``states.tsv`` has their order and looks."""

    NEEDS_YOU = "needs-you"
    """A person has to decide or to look."""
    IN_EXAMINATION = "in-examination"
    """The device says so (MPPS IN PROGRESS), and no object is here."""
    RECEIVING = "receiving"
    """Objects arrive, or everything is here and nothing in the outbox yet."""
    ON_ITS_WAY = "on-its-way"
    """A record waits, or its file lies where it was put."""
    IN_CHART = "in-chart"
    """Every record was delivered, and its file is gone from the folder."""
    HANDED_OVER = "handed-over"
    """The same, but the practice software leaves files lying: nobody can see more."""
    WAITING = "waiting"
    WITHOUT_PICTURES = "without-pictures"
    """It was examined, nothing of it came, and nobody waits for it any more."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DISCONTINUED = "discontinued"
    """The device broke the exam off, and no object is here."""
    DISCARDED = "discarded"
    """A person said that nothing of it goes into a chart."""
    FETCHED = "fetched"
    """Another archive's, fetched on our own wish: no result."""


class ReasonCode(StrEnum):
    """What the second line of a line tells; a page has the words."""

    NONE = ""
    HELD = "held"
    """``detail`` is the `gdtbridge.exams.hold_reasons.HoldReason`."""
    REPORT = "report"
    """``detail`` is the `gdtbridge.exams.waiting.WaitingKind` of a report."""
    OVERDUE = "overdue"
    STEP = "step"
    """``detail`` is the `gdtbridge.exams.steps.waiting.StepProblem`."""
    DELIVERY_QUESTION = "delivery-question"
    DELIVERY_FAILED = "delivery-failed"
    DELIVERY_STUCK = "delivery-stuck"
    UNCOLLECTED = "uncollected"
    REMARK = "remark"
    """``detail`` are the sentences of the order."""
    SINCE = "since"
    OBJECTS = "objects"
    """``pictures`` and ``reports`` are here, and it is not done."""
    ANNOUNCED = "announced"
    """A device or a program says that it is over; nothing is here."""
    NO_PICTURES = "no-pictures"
    """It is over since ``at``, and nothing came."""
    QUEUED = "queued"
    """A record is about to be written."""
    FOLDER_AWAY = "folder-away"
    SUPPLEMENT = "supplement"
    """A supplement to a result that is in the chart is on its way."""
    LYING = "lying"
    COLLECTED = "collected"
    DELIVERED = "delivered"
    SEEN = "seen"
    """``device`` was given the entry."""
    UNASKED = "unasked"
    """No device has asked since the entry is as it is."""
    UNSHOWN = "unshown"
    """Every device that asked would leave the entry out."""
    BY_DEVICE = "by-device"
    """``detail`` is the reason the device gave."""


@dataclass(frozen=True, slots=True)
class ShownDevice:
    """A device as it is shown: its AE title, and what the practice calls it."""

    aet: str
    name: str = ""
    """Empty where the settings have none."""

    @property
    def shown(self) -> str:
        """The practice's own name, else the AE title."""
        return self.name or self.aet


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReason:
    """The second line of a line: a code and what it tells; empty where it does not apply."""

    code: ReasonCode = ReasonCode.NONE
    at: float | None = None
    """UTC seconds."""
    detail: str = ""
    pictures: int = 0
    reports: int = 0
    device: ShownDevice | None = None


NO_REASON: Final = LineReason()


class LineAct(StrEnum):
    """What may be done with a line."""

    OPEN = "open"
    CLARIFY = "clarify"
    EDIT = "edit"
    MOVE = "move"
    REMOVE = "remove"
    AGAIN = "again"
    """Put the same patient on the list once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """One patient's line of a day: an order, an exam, or both where they belong together.

    ``at`` is local time: that of the appointment, else of the exam, else of the receipt.
    """

    key: str
    """``order:ACCESSION``, ``exam:ID:PERSON`` or ``step:ID``; the same as long as the line is."""
    at: datetime
    patient: Patient
    """Under the number the chart has now; name and birth date of the record, else of the order,
    else as the device sent them."""
    modality: str = ""
    procedure: str = ""
    devices: tuple[ShownDevice, ...] = ()
    """Where it is to be done, or was."""
    order_number: str = ""
    """Accession number of the order; empty without one."""
    order_revision: str = ""
    """Changes with everything the order says (`gdtbridge.orders.Order.revision`)."""
    exam_id: int = 0
    """0 without an exam."""
    study_instance_uid: str = ""
    person: int = 0
    """Which of the exam's people, from 1."""
    state: LineState
    since: float | None = None
    """Since when it is in that state, as far as that is known; UTC seconds."""
    reason: LineReason = NO_REASON
    acts: frozenset[LineAct] = frozenset()
    pictures: int = 0
    """Objects of its exam that are no report."""
    reports: int = 0
    laid_at: float | None = None
    """When the last of its records was put down for practice software; UTC seconds."""
    collected_at: float | None = None
    """When the last of them was collected; None while one of them is not."""


@dataclass(frozen=True, slots=True)
class DayFilter:
    """Which lines of a day are wanted; empty means all."""

    states: frozenset[LineState] = frozenset()
    device: str = ""
    """AE title."""

    def wants(self, line: DayLine) -> bool:
        """Return whether a line is wanted."""
        of_device = not self.device or any(one.aet == self.device for one in line.devices)
        return of_device and (not self.states or line.state in self.states)


EVERY_LINE: Final = DayFilter()


@dataclass(frozen=True, slots=True)
class DaySheet:
    """A day: the lines that were asked for, by time, and how many there are of each state in all.

    ``is_cut`` tells that there are more lines than a day may have; ``patients`` how many people all
    its lines are of, one for each line without a patient number.
    """

    day: date
    lines: tuple[DayLine, ...]
    counts: Mapping[LineState, int] = field(default_factory=dict)
    total: int = 0
    is_cut: bool = False
    patients: int = 0
