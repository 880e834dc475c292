"""What an archive is asked about copies it was sent, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Confirmation(StrEnum):
    """How it is found out, or was, that an archive keeps a copy."""

    COMMITMENT = "commitment"
    """By its storage commitment (PS3.4 Annex J)."""
    QUERY = "query"
    """By a query for the instance: it lists it, which promises nothing."""
    NONE = "none"
    """It is not: the copy is sent, not confirmed."""


@dataclass(frozen=True, slots=True)
class ConfirmingArchive:
    """An archive copies go to: how it is asked about them, under which AE title of ours.

    What it has not confirmed after ``patience`` seconds needs a person.
    """

    aet: str
    way: Confirmation
    calling_aet: str
    patience: float


@dataclass(frozen=True, slots=True)
class SentCopy:
    """A copy an archive said it has: what it is, and of whom as it left (UTC seconds)."""

    id: int
    exam_id: int
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    patient_id: str
    sent_at: float
    inquiries: int
    losses: int


@dataclass(frozen=True, slots=True)
class CommitmentResult:
    """An N-EVENT-REPORT: instances the peer answers for, and the reason for each it does not."""

    TransactionUID: str
    committed: frozenset[str]
    failed: Mapping[str, int]


class ReportOutcome(StrEnum):
    """What became of a report."""

    TAKEN = "taken"
    UNKNOWN = "unknown"
    """Nobody asked under that Transaction UID."""
    STRANGER = "stranger"
    """Somebody else was asked."""


@dataclass(frozen=True, slots=True)
class StudyListing:
    """What an archive lists of a study: patient numbers (none: it says none), instances."""

    patient_ids: frozenset[str]
    instances: frozenset[str]


class LossKind(StrEnum):
    """What a reason for which a copy is not kept asks for."""

    GONE = "gone"
    """The archive does not have it: it is sent again."""
    CONFLICT = "conflict"
    """The archive has something else there: sending again does not help."""
    LATER = "later"
    """The archive may say something else later."""


@dataclass(frozen=True, slots=True)
class ReasonMeaning:
    """What a Failure Reason (0008,1197) means; texts go on after the archive's name."""

    loss: LossKind
    german: str
    english: str

    def told(self, reason: int) -> str:
        """Return the words for a person, and the reason."""
        return f"{self.german} ({reason:04X}) / {self.english} ({reason:04X})"


NOT_THERE: Final = 0x0112
"""No such object instance."""
MEANINGS: Final[Mapping[int, ReasonMeaning]] = MappingProxyType(
    {
        0x0110: ReasonMeaning(LossKind.GONE, "kann es nicht aufbewahren", "cannot keep it"),
        NOT_THERE: ReasonMeaning(LossKind.GONE, "hat es nicht", "does not have it"),
        0x0119: ReasonMeaning(
            LossKind.CONFLICT,
            "hat unter dieser UID ein Objekt anderer Art",
            "has an object of another kind under this UID",
        ),
        0x0122: ReasonMeaning(
            LossKind.LATER,
            "bestätigt Objekte dieser Art nicht",
            "does not commit objects of this kind",
        ),
        0x0131: ReasonMeaning(LossKind.LATER, "kennt die Anfrage schon", "knows the request"),
        0x0213: ReasonMeaning(LossKind.LATER, "ist überlastet", "has no resources"),
    }
)
"""By Failure Reason (PS3.3 C.14.1.1)."""
_OTHER: Final = ReasonMeaning(LossKind.LATER, "bestätigt es nicht", "does not confirm it")


def meaning_of(reason: int) -> ReasonMeaning:
    """Return what a Failure Reason means, also one the standard does not have."""
    return MEANINGS.get(reason, _OTHER)


OTHER_PATIENT: Final = (
    "führt es unter einer anderen Patientennummer / has it under another patient number"
)
NO_REPORT: Final = "hat es noch nicht bestätigt / has not confirmed it yet"
