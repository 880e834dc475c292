"""Retrieve (C-MOVE, PS3.4 C.4.2): objects of the archive are sent to a peer of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gdtbridge.dicom.archive_retrieve import (
    ArchiveRetrieval,
    LeavingFilePort,
    RetrievePort,
    SentObjects,
    store_need,
)
from gdtbridge.dicom.client import peer_of
from gdtbridge.dicom.command import CommandField, DimseStatus
from gdtbridge.dicom.identifier_operation import FinalResponse, PeerPort
from gdtbridge.dicom.negotiation import MOVE_MODELS
from gdtbridge.dicom.refusals import RefusalPort
from gdtbridge.dicom.service import DimseRequest, ServiceTable
from gdtbridge.dicom.store_client import MoveOriginator, store_each
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.peers import ArchivePeer


class DestinationPort(PeerPort, Protocol):
    """The peers as the Move SCP needs them."""

    def named(self, aet: str) -> ArchivePeer | None:
        """Return the peer with that AE title."""


@dataclass(frozen=True, slots=True)
class MoveParts:
    """What every C-MOVE works with."""

    archive: RetrievePort
    peers: DestinationPort
    refusals: RefusalPort
    files: LeavingFilePort
    aet: str


class ArchiveMove(ArchiveRetrieval):
    """One C-MOVE: the destination is found, then told what is named."""

    def __init__(self, parts: MoveParts, request: DimseRequest) -> None:
        super().__init__(parts.archive, parts.peers, parts.refusals, request)
        self._parts = parts
        self._destination = parts.peers.named(request.command.MoveDestination or "")

    def serve_peer(self, viewer: Viewer) -> FinalResponse:
        """Refuse a destination nobody named in the settings, else send to it.

        What is held leaves only where both may see it: who asks and who gets it.
        """
        if self._destination is None:
            return FinalResponse(DimseStatus.MOVE_DESTINATION_UNKNOWN, "Not among [[peer]]")
        there = self._destination.viewer
        both = viewer.sees_held and there is not None and there.sees_held
        return super().serve_peer(replace(viewer, sees_held=both))

    def sent(self, objects: Sequence[LeavingObject]) -> SentObjects:
        """Send objects to the destination, on as few associations as can be."""
        request, there = self.request, self._destination
        if there is None:
            return
        peer = peer_of(there, self._parts.aet)
        originator = MoveOriginator(request.calling_aet.strip(), request.command.MessageID or 0)
        yield from store_each(peer, objects, store_need, self._parts.files.opened, originator)


def move_services(parts: MoveParts) -> ServiceTable:
    """Return the Move SCP for every model that is offered."""

    def move(request: DimseRequest) -> ArchiveMove:
        return ArchiveMove(parts, request)

    return {(CommandField.C_MOVE_RQ, model): move for model in MOVE_MODELS}
