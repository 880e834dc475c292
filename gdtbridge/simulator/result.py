"""What a simulated exam sent, and what the other side made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydicom.dataset import Dataset

from gdtbridge.confirmation.model import CommitmentResult

SUCCESS: Final = 0x0000
STEP_WARNINGS: Final = frozenset({0x0107, 0x0116})
"""Attribute list error and attribute value out of range: the step is kept (PS3.7 C.4)."""


def is_kept(status: int | None) -> bool:
    """Return whether a C-STORE answer is success or a warning (PS3.4 Table B.2-1)."""
    return status is not None and (status == SUCCESS or status & 0xF000 == 0xB000)


@dataclass(frozen=True, slots=True)
class SentInstance:
    """One instance and the last answer to it; ``sample`` is the name of the file it was made of."""

    sample: str
    SOPInstanceUID: str
    status: int

    @property
    def stored(self) -> bool:
        """Whether the peer keeps it."""
        return is_kept(self.status)


@dataclass(frozen=True, slots=True)
class SimulatedInstance:
    """One instance of the exam, ready to be sent."""

    path: Path
    sample: str
    dataset: Dataset

    @property
    def SOPInstanceUID(self) -> str:  # noqa: N802
        """Its UID."""
        return str(self.dataset.SOPInstanceUID)

    @property
    def is_report(self) -> bool:
        """Whether it is a Structured Report."""
        return "ContentSequence" in self.dataset


@dataclass(frozen=True, slots=True)
class SimulatedExam:
    """One simulated exam; ``AccessionNumber`` is empty when there was no order.

    ``step_statuses`` are the answers to N-CREATE and N-SET, none where the peer does not offer
    them. ``commitment`` is what the peer answers for; None where it was not asked or kept silent.
    """

    AccessionNumber: str
    StudyInstanceUID: str
    sent: tuple[SentInstance, ...]
    step_statuses: tuple[int, ...] = ()
    commitment: CommitmentResult | None = None
    commitment_wanted: bool = field(default=False, kw_only=True)

    @property
    def is_green(self) -> bool:
        """Whether the peer answers for every instance: the device may free its disk."""
        sent = {one.SOPInstanceUID for one in self.sent}
        return self.commitment is not None and sent <= self.commitment.committed

    @property
    def ok(self) -> bool:
        """Whether the peer keeps every instance and step, and answers for them where asked."""
        kept = all(one.stored for one in self.sent)
        steps = all(one == SUCCESS or one in STEP_WARNINGS for one in self.step_statuses)
        return kept and steps and (self.is_green or not self.commitment_wanted)
