"""What a device asks beside worklist and storage: performed steps, and storage commitment.

Modality Performed Procedure Step (PS3.4 F.7) and Storage Commitment Push Model (PS3.4 J.3) as a
user. Used by the simulated device. Each call makes an association of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydicom import Dataset

from gdtbridge.dicom.client import Peer, associated, status_of, uncompressed
from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.negotiation import (
    COMMITMENT_INSTANCE,
    PERFORMED_STEP,
    REQUEST_COMMITMENT,
    STORAGE_COMMITMENT,
)
from gdtbridge.dicom.upper_layer.events import EventListener, EventReceiver
from gdtbridge.dicom.upper_layer.requestor import answered_instance


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """Status of an N-CREATE, and the SOP Instance UID of the step as the peer names it."""

    status: int
    SOPInstanceUID: str


@dataclass(frozen=True, slots=True)
class CommitmentResult:
    """An N-EVENT-REPORT: instances the peer answers for, and the reason for each it does not."""

    TransactionUID: str
    committed: frozenset[str]
    failed: Mapping[str, int]

    @classmethod
    def of(cls, information: Dataset) -> CommitmentResult:
        """Read the Event Information (PS3.4 Table J.3-2); what is missing is empty."""
        kept = information.get("ReferencedSOPSequence") or []
        failed = information.get("FailedSOPSequence") or []
        return cls(
            str(information.get("TransactionUID") or ""),
            frozenset(str(item.ReferencedSOPInstanceUID) for item in kept),
            {str(item.ReferencedSOPInstanceUID): int(item.FailureReason) for item in failed},
        )


def create_step(peer: Peer, SOPInstanceUID: str, attributes: Dataset) -> StepAnswer:  # noqa: N803
    """Begin a performed procedure step (N-CREATE); an empty UID leaves it to ``peer``.

    Raises `PeerError` where no association comes about or breaks.
    """
    with associated(peer, [uncompressed(PERFORMED_STEP)]) as association:
        answer, _ = association.send_n_create(attributes, PERFORMED_STEP, SOPInstanceUID or None)
        status = status_of(peer, answer)
        return StepAnswer(status, answered_instance(association) or SOPInstanceUID)


def set_step(peer: Peer, SOPInstanceUID: str, attributes: Dataset) -> int:  # noqa: N803
    """Change a performed procedure step (N-SET); return the status, or raise `PeerError`."""
    with associated(peer, [uncompressed(PERFORMED_STEP)]) as association:
        answer, _ = association.send_n_set(attributes, PERFORMED_STEP, SOPInstanceUID)
        return status_of(peer, answer)


def request_commitment(
    peer: Peer, request: Dataset, *, wait_seconds: float = 0.0
) -> tuple[int, CommitmentResult | None]:
    """Ask ``peer`` to answer for instances (N-ACTION, PS3.4 Table J.3-1).

    With ``wait_seconds`` the association stays open for so long for the report, which some devices
    expect there. Returns the status, and that report if it came. Raises `PeerError`.
    """
    with associated(peer, [uncompressed(STORAGE_COMMITMENT)]) as association:
        reports = EventReceiver()
        reports.hear(association)
        answer, _ = association.send_n_action(
            request, REQUEST_COMMITMENT, STORAGE_COMMITMENT, COMMITMENT_INSTANCE
        )
        status = status_of(peer, answer)
        if status != DimseStatus.SUCCESS or not wait_seconds:
            return status, None
        event = reports.next_event(wait_seconds)
        return status, CommitmentResult.of(event[1]) if event else None


class CommitmentListener(EventListener):
    """Listens for reports of storage commitment, each on an association of the peer's."""

    def __init__(self, aet: str, port: int, host: str = "") -> None:
        super().__init__(aet, port, STORAGE_COMMITMENT, host)

    def report(self, seconds: float) -> CommitmentResult | None:
        """Return the next report; None when none comes within ``seconds``."""
        event = self.next_event(seconds)
        return CommitmentResult.of(event[1]) if event else None
