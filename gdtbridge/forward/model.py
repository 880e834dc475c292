"""A copy of an object at another archive, how far it is, and what that archive has wrongly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from typing import Final, Self

from gdtbridge.people import Patient


class CopyState(StrEnum):
    """How far the copy of one object for one archive is.

    ::

        waiting ──▶ sent ──▶ confirmed
         ▲  │  ◀────┴───────────┘  (corrected, asked for again, missing there)
         │  └──▶ failed ──▶ waiting (asked for again, or corrected)
         ├── superseded ◀── any (nothing of it is to be there any more)
         └── ended ◀── waiting, failed (a person gives up)
    """

    WAITING = "waiting"
    """It is to leave: its turn comes, or nobody answers, or it is held."""
    SENT = "sent"
    """The archive answered that it has it (C-STORE 0000 or a warning); nobody has verified it."""
    CONFIRMED = "confirmed"
    """The archive's storage commitment, or a query there, says that it is kept."""
    FAILED = "failed"
    """Given up: the archive will not take it, however often it is sent. A person has to look."""
    SUPERSEDED = "superseded"
    """Another version counts, or a person took it back: it is not sent any more."""
    ENDED = "ended"
    """A person said that it need not be sent."""


@dataclass(frozen=True, slots=True)
class ForwardCopy:
    """A row of ``forward_copy``; times are UTC in seconds."""

    id: int
    exam_id: int
    instance_id: int
    destination: str
    """AE title of the peer."""
    state: CopyState
    identity_id: int | None
    """Under which it left or may have left (`LeftIdentity`); None: not yet."""
    asked: bool
    attempts: int
    reason: str
    entered_at: float
    sent_at: float | None
    confirmed_at: float | None


@dataclass(frozen=True, slots=True)
class LeftIdentity:
    """What an object that left says of whom it is, in DICOM's words."""

    PatientID: str = ""
    PatientName: str = ""
    PatientBirthDate: str = ""
    PatientSex: str = ""
    AccessionNumber: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """Return the identity in values by DICOM keyword."""
        return cls(**{one.name: values[one.name] for one in fields(cls)})

    @classmethod
    def parsed(cls, said: str) -> Self:
        """Return what `said` wrote; nobody for an empty text."""
        return cls(*json.loads(said)) if said else cls()

    @property
    def said(self) -> str:
        """The identity as the database has it: a JSON list."""
        return json.dumps(astuple(self), ensure_ascii=False, separators=(",", ":"))

    @property
    def patient(self) -> Patient:
        """The patient it names."""
        return Patient.from_dicom(
            self.PatientID, self.PatientName, self.PatientBirthDate, self.PatientSex
        )

    def is_same_person(self, other: LeftIdentity) -> bool:
        """Return whether both say the same of the patient; the order may be another one."""
        return astuple(self)[:4] == astuple(other)[:4]


@dataclass(frozen=True, slots=True)
class WrongCopy:
    """What an archive has of an exam and should not have (any more): for a person to see to."""

    id: int
    exam_id: int
    study_instance_uid: str
    destination: str
    has: LeftIdentity
    """What the archive was sent."""
    now: LeftIdentity | None
    """What was decided since and is sent anew; None: nothing of it is to be there."""
    copies: int
    since: float


STATE_TEXT: Final = {
    CopyState.WAITING: "wartet / waiting",
    CopyState.SENT: "gesendet, nicht bestätigt / sent, not confirmed",
    CopyState.CONFIRMED: "bestätigt / confirmed",
    CopyState.FAILED: "aufgegeben / given up",
    CopyState.SUPERSEDED: "überholt / superseded",
    CopyState.ENDED: "beendet / ended",
}
"""What people read for each state."""
CONFIRMED_TEXT: Final = {
    "commitment": "bestätigt durch Auskunft des Empfängers / confirmed by its storage commitment",
    "query": "bestätigt durch Abfrage / confirmed by a query",
}
"""The same of what is confirmed, by how."""


@dataclass(frozen=True, slots=True)
class ListedCopy:
    """A copy as people see it."""

    id: int
    study_instance_uid: str
    sop_instance_uid: str
    destination: str
    state: CopyState
    reason: str
    attempts: int
    entered_at: float
    sent_at: float | None
    confirmed_at: float | None
    confirmed_by: str

    @property
    def words(self) -> str:
        """The state in words, German first."""
        by_state = STATE_TEXT[self.state]
        confirmed = self.state is CopyState.CONFIRMED
        return CONFIRMED_TEXT.get(self.confirmed_by, by_state) if confirmed else by_state


@dataclass(frozen=True, slots=True)
class FailedCopies:
    """What was given up of one archive: how much, since when, and why the newest was."""

    destination: str
    count: int
    since: float
    reason: str
