"""Storage commitment by the web (PS3.18 chapter 13): whether what a program brought is kept.

Each instance is read back from the disk, by who does it for devices (`gdtbridge.commitment`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.commitment import (
    LARGEST_REQUEST,
    CommitmentReport,
    CommitmentRequest,
    DuplicateTransaction,
    ReferencedInstance,
    TooManyCommitments,
)
from gdtbridge.dataset.values import is_uid
from gdtbridge.errors import OutOfResources
from gdtbridge.web.access.principal import principal
from gdtbridge.web.access.slots import Slots
from gdtbridge.web.dicomweb.datasets import answer_with, failure, reference, sent_dataset
from gdtbridge.web.dicomweb.storing import UNKNOWN_SENDER
from gdtbridge.web.ports import WebCommitmentPort
from gdtbridge.web.problems import RETRY_SECONDS, refuse
from worklist import Item, items_of, text_of
from worklist.item import sequence_element, text_element

WAIT_SECONDS: Final = 10.0
"""How long an answer is waited for before the program is told to come back."""
NO_TRANSACTION: Final = "Im Pfad steht keine Transaction UID. / The path has no Transaction UID."
NO_REQUEST: Final = (
    "Referenced SOP Sequence (0008,1199) fehlt oder nennt eine Instanz nicht mit UIDs. / Referenced"
    " SOP Sequence (0008,1199) is missing, or an instance in it has no UID."
)
IN_USE: Final = (
    "Unter dieser Transaction UID wurde nach anderen Instanzen gefragt. / This Transaction UID was"
    " used for other instances."
)


@dataclass(frozen=True, slots=True)
class CommitmentCalls:
    """A program asks, and fetches the answer where it comes later."""

    book: WebCommitmentPort
    places: Slots

    def ask(self, transaction: str) -> Response:
        """Verify the instances of the body, and answer; 202 where that takes longer."""
        request.max_content_length = LARGEST_REQUEST
        instances = _instances_in(sent_dataset(), transaction)
        asked = CommitmentRequest(transaction, _title(), "", "", instances)
        release = self.places.take()
        try:
            self.book.request(asked)
            self.book.ring()
            report = self.book.answer(transaction, _title(), WAIT_SECONDS)
        except DuplicateTransaction:
            raise refuse(409, IN_USE) from None
        except (TooManyCommitments, OutOfResources):
            raise refuse(503, "", ("Retry-After", str(RETRY_SECONDS))) from None
        finally:
            release()
        return _told(report)

    def answer(self, transaction: str) -> Response:
        """Answer what was found for a transaction; 202 where it is under way, 404 for none."""
        return _told(self.book.answer(transaction, _title()))


def _title() -> str:
    return principal().aet or UNKNOWN_SENDER


def _told(report: CommitmentReport | None) -> Response:
    if report is None:
        return Response(status=202, headers={"Retry-After": str(RETRY_SECONDS)})
    return answer_with(commitment_result(report))


def commitment_result(report: CommitmentReport) -> Item:
    """Return the answer as a dataset (PS3.18 Annex J.2; PS3.4 Table J.3-2)."""
    kept = [reference(*one) for one in report.committed]
    failed = [reference(kind, uid) | failure(reason) for kind, uid, reason in report.failed]
    sequences = {"ReferencedSOPSequence": kept, "FailedSOPSequence": failed}
    told = [sequence_element(name, *items) for name, items in sequences.items() if items]
    return dict([text_element("TransactionUID", report.transaction_uid), *told])


def _instances_in(dataset: Item, transaction: str) -> tuple[ReferencedInstance, ...]:
    """Return what a request asks about (Annex J.1), each once; raise `CallRefused` (400)."""
    if not is_uid(transaction) or text_of(dataset, "TransactionUID") not in {"", transaction}:
        raise refuse(400, NO_TRANSACTION)
    names = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")
    items = items_of(dataset, "ReferencedSOPSequence")
    try:
        found = [ReferencedInstance.of(*(text_of(one, name) for name in names)) for one in items]
    except ValueError:
        raise refuse(400, NO_REQUEST) from None
    if not found:
        raise refuse(400, NO_REQUEST)
    return tuple(dict.fromkeys(found))
