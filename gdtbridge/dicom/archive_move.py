"""Retrieve (C-MOVE, PS3.4 C.4.2): objects of the archive are sent to a peer of the settings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pydicom import Dataset
from pydicom.uid import UID

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.dicom.archive_query import NOT_A_PEER, PeerPort
from gdtbridge.dicom.client import MoveOriginator, Peer, PeerError, store_each
from gdtbridge.dicom.command import CommandField, DimseStatus, SubOperations
from gdtbridge.dicom.negotiation import MOVE_MODELS
from gdtbridge.dicom.refusals import RefusalPort
from gdtbridge.dicom.service import BufferedOperation, DimseRequest, ServiceTable
from gdtbridge.dicom.worklist import IdentifierError, decode_dataset, encode_dataset
from gdtbridge.errors import BridgeError
from gdtbridge.logs import describe
from gdtbridge.retrieve.finder import QueryRefused, Viewer
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send
from gdtbridge.retrieve.peers import ArchivePeer

log = logging.getLogger(__name__)

MOST_OBJECTS = 65535
"""Sub-operations one C-MOVE can count (VR US)."""


class RetrievePort(Protocol):
    """The archive as the Move SCP needs it."""

    def leaving(self, query: Dataset, *, viewer: Viewer) -> Iterator[LeavingObject]:
        """Return the objects that are named; raise `QueryRefused` or a `BridgeError`."""


class DestinationPort(PeerPort, Protocol):
    """The peers as the Move SCP needs them."""

    def named(self, aet: str) -> ArchivePeer | None:
        """Return the peer with that AE title."""


@dataclass(frozen=True, slots=True)
class MoveParts:
    """What every C-MOVE works with; ``folder`` is where copies lie while they are sent."""

    archive: RetrievePort
    peers: DestinationPort
    refusals: RefusalPort
    folder: Path
    aet: str

    def opened(self, one: LeavingObject) -> AbstractContextManager[Path]:
        """Return the file that leaves for an object."""
        return file_to_send(one, self.folder, datetime.now())  # noqa: DTZ005 - local, as in DICOM


@dataclass(slots=True)
class MoveCount:
    """How far a C-MOVE is."""

    remaining: int
    done: SubOperations = field(default_factory=SubOperations)
    failed: list[str] = field(default_factory=list)

    def note(self, one: LeavingObject, status: int) -> None:
        """Count an object that was sent with ``status``; a warning is kept by the peer."""
        self.remaining -= 1
        if status == DimseStatus.SUCCESS:
            self.done = replace(self.done, completed=self.done.completed + 1)
        elif status & 0xF000 == 0xB000:
            self.done = replace(self.done, warning=self.done.warning + 1)
        else:
            self.fail(one.SOPInstanceUID)

    def fail(self, uid: str) -> None:
        """Count an object that did not get there."""
        self.done = replace(self.done, failed=self.done.failed + 1)
        self.failed.append(uid)

    @property
    def pending(self) -> SubOperations:
        """The counts while there is more to come, or after a cancel."""
        return replace(self.done, remaining=max(self.remaining, 0))

    @property
    def status(self) -> DimseStatus:
        """The status of the last response."""
        if not self.failed:
            return DimseStatus.SUCCESS
        some = self.done.completed or self.done.warning
        return DimseStatus.SOME_SUB_OPERATIONS_FAILED if some else DimseStatus.SUB_OPERATIONS_FAILED


class ArchiveMove(BufferedOperation):
    """One C-MOVE: its identifier, then an object after the other until cancelled."""

    def __init__(self, parts: MoveParts, request: DimseRequest) -> None:
        super().__init__(request)
        self._parts = parts

    def run(self) -> None:
        """Send what is named and answer after each object; whatever fails becomes a status."""
        request = self.request
        try:
            self._move()
        except (IdentifierError, QueryRefused) as error:
            log.warning("retrieval by %r cannot be read", request.calling_aet)
            named = str(error) if isinstance(error, QueryRefused) else "Identifier"
            request.answer(DimseStatus.IDENTIFIER_MISMATCH, f"{named} cannot be understood")
        except BridgeError as error:
            log.warning("retrieval not begun: %s", type(error).__name__)
            request.answer(DimseStatus.OUT_OF_RESOURCES, "Archive not available")
        except Exception as error:  # noqa: BLE001 - the peer is told, whatever it is
            log.error("retrieval failed: %s", describe(error))
            request.answer(DimseStatus.UNABLE_TO_PROCESS, "Unable to process")

    def _move(self) -> None:
        request, parts = self.request, self._parts
        viewer = parts.peers.viewer_of(request.caller)
        if viewer is None:
            parts.refusals.note(RefusalReason.QUERY, request.calling_aet, request.peer)
            request.answer(DimseStatus.NOT_AUTHORIZED, NOT_A_PEER)
            return
        destination = parts.peers.named(request.command.MoveDestination or "")
        if destination is None:
            request.answer(DimseStatus.MOVE_DESTINATION_UNKNOWN, "Not among [[peer]]")
            return
        if self.is_too_large:
            raise IdentifierError("too large")
        query = decode_dataset(self.dataset, UID(request.context.transfer_syntax))
        objects = list(parts.archive.leaving(query, viewer=viewer))
        if len(objects) > MOST_OBJECTS:
            raise QueryRefused("An identifier of so many objects")
        if not objects:
            request.answer(DimseStatus.SUCCESS, counts=SubOperations())
            return
        self._send(destination, objects)

    def _send(self, destination: ArchivePeer, objects: list[LeavingObject]) -> None:
        request, parts, count = self.request, self._parts, MoveCount(len(objects))
        peer = Peer(destination.host, destination.port, destination.aet, parts.aet)
        originator = MoveOriginator(request.calling_aet.strip(), request.command.MessageID or 0)
        sent = store_each(peer, objects, _need, parts.opened, originator)
        try:
            with closing(sent) as statuses:
                for one, status in statuses:
                    count.note(one, status)
                    if request.is_cancelled() and count.remaining:
                        self._answer(DimseStatus.CANCEL, count.pending, count)
                        return
                    if count.remaining:
                        request.answer(DimseStatus.PENDING, counts=count.pending)
        except PeerError as error:
            log.warning("retrieval broke off: %s", type(error).__name__)
            for one in objects[len(objects) - count.remaining :]:
                count.fail(one.SOPInstanceUID)
        self._answer(count.status, count.done, count)

    def _answer(self, status: DimseStatus, counts: SubOperations, count: MoveCount) -> None:
        """Send the last response, with the list of what did not get there."""
        if not count.failed:
            self.request.answer(status, counts=counts)
            return
        told = Dataset()
        told.FailedSOPInstanceUIDList = count.failed
        syntax = UID(self.request.context.transfer_syntax)
        self.request.answer(status, dataset=encode_dataset(told, syntax), counts=counts)


def _need(one: LeavingObject) -> tuple[str, str]:
    return one.SOPClassUID, one.TransferSyntaxUID


def move_services(parts: MoveParts) -> ServiceTable:
    """Return the Move SCP for every model that is offered."""

    def move(request: DimseRequest) -> ArchiveMove:
        return ArchiveMove(parts, request)

    return {(CommandField.C_MOVE_RQ, model): move for model in MOVE_MODELS}
