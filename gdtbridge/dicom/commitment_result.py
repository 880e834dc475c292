"""Storage Commitment Push Model (N-EVENT-REPORT, PS3.4 J.3.3): takes what peers have committed.

A peer that was asked about copies reports on an association of its own, as the provider although it
calls. Success is answered when the report is on the disk.
"""

from __future__ import annotations

import logging
from functools import partial
from io import BytesIO
from typing import Final, Literal, Protocol

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.commitment import LARGEST_REQUEST
from gdtbridge.confirmation.model import CommitmentResult, ReportOutcome
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.parser import Item, WantedElements, parse_file
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import plain_text
from gdtbridge.dataset.values import is_uid
from gdtbridge.devices import Caller
from gdtbridge.dicom.command import CommandField, DimseStatus
from gdtbridge.dicom.commitment_report import ALL_KEPT, NOT_ALL_KEPT
from gdtbridge.dicom.negotiation import STORAGE_COMMITMENT
from gdtbridge.dicom.refusals import UNNOTED, RefusalPort
from gdtbridge.dicom.service import BufferedOperation, DimseRequest, ServiceTable
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

_WANTED: Final = WantedElements(
    values=frozenset(
        {
            Tag.TransactionUID,
            Tag.ReferencedSOPClassUID,
            Tag.ReferencedSOPInstanceUID,
            Tag.FailureReason,
        }
    ),
    sequences=frozenset({Tag.ReferencedSOPSequence, Tag.FailedSOPSequence}),
    last=Tag.ReferencedSOPSequence,
    longest=128,
    most_steps=500_000,
    most_items=50_000,
    deepest=8,
)


class CommitmentResultError(ValueError):
    """The Event Information of a report cannot be read."""


class ResultPort(Protocol):
    """Whoever has asked peers, as the receiver of their reports needs it."""

    def take_report(self, caller: Caller, result: CommitmentResult) -> ReportOutcome:
        """Take what ``caller`` reports; durable when it returns. Raises a `BridgeError`."""


STATUS_OF_OUTCOME: Final = {
    ReportOutcome.TAKEN: DimseStatus.SUCCESS,
    ReportOutcome.UNKNOWN: DimseStatus.NO_SUCH_SOP_INSTANCE,
    ReportOutcome.STRANGER: DimseStatus.NO_SUCH_SOP_INSTANCE,
}
"""What a report is answered with: a stranger learns nothing of transactions (PS3.7 10.1.1.1.8)."""


class CommitmentEvent(BufferedOperation):
    """One N-EVENT-REPORT of a peer."""

    limit = LARGEST_REQUEST

    def __init__(self, port: ResultPort, refusals: RefusalPort, request: DimseRequest) -> None:
        super().__init__(request)
        self._port = port
        self._refusals = refusals

    def run(self) -> None:
        """Take the report and answer; whatever fails becomes a failure status."""
        request = self.request
        if request.command.EventTypeID not in {ALL_KEPT, NOT_ALL_KEPT}:
            request.answer(DimseStatus.NO_SUCH_EVENT_TYPE, "No such event type")
            return
        if self.is_too_large:
            request.answer(DimseStatus.RESOURCE_LIMITATION, "Too many instances")
            return
        try:
            result = parse_result(self.dataset, request.context.transfer_syntax)
            outcome = self._port.take_report(request.caller, result)
        except CommitmentResultError as error:
            log.warning("commitment report from %r refused: %s", request.calling_aet, error)
            request.answer(DimseStatus.INVALID_ARGUMENT_VALUE, f"Report refused: {error}")
        except Exception as error:  # noqa: BLE001 - the peer is told, whatever it is
            log.error("commitment report not taken: %s", describe(error))
            request.answer(DimseStatus.PROCESSING_FAILURE, "Report not taken")
        else:
            comment = None
            if outcome is not ReportOutcome.TAKEN:
                comment = "Unknown transaction"
                self._refusals.note(RefusalReason.REPORT, request.calling_aet, request.peer)
            request.answer(STATUS_OF_OUTCOME[outcome], comment)


def result_services(port: ResultPort, refusals: RefusalPort = UNNOTED) -> ServiceTable:
    """Return the service that takes reports of storage commitment; others are ``refusals``."""
    event = partial(CommitmentEvent, port, refusals)
    return {(CommandField.N_EVENT_REPORT_RQ, STORAGE_COMMITMENT): event}


def parse_result(data: bytes, transfer_syntax: str) -> CommitmentResult:
    """Return what a report says (PS3.4 Table J.3-2); raise `CommitmentResultError`.

    An instance that is said to be kept and not to be is not kept. One without a reason has 0110.
    """
    try:
        found = parse_file(
            BytesIO(data), transfer_syntax, _WANTED, most_inflated=LARGEST_REQUEST, size=len(data)
        )
    except DatasetError as error:
        raise CommitmentResultError("cannot be read") from error
    if found.cut or found.damaged or not found.root.complete:
        raise CommitmentResultError("cannot be read")
    uid = plain_text(found.root.values.get(Tag.TransactionUID, b""))
    if not is_uid(uid):
        raise CommitmentResultError("no Transaction UID")
    order: Literal["big", "little"] = "big" if found.big_endian else "little"
    failed = {
        _instance(item): int.from_bytes(item.values.get(Tag.FailureReason, b""), order)
        or DimseStatus.PROCESSING_FAILURE
        for item in found.root.sequences.get(Tag.FailedSOPSequence, [])
    }
    kept = map(_instance, found.root.sequences.get(Tag.ReferencedSOPSequence, []))
    return CommitmentResult(uid, frozenset(kept) - failed.keys(), failed)


def _instance(item: Item) -> str:
    uid = plain_text(item.values.get(Tag.ReferencedSOPInstanceUID, b""))
    if not is_uid(uid):
        raise CommitmentResultError("an instance without a UID")
    return uid
