"""Storage Commitment Push Model (N-ACTION, PS3.4 J.3.2): takes the requests of devices.

Success is answered when the request is on the disk, which says nothing of the instances; their
report comes later (`commitment_report`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Final, Protocol

from gdtbridge.commitment import (
    LARGEST_REQUEST,
    CommitmentRequest,
    DuplicateTransaction,
    ReferencedInstance,
    TooManyCommitments,
)
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.parser import Item, WantedElements, parse_file
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import plain_text
from gdtbridge.dataset.values import is_uid
from gdtbridge.devices import Caller
from gdtbridge.dicom.command import CommandField, DimseStatus
from gdtbridge.dicom.commitment_report import CommitmentChannels
from gdtbridge.dicom.negotiation import REQUEST_COMMITMENT, STORAGE_COMMITMENT
from gdtbridge.dicom.service import BufferedOperation, DimseRequest, ServiceTable
from gdtbridge.errors import OutOfResources
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

_WANTED: Final = WantedElements(
    values=frozenset({Tag.TransactionUID, Tag.ReferencedSOPClassUID, Tag.ReferencedSOPInstanceUID}),
    sequences=frozenset({Tag.ReferencedSOPSequence}),
    last=Tag.ReferencedSOPSequence,
    longest=128,
    most_steps=500_000,
    most_items=50_000,
    deepest=8,
)


class CommitmentPort(Protocol):
    """Whoever keeps the requests, as the Storage Commitment SCP needs it."""

    def request(self, asked: CommitmentRequest) -> None:
        """Take a request; durable when it returns.

        Raises `DuplicateTransaction`, `TooManyCommitments` or `BridgeError`.
        """

    def ring(self) -> None:
        """Have requests looked at; returns at once."""


class CommitmentRequestError(ValueError):
    """The dataset of a request cannot be read, or asks about nothing."""


class CommitmentAction(BufferedOperation):
    """One N-ACTION: the transaction, and the instances it is about."""

    limit = LARGEST_REQUEST

    def __init__(
        self,
        port: CommitmentPort,
        channels: CommitmentChannels,
        wants_same_association: Callable[[Caller], bool],
        request: DimseRequest,
    ) -> None:
        """Take a request for ``port``; its association is kept in ``channels``."""
        super().__init__(request)
        self._wants_same_association = wants_same_association
        self._port = port
        self._channels = channels

    def run(self) -> None:
        """Keep the request and answer; whatever fails becomes a failure status."""
        request = self.request
        if request.command.ActionTypeID != REQUEST_COMMITMENT:
            request.answer(DimseStatus.NO_SUCH_ACTION, "No such action type")
            return
        try:
            self._take()
        except CommitmentRequestError as error:
            log.warning("commitment request from %r refused: %s", request.calling_aet, error)
            request.answer(DimseStatus.INVALID_ARGUMENT_VALUE, f"Request refused: {error}")
        except DuplicateTransaction:
            comment = "Transaction UID in use for other instances"
            request.answer(DimseStatus.DUPLICATE_TRANSACTION, comment)
        except (TooManyCommitments, OutOfResources):
            comment = "Too many requests without an answer, or no room"
            request.answer(DimseStatus.RESOURCE_LIMITATION, comment)
        except Exception as error:  # noqa: BLE001 - the device is told, whatever it is
            log.error("commitment request not taken: %s", describe(error))
            request.answer(DimseStatus.PROCESSING_FAILURE, "Request not taken")

    def _take(self) -> None:
        """Keep the request, answer, and only then have it looked at: its report comes after."""
        request = self.request
        if self.is_too_large:
            raise TooManyCommitments("a request of too many bytes")
        uid, references = parse_request(self.dataset, request.context.transfer_syntax)
        asked = CommitmentRequest(
            uid,
            request.calling_aet,
            request.called_aet,
            request.peer,
            references,
            self._wants_same_association(request.caller),
        )
        self._port.request(asked)
        request.answer(DimseStatus.SUCCESS)
        self._channels.add(request)
        self._port.ring()


def commitment_services(
    port: CommitmentPort,
    channels: CommitmentChannels,
    wants_same_association: Callable[[Caller], bool],
) -> ServiceTable:
    """Return the service of storage commitment."""
    action = partial(CommitmentAction, port, channels, wants_same_association)
    return {(CommandField.N_ACTION_RQ, STORAGE_COMMITMENT): action}


def parse_request(data: bytes, transfer_syntax: str) -> tuple[str, tuple[ReferencedInstance, ...]]:
    """Return Transaction UID and instances of a request; raise `CommitmentRequestError`.

    An instance that stands there twice counts once.
    """
    try:
        found = parse_file(
            BytesIO(data),
            transfer_syntax,
            _WANTED,
            most_inflated=LARGEST_REQUEST,
            size=len(data),
        )
    except DatasetError as error:
        raise CommitmentRequestError("cannot be read") from error
    if found.cut or found.damaged or not found.root.complete:
        raise CommitmentRequestError("cannot be read")
    uid = plain_text(found.root.values.get(Tag.TransactionUID, b""))
    if not is_uid(uid):
        raise CommitmentRequestError("no Transaction UID")
    items = found.root.sequences.get(Tag.ReferencedSOPSequence, [])
    references = tuple(dict.fromkeys(map(_referenced, items)))
    if not references:
        raise CommitmentRequestError("no instances")
    return uid, references


def _referenced(item: Item) -> ReferencedInstance:
    """Return the instance an item names; its SOP class may be missing."""
    sop_class = plain_text(item.values.get(Tag.ReferencedSOPClassUID, b""))
    sop_instance = plain_text(item.values.get(Tag.ReferencedSOPInstanceUID, b""))
    try:
        return ReferencedInstance.of(sop_class, sop_instance)
    except ValueError as error:
        raise CommitmentRequestError(str(error)) from None
