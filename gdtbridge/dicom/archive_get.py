"""Retrieve (C-GET, PS3.4 C.4.3): objects of the archive are sent to who asks, where it asks."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from gdtbridge.dataset.part10 import read_announced
from gdtbridge.dicom.archive_retrieve import (
    ArchiveRetrieval,
    LeavingFilePort,
    RetrievePort,
    SentObjects,
    store_need,
)
from gdtbridge.dicom.client import PeerError
from gdtbridge.dicom.command import HAS_DATASET, CommandField, CommandSet, DimseStatus
from gdtbridge.dicom.identifier_operation import PeerPort
from gdtbridge.dicom.negotiation import GET_MODELS
from gdtbridge.dicom.refusals import RefusalPort
from gdtbridge.dicom.service import AcceptedContext, DimseRequest, ServiceTable
from gdtbridge.logs import describe
from gdtbridge.retrieve.leaving import LeavingObject

log = logging.getLogger(__name__)


class ArchiveGet(ArchiveRetrieval):
    """One C-GET: each object is a C-STORE on the association it was asked for on.

    An object goes in the first of its transfer syntaxes for which the peer proposed to be the
    provider of its SOP class (PS3.7 D.3.3.4), and we accepted; without one it fails.
    """

    def __init__(
        self,
        archive: RetrievePort,
        peers: PeerPort,
        refusals: RefusalPort,
        files: LeavingFilePort,
        request: DimseRequest,
    ) -> None:
        super().__init__(archive, peers, refusals, request)
        self._files = files

    def sent(self, objects: Sequence[LeavingObject]) -> SentObjects:
        """Send objects and yield the status of each; `PeerError` where the peer answers no more."""
        for one in objects:
            yield one, self._send(one)

    def _send(self, one: LeavingObject) -> int:
        context = self._context_for(one)
        if context is None:
            log.warning("object not sent: no context of its SOP class and transfer syntax")
            return DimseStatus.SOP_CLASS_NOT_SUPPORTED
        command = CommandSet(
            CommandField=CommandField.C_STORE_RQ,
            AffectedSOPClassUID=one.SOPClassUID,
            AffectedSOPInstanceUID=one.SOPInstanceUID,
            Priority=0,
            CommandDataSetType=HAS_DATASET,
        )
        try:
            with (
                self._files.opened(one, context.transfer_syntax) as path,
                path.open("rb") as file,
            ):
                read_announced(file)
                status = self.request.store(context, command, file)
        except Exception as error:  # noqa: BLE001 - one bad object must not keep the others back
            log.error("object not sent: %s", describe(error))
            return DimseStatus.NOT_UNDERSTOOD
        if status is None:
            raise PeerError("Keine Antwort. / No answer.")
        return status

    def _context_for(self, one: LeavingObject) -> AcceptedContext | None:
        offered = {
            context.transfer_syntax: context
            for context in self.request.provided
            if context.abstract_syntax == one.SOPClassUID
        }
        wanted = store_need(one).transfer_syntaxes
        return next((offered[uid] for uid in wanted if uid in offered), None)


def get_services(
    archive: RetrievePort, peers: PeerPort, refusals: RefusalPort, files: LeavingFilePort
) -> ServiceTable:
    """Return the Get SCP for every model that is offered."""

    def get(request: DimseRequest) -> ArchiveGet:
        return ArchiveGet(archive, peers, refusals, files, request)

    return {(CommandField.C_GET_RQ, model): get for model in GET_MODELS}
