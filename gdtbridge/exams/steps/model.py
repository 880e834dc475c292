"""Values of performed procedure steps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.devices import Caller
from gdtbridge.devices.profile import PerformedSteps as StepReliance
from gdtbridge.errors import BridgeError
from gdtbridge.people import Patient

WRONG_ENTRY: Final = "110514"
"""Discontinuation reason of PS3.16 CID 9300: incorrect worklist entry selected."""


NOBODY: Final = Caller("", "")
"""Who sent a message that is read again."""


class StepState(StrEnum):
    """Performed Procedure Step Status (PS3.3 C.4.14)."""

    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"


class StepFault(StrEnum):
    """Why a message about a step is refused."""

    NO_DATASET = "no-dataset"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    """The dataset, or what is kept of one step, is larger than any device's."""
    STATE = "state"
    """A status that is none, or none a step begins with."""
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    """There is no step with that UID."""
    FINAL = "final"
    """The step is over and may no longer be updated."""


class StepRefused(BridgeError):
    """A message about a step is not taken; nothing of it is kept."""

    def __init__(self, fault: StepFault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class StepMessage:
    """The dataset of an N-CREATE or N-SET as it came, and who sent it."""

    content: bytes
    transfer_syntax_uid: str
    caller: Caller = NOBODY


@dataclass(frozen=True, slots=True)
class ScheduledStep:
    """What a step was scheduled as: a study, an order's number, each empty where not said."""

    study_instance_uid: str
    accession_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What one message says of its step; empty, or None, where it says nothing."""

    sop_instance_uid: str = ""
    state: str = ""
    """Performed Procedure Step Status as sent."""
    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    description: str = ""
    reason_code: str = ""
    reason: str = ""
    scheduled: tuple[ScheduledStep, ...] = ()
    instances: tuple[str, ...] | None = None
    """SOP Instance UIDs of the Performed Series Sequence; None without that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformedStep:
    """A step as far as it is known; times are UTC in seconds."""

    id: int
    sop_instance_uid: str
    state: StepState
    device: str
    """Calling AE title."""
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    description: str
    reason_code: str
    """Why it was discontinued: Code Value and, below, Code Meaning."""
    reason: str
    began_at: float
    ended_at: float | None
    reliance: StepReliance = "full"
    """What the steps of the device are worth (`NetworkProfile.performed_steps`)."""
    accepted: bool = False

    @property
    def patient(self) -> Patient:
        """The patient as the device named the person."""
        return Patient.from_dicom(
            self.patient_id, self.patient_name, self.patient_birth_date, self.patient_sex
        )

    @property
    def is_wrong_entry(self) -> bool:
        """Whether the device took back that this patient was examined."""
        return self.state is StepState.DISCONTINUED and self.reason_code == WRONG_ENTRY
