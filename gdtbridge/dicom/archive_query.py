"""Query (C-FIND, PS3.4 C.4.1) of the archive, in the models devices and viewers ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final, Protocol

from pydicom import Dataset
from pydicom.uid import UID

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.devices import Caller
from gdtbridge.dicom.command import CommandField, DimseStatus
from gdtbridge.dicom.negotiation import QUERY_MODELS
from gdtbridge.dicom.refusals import RefusalPort
from gdtbridge.dicom.service import BufferedOperation, DimseRequest, ServiceTable
from gdtbridge.dicom.worklist import IdentifierError, decode_dataset, encode_dataset
from gdtbridge.errors import BridgeError, StoreError
from gdtbridge.logs import describe
from gdtbridge.retrieve.finder import QueryRefused, Viewer
from worklist import Match

log = logging.getLogger(__name__)

NOT_A_PEER: Final = "Not allowed to query ([[peer]])"


class ArchiveSearchPort(Protocol):
    """The archive as the Query SCP needs it."""

    def find(self, query: Dataset, *, viewer: Viewer) -> Iterator[Match]:
        """Return what matches; raise `QueryRefused` or a `BridgeError`."""


class PeerPort(Protocol):
    """The peers as the Query SCP needs them."""

    def viewer_of(self, caller: Caller) -> Viewer | None:
        """Return how ``caller`` may ask; None where it may not."""


class ArchiveQuery(BufferedOperation):
    """One C-FIND of the archive: its identifier, then the matches one by one until cancelled."""

    def __init__(
        self,
        archive: ArchiveSearchPort,
        peers: PeerPort,
        refusals: RefusalPort,
        request: DimseRequest,
    ) -> None:
        super().__init__(request)
        self._archive, self._peers, self._refusals = archive, peers, refusals

    def run(self) -> None:
        """Answer the query; whatever fails becomes a failure status."""
        request = self.request
        try:
            self._find()
        except (IdentifierError, QueryRefused) as error:
            log.warning("query from %r cannot be read", request.calling_aet)
            named = str(error) if isinstance(error, QueryRefused) else "Identifier"
            request.answer(DimseStatus.IDENTIFIER_MISMATCH, f"{named} cannot be understood")
        except StoreError as error:
            log.warning("query not answered: %s", type(error).__name__)
            request.answer(error.status, error.comment)
        except BridgeError as error:
            log.warning("query not answered: %s", type(error).__name__)
            request.answer(DimseStatus.OUT_OF_RESOURCES, "Archive not available")
        except Exception as error:  # noqa: BLE001 - the peer is told, whatever it is
            log.error("query not answered: %s", describe(error))
            request.answer(DimseStatus.UNABLE_TO_PROCESS, "Unable to process")

    def _find(self) -> None:
        request = self.request
        viewer = self._peers.viewer_of(request.caller)
        if viewer is None:
            self._refusals.note(RefusalReason.QUERY, request.calling_aet, request.peer)
            request.answer(DimseStatus.NOT_AUTHORIZED, NOT_A_PEER)
            return
        syntax = UID(request.context.transfer_syntax)
        if self.is_too_large:
            raise IdentifierError("too large")
        query = decode_dataset(self.dataset, syntax)
        for match in self._archive.find(query, viewer=viewer):
            if request.is_cancelled():
                request.answer(DimseStatus.CANCEL)
                return
            status = (
                DimseStatus.PENDING_UNSUPPORTED_KEYS
                if match.unsupported_keys
                else DimseStatus.PENDING
            )
            request.answer(status, dataset=encode_dataset(match.dataset, syntax))
        request.answer(DimseStatus.SUCCESS)


def query_services(
    archive: ArchiveSearchPort, peers: PeerPort, refusals: RefusalPort
) -> ServiceTable:
    """Return the Query SCP for every model that is offered."""

    def query(request: DimseRequest) -> ArchiveQuery:
        return ArchiveQuery(archive, peers, refusals, request)

    return {(CommandField.C_FIND_RQ, model): query for model in QUERY_MODELS}
