"""Performed procedure steps: what devices say of their exams as they go (MPPS, PS3.4 Annex F).

A step is kept as it came. It tells when an exam is over, who is being examined, which instances are
still to come, and for whom: evidence like an object's, never a record of its own and never a name.
What must not live here: DIMSE, and the decision whose an exam is.
"""

from gdtbridge.exams.steps.model import (
    PerformedStep,
    StepFault,
    StepMessage,
    StepRefused,
    StepState,
)

__all__ = ["PerformedStep", "StepFault", "StepMessage", "StepRefused", "StepState"]
