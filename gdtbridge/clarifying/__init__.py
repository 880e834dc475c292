"""What a person decides: whose an exam is, what a correction does, whether something arrived.

For each thing that waits: the evidence side by side, whom it may be, what would happen, and the
acts. What must not live here: how any of it is shown, and deciding anything without a person.
"""

from gdtbridge.clarifying.acting import Assignment, Clarifier
from gdtbridge.clarifying.desk import ClarifyingDesk
from gdtbridge.clarifying.leases import Leases
from gdtbridge.clarifying.looking import ExamLook
from gdtbridge.clarifying.model import (
    Candidate,
    CandidateSource,
    ClarifyingLine,
    ClarifyingPart,
    ClarifyingView,
    PartObject,
    QuestionView,
)
from gdtbridge.clarifying.queue import ClarifyingQueue
from gdtbridge.clarifying.reasons import REASONS, ClarifyingReason, ReasonView

__all__ = [
    "REASONS",
    "Assignment",
    "Candidate",
    "CandidateSource",
    "Clarifier",
    "ClarifyingDesk",
    "ClarifyingLine",
    "ClarifyingPart",
    "ClarifyingQueue",
    "ClarifyingReason",
    "ClarifyingView",
    "ExamLook",
    "Leases",
    "PartObject",
    "QuestionView",
    "ReasonView",
]
