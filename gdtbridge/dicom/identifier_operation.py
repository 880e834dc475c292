"""What every service has in common that an identifier is sent to: reading it, failing, cancelling.

Queries and retrievals (PS3.4 C.4, K.4) differ in what they do with the identifier only.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from pydicom import Dataset
from pydicom.uid import UID

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.devices import Caller
from gdtbridge.dicom.command import DimseStatus, SubOperations
from gdtbridge.dicom.identifier import (
    MAX_VALUES,
    IdentifierError,
    encode_dataset,
    plain_identifier,
    read_identifier,
)
from gdtbridge.dicom.refusals import RefusalPort
from gdtbridge.dicom.service import MAX_IDENTIFIER, BufferedOperation
from gdtbridge.errors import BridgeError, StoreError
from gdtbridge.logs import describe
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.query_keys import QueryRefused
from worklist import FolderError, Match

log = logging.getLogger(__name__)

NOT_A_PEER: Final = "Not allowed to query ([[peer]])"


@dataclass(frozen=True, slots=True)
class FinalResponse:
    """The last response to a request (PS3.7 9.1.2.1, 9.1.3.1, 9.1.4.1)."""

    status: int
    comment: str | None = None
    dataset: bytes = b""
    counts: SubOperations | None = None


class IdentifierOperation(BufferedOperation, ABC):
    """A request with an identifier: served, and whatever fails becomes a failure status.

    ``what`` names it in the log, ``unavailable`` is said when a store does not answer,
    ``most_values`` are as many separators of values as an identifier may have.
    """

    what: ClassVar[str]
    unavailable: ClassVar[str]
    most_values: ClassVar[int] = MAX_VALUES

    def run(self) -> None:
        """Serve the request and send the last response."""
        self.finish(self._outcome())

    def finish(self, final: FinalResponse) -> None:
        """Send the last response."""
        self.request.answer(final.status, final.comment, final.dataset, counts=final.counts)

    @abstractmethod
    def serve(self) -> FinalResponse:
        """Send all responses but the last and return that one.

        May raise `IdentifierError`, `QueryRefused`, `BridgeError`, `FolderError`; anything else is
        a fault of ours.
        """

    @property
    def syntax(self) -> UID:
        """The transfer syntax of the identifier and of what answers it."""
        return UID(self.request.context.transfer_syntax)

    def identifier(self) -> bytes:
        """Return the identifier's bytes, not deflated; raise `IdentifierError`."""
        if self.is_too_large:
            raise IdentifierError("too large")
        return plain_identifier(self.dataset, self.syntax)

    def query(self) -> Dataset:
        """Return the identifier; raise `IdentifierError`."""
        return read_identifier(self.identifier(), self.syntax, self.most_values)

    def _outcome(self) -> FinalResponse:
        try:
            return self.serve()
        except (IdentifierError, QueryRefused) as error:
            log.warning("%s from %r cannot be read", self.what, self.request.calling_aet)
            named = str(error) if isinstance(error, QueryRefused) else "Identifier"
            comment = f"{named} cannot be understood"
            return FinalResponse(DimseStatus.IDENTIFIER_MISMATCH, comment)
        except StoreError as error:
            log.warning("%s not answered: %s", self.what, type(error).__name__)
            return FinalResponse(error.status, error.comment)
        except (BridgeError, FolderError) as error:
            log.warning("%s not answered: %s", self.what, type(error).__name__)
            return FinalResponse(DimseStatus.OUT_OF_RESOURCES, self.unavailable)
        except Exception as error:  # noqa: BLE001 - the peer is told, whatever it is
            log.error("%s not answered: %s", self.what, describe(error))
            return FinalResponse(DimseStatus.UNABLE_TO_PROCESS, "Unable to process")


class FindOperation(IdentifierOperation):
    """One C-FIND: the matches one by one until cancelled (PS3.4 C.4.1.2, K.4.1.2)."""

    what = "query"

    def answer_all(self, matches: Iterator[Match]) -> FinalResponse:
        """Send the matches; return the last response."""
        for match in matches:
            if self.request.is_cancelled():
                break
            self.answer_match(match)
        is_cancelled = self.request.is_cancelled()
        return FinalResponse(DimseStatus.CANCEL if is_cancelled else DimseStatus.SUCCESS)

    def answer_match(self, match: Match) -> None:
        """Send one match."""
        encoded = encode_dataset(match.dataset, self.syntax)
        unsupported = match.unsupported_keys
        status = DimseStatus.PENDING_UNSUPPORTED_KEYS if unsupported else DimseStatus.PENDING
        self.request.answer(status, dataset=encoded)


class PeerPort(Protocol):
    """The peers as the archive's services need them."""

    def viewer_of(self, caller: Caller) -> Viewer | None:
        """Return how ``caller`` may ask; None where it may not."""


class ArchiveOperation(IdentifierOperation):
    """A request of the archive: served for peers of the settings, refused to all others."""

    unavailable = "Archive not available"
    most_values = MAX_IDENTIFIER  # hundreds of UIDs; the finder counts the others
    peers: PeerPort
    refusals: RefusalPort

    def serve(self) -> FinalResponse:
        """Serve a peer, and refuse a stranger, which is counted."""
        request = self.request
        viewer = self.peers.viewer_of(request.caller)
        if viewer is None:
            self.refusals.note(RefusalReason.QUERY, request.calling_aet, request.peer)
            return FinalResponse(DimseStatus.NOT_AUTHORIZED, NOT_A_PEER)
        return self.serve_peer(viewer)

    @abstractmethod
    def serve_peer(self, viewer: Viewer) -> FinalResponse:
        """Do what `serve` does, for a peer that sees what ``viewer`` sees."""
