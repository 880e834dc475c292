"""The values of a sample audit: cases, their pictures, and the check list of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gdtbridge.people import Patient
from gdtbridge.picture_labels import Asked, LabelAnswer, LabelItem, LabelState
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.retrieve.leaving import LeavingObject


@dataclass(frozen=True, slots=True)
class SampleCase:
    """A patient and a day a KV asks for, as a person typed it."""

    id: int
    asked: str
    """Patient number or name."""
    day: date
    chosen: frozenset[int] | None = None
    """Ids of the instances that are handed in; None: every still that names the patient."""
    seen_at: float | None = None
    """When somebody said that the pictures were looked at; UTC seconds."""
    seen_by: str = ""


class CaseOutcome(StrEnum):
    """What a case leads to."""

    FOUND = "found"
    NOTHING = "nothing"
    """No pictures of that patient and day; what is held for a person counts as not there."""
    SEVERAL = "several"
    """Patients of that name were examined that day: the number has to be typed."""


@dataclass(frozen=True, slots=True)
class CasePicture:
    """A picture of a case, with what its head answers to the check list."""

    instance_id: int
    number: int
    """Counted from 1 in the case."""
    kind: ObjectKind
    """IMAGE or CLIP."""
    exam_id: int
    device: str
    """AE title the exam came from."""
    leaving: LeavingObject
    answers: tuple[LabelAnswer, ...]
    """Empty where the file cannot be read."""
    names_another: bool
    """Whether the device named somebody else: that name is probably in the pixels."""
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class RowPart:
    """What some pictures of a case answer alike: value, reason, and the numbers of the pictures."""

    state: LabelState
    value: str
    why: str
    """A key of `gdtbridge.picture_labels.REASONS`, or empty."""
    pictures: tuple[int, ...]
    is_loud: bool = False


@dataclass(frozen=True, slots=True)
class CheckRow:
    """An item of the check list of a case: its worst state, and what the pictures answer."""

    item: LabelItem
    state: LabelState
    parts: tuple[RowPart, ...]
    organs: str = ""
    """``German / English``: the organs with two sides, where the item asks for the side."""

    def is_asked_by(self, asked: Asked) -> bool:
        """Return whether it is asked for in a sample audit, or in a constancy test."""
        return self.item.asked in {asked, Asked.BOTH}


@dataclass(frozen=True, slots=True)
class CaseReport:
    """A Structured Report of a case: its object, and the number of its order."""

    leaving: LeavingObject
    accession_number: str


@dataclass(frozen=True, slots=True)
class CaseSheet:
    """A case with everything that was found of it; pictures in the order received."""

    case: SampleCase
    outcome: CaseOutcome
    patient: Patient | None = None
    procedure: str = ""
    pictures: tuple[CasePicture, ...] = ()
    reports: tuple[CaseReport, ...] = ()
    rows: tuple[CheckRow, ...] = ()
    heading: str = ""
    """What it is called instead of the patient's name: a device and its transducer."""

    @property
    def chosen(self) -> Sequence[CasePicture]:
        """The pictures that are handed in."""
        return [one for one in self.pictures if one.is_chosen]

    @property
    def exam_id(self) -> int:
        """The first of its exams; 0 without one."""
        return self.pictures[0].exam_id if self.pictures else 0

    @property
    def missing(self) -> Sequence[CheckRow]:
        """The items a sample audit asks for that are missing in pictures that are handed in."""
        return [
            row
            for row in self.rows
            if row.is_asked_by(Asked.SAMPLE) and row.state is LabelState.MISSING
        ]

    @property
    def is_loud(self) -> bool:
        """Whether something nobody may overlook stands in the list."""
        return any(part.is_loud for row in self.rows for part in row.parts)
