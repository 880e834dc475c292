"""Storage commitment by the web (PS3.18 chapter 13): whether what a program brought is kept.

Each instance is read back from the disk, by who does it for devices (`gdtbridge.commitment`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from gdtbridge.retrieve.dicom_json import JsonDataset
from gdtbridge.web.access.principal import principal
from gdtbridge.web.access.slots import Slots
from gdtbridge.web.dicomweb.dataset_answers import JSON, answer_with, element, reference
from gdtbridge.web.dicomweb.negotiation import content_of
from gdtbridge.web.dicomweb.storing import UNKNOWN_SENDER
from gdtbridge.web.ports import WebCommitmentPort
from gdtbridge.web.problems import RETRY_SECONDS, refuse

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
        asked = CommitmentRequest(
            transaction, _title(), "", "", _instances_in(_dataset(), transaction)
        )
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


def commitment_result(report: CommitmentReport) -> JsonDataset:
    """Return the answer as a dataset (PS3.18 Annex J.2; PS3.4 Table J.3-2)."""
    found: JsonDataset = {"00081195": element("UI", report.transaction_uid)}
    if report.committed:
        found["00081199"] = element("SQ", *(reference(*one) for one in report.committed))
    if report.failed:
        failed = (
            reference(kind, uid) | {"00081197": element("US", reason)}
            for kind, uid, reason in report.failed
        )
        found["00081198"] = element("SQ", *failed)
    return found


def _dataset() -> Mapping[str, object]:
    """Return the dataset of the body; raise `CallRefused` (400, 413, 415)."""
    if content_of(request)[0] not in {JSON, "application/json"}:
        raise refuse(415, JSON)
    request.max_content_length = LARGEST_REQUEST
    try:
        found = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise refuse(400, JSON) from None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise refuse(400, NO_REQUEST)
    return found


def _instances_in(
    dataset: Mapping[str, object], transaction: str
) -> tuple[ReferencedInstance, ...]:
    """Return what a request asks about (Annex J.1), each once; raise `CallRefused` (400)."""
    if not is_uid(transaction) or _text(dataset, "00081195") not in {"", transaction}:
        raise refuse(400, NO_TRANSACTION)
    items = _values(dataset, "00081199")
    try:
        found = [
            ReferencedInstance.of(_text(one, "00081150"), _text(one, "00081155")) for one in items
        ]
    except ValueError:
        raise refuse(400, NO_REQUEST) from None
    if not found:
        raise refuse(400, NO_REQUEST)
    return tuple(dict.fromkeys(found))


def _text(dataset: object, tag: str) -> str:
    """Return the one text of an attribute; empty where there is none."""
    found = _values(dataset, tag)
    return found[0].strip() if found and isinstance(found[0], str) else ""


def _values(dataset: object, tag: str) -> list[object]:
    told = dataset.get(tag) if isinstance(dataset, dict) else None
    found = told.get("Value") if isinstance(told, dict) else None
    return found if isinstance(found, list) else []
