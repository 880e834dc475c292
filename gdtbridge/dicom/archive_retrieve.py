"""What C-MOVE and C-GET have in common (PS3.4 C.4.2, C.4.3): which objects, and how each fared."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from pydicom import Dataset

from gdtbridge.dicom.client import PeerError
from gdtbridge.dicom.command import DimseStatus, SubOperations
from gdtbridge.dicom.identifier import encode_dataset
from gdtbridge.dicom.identifier_operation import ArchiveOperation, FinalResponse, PeerPort
from gdtbridge.dicom.refusals import RefusalPort
from gdtbridge.dicom.service import DimseRequest
from gdtbridge.dicom.store_client import StoreNeed
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.retrieve.transcoding import leaving_syntaxes

log = logging.getLogger(__name__)

MOST_OBJECTS: Final = 65535
"""Sub-operations one retrieval can count (VR US)."""

SentObjects: TypeAlias = Generator[tuple[LeavingObject, int]]
"""Objects in turn, each with the status of its C-STORE."""


class RetrievePort(Protocol):
    """The archive as the retrieve services need it."""

    def leaving(self, query: Dataset, *, viewer: Viewer) -> Iterator[LeavingObject]:
        """Return the objects that are named; raise `QueryRefused` or a `BridgeError`."""


class LeavingFilePort(Protocol):
    """The files of objects that leave (`retrieve.transcoding.Transcoder`)."""

    def opened(self, one: LeavingObject, syntax: str) -> AbstractContextManager[Path]:
        """Return the Part 10 file of an object in one of its `leaving_syntaxes`."""


def store_need(one: LeavingObject) -> StoreNeed:
    """Return what an object needs of the peer that gets it."""
    return StoreNeed(one.SOPClassUID, leaving_syntaxes(one.TransferSyntaxUID))


@dataclass(slots=True)
class RetrieveCount:
    """How far a retrieval is."""

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
        """The status of the last response (PS3.4 C.4.2.3.1): a warning counts as one."""
        if not self.failed and not self.done.warning:
            return DimseStatus.SUCCESS
        some = self.done.completed or self.done.warning
        return DimseStatus.SOME_SUB_OPERATIONS_FAILED if some else DimseStatus.SUB_OPERATIONS_FAILED


class ArchiveRetrieval(ArchiveOperation):
    """One retrieval: its identifier, then an object after the other until cancelled."""

    what = "retrieval"

    def __init__(
        self,
        archive: RetrievePort,
        peers: PeerPort,
        refusals: RefusalPort,
        request: DimseRequest,
    ) -> None:
        super().__init__(request)
        self.peers, self.refusals = peers, refusals
        self._archive = archive

    @abstractmethod
    def sent(self, objects: Sequence[LeavingObject]) -> SentObjects:
        """Send objects one by one and yield the status of each; `PeerError` ends it."""

    def serve_peer(self, viewer: Viewer) -> FinalResponse:
        """Send what is named and the peer may see, and answer after each object."""
        objects = list(self._archive.leaving(self.query(), viewer=viewer))
        if len(objects) > MOST_OBJECTS:
            raise QueryRefused("An identifier of so many objects")
        if not objects:
            return FinalResponse(DimseStatus.SUCCESS, counts=SubOperations())
        return self._serve_each(objects)

    def _serve_each(self, objects: Sequence[LeavingObject]) -> FinalResponse:
        request, count = self.request, RetrieveCount(len(objects))
        try:
            with closing(self.sent(objects)) as statuses:
                for one, status in statuses:
                    count.note(one, status)
                    if request.is_cancelled() and count.remaining:
                        return self._final(DimseStatus.CANCEL, count.pending, count)
                    if count.remaining:
                        request.answer(DimseStatus.PENDING, counts=count.pending)
        except PeerError as error:
            log.warning("retrieval broke off: %s", type(error).__name__)
            for one in objects[len(objects) - count.remaining :]:
                count.fail(one.SOPInstanceUID)
        return self._final(count.status, count.done, count)

    def _final(
        self, status: DimseStatus, counts: SubOperations, count: RetrieveCount
    ) -> FinalResponse:
        """Return the last response, with the list of what did not get there."""
        if not count.failed:
            return FinalResponse(status, counts=counts)
        told = Dataset()
        told.FailedSOPInstanceUIDList = count.failed
        return FinalResponse(status, dataset=encode_dataset(told, self.syntax), counts=counts)
