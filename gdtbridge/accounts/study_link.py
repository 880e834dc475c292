"""Links that open one study of one patient for a limited time, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedStudy:
    """What a link shows: of a study what is decided to be of one patient number."""

    study_instance_uid: str
    patient_id: str


@dataclass(frozen=True, slots=True)
class StudyLink:
    """A link, without its secret; times in UTC seconds."""

    id: int
    shared: SharedStudy
    made_at: float
    made_by: str
    """The name of who made it; empty where nobody was asked who they are."""
    expires_at: float
    opened_at: float | None
    """When somebody asked for something with it last."""
    revoked_at: float | None

    @property
    def name(self) -> str:
        """What the audit trail and the log call it."""
        return f"Link {self.id}"


@dataclass(frozen=True, slots=True)
class NewStudyLink:
    """A link just made, with its secret, which is shown this once."""

    link: StudyLink
    secret: str
