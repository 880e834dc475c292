"""What is asked beside worklist and storage: performed steps, and storage commitment.

Modality Performed Procedure Step (PS3.4 F.7) and Storage Commitment Push Model (PS3.4 J.3) as a
user. Used by the simulated device, and for copies that were forwarded. Each call makes an
association of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydicom import Dataset

from gdtbridge.confirmation.model import CommitmentResult
from gdtbridge.dicom.client import Peer, associated, uncompressed
from gdtbridge.dicom.client import status_of as answer_status
from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.commitment_result import CommitmentResultError, parse_result
from gdtbridge.dicom.negotiation import (
    COMMITMENT_INSTANCE,
    PERFORMED_STEP,
    REQUEST_COMMITMENT,
    STORAGE_COMMITMENT,
)
from gdtbridge.dicom.upper_layer.events import EventListener, EventReceiver, ReceivedEvent
from gdtbridge.dicom.upper_layer.requestor import answered_instance

_LOOK_SECONDS: Final = 0.2
"""How often is looked whether a report came elsewhere, or the peer has gone."""


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """Status of an N-CREATE, and the SOP Instance UID of the step as the peer names it."""

    status: int
    SOPInstanceUID: str


def create_step(peer: Peer, SOPInstanceUID: str, attributes: Dataset) -> StepAnswer:  # noqa: N803
    """Begin a performed procedure step (N-CREATE); an empty UID leaves it to ``peer``.

    Raises `PeerError` where no association comes about or breaks.
    """
    with associated(peer, [uncompressed(PERFORMED_STEP)]) as association:
        answer, _ = association.send_n_create(attributes, PERFORMED_STEP, SOPInstanceUID or None)
        status = answer_status(peer, answer)
        return StepAnswer(status, answered_instance(association) or SOPInstanceUID)


def set_step(peer: Peer, SOPInstanceUID: str, attributes: Dataset) -> int:  # noqa: N803
    """Change a performed procedure step (N-SET); return the status, or raise `PeerError`."""
    with associated(peer, [uncompressed(PERFORMED_STEP)]) as association:
        answer, _ = association.send_n_set(attributes, PERFORMED_STEP, SOPInstanceUID)
        return answer_status(peer, answer)


def _taken(_result: CommitmentResult) -> int:
    return DimseStatus.SUCCESS


def request_commitment(
    peer: Peer,
    request: Dataset,
    *,
    wait_seconds: float = 0.0,
    status_of: Callable[[CommitmentResult], int] = _taken,
    is_answered: Callable[[], bool] = lambda: False,
) -> tuple[int, CommitmentResult | None]:
    """Ask ``peer`` to answer for instances (N-ACTION, PS3.4 Table J.3-1).

    With ``wait_seconds`` the association stays open for so long for the report, which some peers
    give there, unless ``is_answered`` says that it came elsewhere. It is answered with what
    ``status_of`` says of it, or 0115 where it cannot be read. Returns the status, and that report
    if it came. Raises `PeerError`.
    """
    with associated(peer, [uncompressed(STORAGE_COMMITMENT)]) as association:
        events = EventReceiver(lambda event: _status_of_event(event, status_of))
        events.hear(association)
        answer, _ = association.send_n_action(
            request, REQUEST_COMMITMENT, STORAGE_COMMITMENT, COMMITMENT_INSTANCE
        )
        status = answer_status(peer, answer)
        deadline = time.monotonic() + wait_seconds
        while status == DimseStatus.SUCCESS and association.is_established:
            left = deadline - time.monotonic()
            if left <= 0 or is_answered():
                break
            event = events.next_event(min(left, _LOOK_SECONDS))
            if event is not None:
                return status, _read(event)
        return status, None


def _status_of_event(event: ReceivedEvent, status_of: Callable[[CommitmentResult], int]) -> int:
    result = _read(event)
    return DimseStatus.INVALID_ARGUMENT_VALUE if result is None else status_of(result)


def _read(event: ReceivedEvent) -> CommitmentResult | None:
    """Return what an event reports; None where it cannot be read."""
    try:
        return parse_result(event.information, event.transfer_syntax)
    except CommitmentResultError:
        return None


class CommitmentListener(EventListener):
    """Listens for reports of storage commitment, each on an association of the peer's."""

    def __init__(self, aet: str, port: int, host: str = "") -> None:
        super().__init__(aet, port, STORAGE_COMMITMENT, host)

    def report(self, seconds: float) -> CommitmentResult | None:
        """Return the next report; None when none comes within ``seconds``."""
        event = self.next_event(seconds)
        return _read(event) if event else None
