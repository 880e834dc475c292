"""Query (C-FIND, PS3.4 C.4.1) of the archive, in the models devices and viewers ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from pydicom import Dataset

from gdtbridge.dicom.command import CommandField
from gdtbridge.dicom.identifier_operation import (
    ArchiveOperation,
    FinalResponse,
    FindOperation,
    PeerPort,
)
from gdtbridge.dicom.negotiation import QUERY_MODELS
from gdtbridge.dicom.refusals import RefusalPort
from gdtbridge.dicom.service import DimseRequest, ServiceTable
from gdtbridge.retrieve.finder import Viewer
from worklist import Match


class ArchiveSearchPort(Protocol):
    """The archive as the Query SCP needs it."""

    def find(
        self, query: Dataset, *, viewer: Viewer, is_cancelled: Callable[[], bool]
    ) -> Iterator[Match]:
        """Return what matches until cancelled; raise `QueryRefused` or a `BridgeError`."""


class ArchiveQuery(ArchiveOperation, FindOperation):
    """One C-FIND of the archive."""

    def __init__(
        self,
        archive: ArchiveSearchPort,
        peers: PeerPort,
        refusals: RefusalPort,
        request: DimseRequest,
    ) -> None:
        super().__init__(request)
        self.peers, self.refusals = peers, refusals
        self._archive = archive

    def serve_peer(self, viewer: Viewer) -> FinalResponse:
        """Answer with what the peer may see."""
        is_cancelled = self.request.is_cancelled
        found = self._archive.find(self.query(), viewer=viewer, is_cancelled=is_cancelled)
        return self.answer_all(found)


def query_services(
    archive: ArchiveSearchPort, peers: PeerPort, refusals: RefusalPort
) -> ServiceTable:
    """Return the Query SCP for every model that is offered."""

    def query(request: DimseRequest) -> ArchiveQuery:
        return ArchiveQuery(archive, peers, refusals, request)

    return {(CommandField.C_FIND_RQ, model): query for model in QUERY_MODELS}
