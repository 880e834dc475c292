"""Retrieve (PS3.4 C.4.2 and C.4.3) as a user: an archive sends a study to us, or to where we say.

By C-GET the objects come on our own association and are taken as a C-STORE's are; by C-MOVE they
come to our server. An archive is waited for as long as it gets on; counts that stand still, or
responses that say nothing new, are no progress.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from gdtbridge.archive.arrivals import Arrivals
from gdtbridge.devices import Caller
from gdtbridge.dicom.archive_client import (
    CANCEL_SECONDS,
    ArchiveError,
    InformationModel,
    cancel,
    identifier_of,
    no_answer,
    refused,
    refusing,
)
from gdtbridge.dicom.client import MAX_CONTEXTS, Peer, associated, proposed, uncompressed
from gdtbridge.dicom.command import (
    HAS_DATASET,
    CommandField,
    CommandSet,
    DimseStatus,
    SubOperations,
)
from gdtbridge.dicom.service import (
    NO_SERVICES,
    AcceptedContext,
    DimseOperation,
    DimseRequest,
    Fragment,
    begin,
)
from gdtbridge.dicom.storage import StoragePort, StoreOperation
from gdtbridge.dicom.upper_layer.conversation import Conversation
from gdtbridge.retrieve.attributes import QueryLevel

STALL_SECONDS: Final = 300.0
"""How long an archive may send nothing new: one that has studies on tape takes minutes."""
_TICK_SECONDS: Final = 0.5
_PENDING: Final = frozenset({DimseStatus.PENDING, DimseStatus.PENDING_UNSUPPORTED_KEYS})
_PARTLY: Final = frozenset(
    {DimseStatus.SOME_SUB_OPERATIONS_FAILED, DimseStatus.SUB_OPERATIONS_FAILED}
)
"""Last responses that count what failed, which is told object by object."""
_LARGEST_COUNT: Final = 0xFFFF
_COMPRESSED: Final = (
    *("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"),
    *("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.51"),
    *("1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.57"),
    *("1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.103"),
    *("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"),
)
"""Transfer syntaxes archives keep objects in, the most frequent first (PS3.6 Table A-1)."""
USUAL_CLASSES: Final = tuple(
    f"1.2.840.10008.5.1.4.1.1.{arc}"
    for arc in (
        *("6.1", "3.1", "6", "3", "6.2", "7", "7.1", "7.2", "7.3", "7.4", "77.1.4", "77.1.4.1"),
        *("88.11", "88.22", "88.33", "88.34", "88.59", "11.1", "104.1", "1", "1.1", "2", "4"),
    )
)
"""Storage SOP classes proposed where an archive does not say which a study has."""

ProposedContext = tuple[str, tuple[str, ...]]
"""A SOP class and the transfer syntaxes it is proposed in."""
Progress = Callable[[SubOperations], None]
"""Told how far a retrieval is, again and again."""


def storage_contexts(classes: Mapping[str, Sequence[str]]) -> list[ProposedContext]:
    """Return the contexts to take objects of SOP classes in, as many as fit beside the retrieval.

    ``classes`` says the transfer syntaxes an archive names for each, none where it names none. Each
    syntax has a context of its own, so that an object comes as it is stored; the uncompressed ones,
    which every archive can send, share the last of a class (PS3.5 10.1).
    """
    some = dict(list((classes or dict.fromkeys(USUAL_CLASSES, ())).items())[: MAX_CONTEXTS - 1])
    each = (MAX_CONTEXTS - 1) // len(some)
    plain = (str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian))
    contexts: list[ProposedContext] = []
    for sop_class, named in some.items():
        wanted = dict.fromkeys([*named, *_COMPRESSED])
        singles = [one for one in wanted if one not in plain][: each - 1]
        contexts += [(sop_class, (one,)) for one in singles]
        contexts.append((sop_class, plain))
    return contexts


class RetrievedStorage:
    """Takes what comes on an association of ours to where a device's objects go, and counts."""

    def __init__(self, port: StoragePort) -> None:
        self._port = port
        self.received = 0
        """Pieces of objects that came: it grows as long as the archive sends."""
        self.refused: dict[str, str] = {}
        """What was not taken, by SOP Instance UID, and the kind of error."""

    def receive(self, incoming: IncomingInstance) -> ReceiptStatus:
        """Take an object as one that was fetched; raise a `StoreError`."""
        try:
            status = self._port.receive(replace(incoming, is_fetched=True))
        except Exception as error:
            self.refused[incoming.SOPInstanceUID] = type(error).__name__
            raise
        self.refused.pop(incoming.SOPInstanceUID, None)
        return status

    def room_for(self, size: int) -> None:
        """Raise `OutOfResources` when an object of ``size`` bytes finds no room."""
        self._port.room_for(size)


class _Store(StoreOperation):
    """A C-STORE sub-operation whose pieces are counted."""

    def __init__(self, storage: RetrievedStorage, at: ObjectPlace, request: DimseRequest) -> None:
        super().__init__(storage, at.spool, at.max_object, Arrivals(), request)
        self._storage = storage

    def write(self, fragment: Fragment) -> None:
        self._storage.received += 1
        super().write(fragment)


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """Where objects lie while they come, and how large one may be (bytes)."""

    spool: Path
    max_object: int


class _Receiving:
    """Serves what an archive asks within a C-GET: to store."""

    def __init__(self, peer: Peer, storage: RetrievedStorage, at: ObjectPlace) -> None:
        self._peer, self._storage, self._at = peer, storage, at
        self.conversation: Conversation | None = None

    def __call__(self, context: AcceptedContext, command: CommandSet) -> DimseOperation:
        def send(response: CommandSet, dataset: bytes) -> None:
            if self.conversation is not None:
                self.conversation.send(context.id, response, dataset)

        caller = Caller(self._peer.aet, self._peer.host)
        request = DimseRequest(
            command, context, caller, send, lambda: False, self._peer.calling_aet
        )
        if command.CommandField == CommandField.C_STORE_RQ:
            return _Store(self._storage, self._at, request)
        return begin(NO_SERVICES, request)


def get_study(
    peer: Peer,
    study: str,
    contexts: Sequence[ProposedContext],
    storage: RetrievedStorage,
    at: ObjectPlace,
    progress: Progress,
    patience: float = STALL_SECONDS,
) -> SubOperations:
    """Retrieve a study by C-GET into ``storage``; return what the archive counted.

    Raises `PeerError` where it does not offer that, refuses, breaks off or does not go on for
    ``patience`` seconds; what came until then stays.
    """
    model = InformationModel.STUDY_ROOT.get
    classes = list(dict.fromkeys(sop_class for sop_class, _ in contexts))
    storing = [proposed(*one) for one in contexts]
    serving = _Receiving(peer, storage, at)
    with associated(peer, [uncompressed(model), *storing], classes) as association:
        conversation = Conversation(association, serving)
        serving.conversation = conversation
        try:
            context = _context(peer, conversation, model, "C-GET", "--by move")
            command = _request(CommandField.C_GET_RQ, context)
            wait = _Waiting(peer, conversation, context, patience, lambda: storage.received)
            return wait.retrieve(command, study, progress)
        finally:
            conversation.close()


def move_study(
    peer: Peer,
    study: str,
    destination: str,
    arrived: Callable[[], int],
    progress: Progress,
    patience: float = STALL_SECONDS,
) -> SubOperations:
    """Have an archive send a study to an AE title (C-MOVE); return what the archive counted.

    ``arrived`` counts what has come there. Raises as `get_study`.
    """
    model = InformationModel.STUDY_ROOT.move
    with _moving(peer, model) as conversation:
        context = _context(peer, conversation, model, "C-MOVE", "--by get")
        command = replace(_request(CommandField.C_MOVE_RQ, context), MoveDestination=destination)
        wait = _Waiting(peer, conversation, context, patience, arrived)
        return wait.retrieve(command, study, progress)


@contextmanager
def _moving(peer: Peer, model: str) -> Iterator[Conversation]:
    with associated(peer, [uncompressed(model)]) as association:
        conversation = Conversation(association, refusing(peer))
        try:
            yield conversation
        finally:
            conversation.close()


def _request(field: CommandField, context: AcceptedContext) -> CommandSet:
    return CommandSet(
        CommandField=field,
        AffectedSOPClassUID=context.abstract_syntax,
        MessageID=1,
        Priority=0,
        CommandDataSetType=HAS_DATASET,
    )


def _context(
    peer: Peer, conversation: Conversation, model: str, what: str, instead: str
) -> AcceptedContext:
    found = next((one for one in conversation.contexts if one.abstract_syntax == model), None)
    if found is None:
        raise ArchiveError(
            f"{peer} bietet kein {what}: mit {instead} versuchen. / does not offer {what}: try "
            f"{instead}."
        )
    return found


class _Waiting:
    """One retrieval: asks, and waits for the last response as long as there is progress."""

    def __init__(
        self,
        peer: Peer,
        conversation: Conversation,
        context: AcceptedContext,
        patience: float,
        received: Callable[[], int],
    ) -> None:
        self._peer, self._conversation, self._context = peer, conversation, context
        self._patience, self._received = patience, received
        self._done = self._last = 0
        self._is_answered = False
        self._until = 0.0

    def retrieve(self, command: CommandSet, study: str, progress: Progress) -> SubOperations:
        keys = {"StudyInstanceUID": study}
        identifier = identifier_of(QueryLevel.STUDY, keys, self._context.transfer_syntax)
        self._until = time.monotonic() + self._patience
        try:
            self._conversation.send(self._context.id, command, identifier)
            return self._answered(progress)
        except BaseException:
            self._end()
            raise

    def _answered(self, progress: Progress) -> SubOperations:
        while True:
            response = self._conversation.response(_TICK_SECONDS)
            if response is None and self._conversation.is_over:
                raise no_answer(self._peer, self._conversation)
            counts = _counts(response.command) if response is not None else SubOperations()
            self._must_get_on(counts)
            if response is None:
                continue
            progress(counts)
            if response.command.Status in _PENDING:
                continue
            self._is_answered = True
            status = response.command.Status
            if status != DimseStatus.SUCCESS and not (status in _PARTLY and counts.failed):
                raise refused(self._peer, status)
            return counts

    def _must_get_on(self, counts: SubOperations) -> None:
        """Raise `PeerError` where nothing new came for too long."""
        done = min(counts.completed + counts.failed + counts.warning, _LARGEST_COUNT)
        received = self._received()
        if done > self._done or received != self._last:
            self._done, self._last = max(done, self._done), received
            self._until = time.monotonic() + self._patience
        elif time.monotonic() > self._until:
            raise ArchiveError(
                f"{self._peer} kommt nicht weiter. / does not get on with what it sends."
            )

    def _end(self) -> None:
        """Cancel what goes on, and wait a moment for its end; else the association ends."""
        if self._is_answered or self._conversation.is_over:
            return
        cancel(self._conversation, self._context, 1)
        end = time.monotonic() + CANCEL_SECONDS
        while (left := end - time.monotonic()) > 0:
            response = self._conversation.response(left)
            if response is None or response.command.Status not in _PENDING:
                return
        self._conversation.abort()


def _counts(command: CommandSet) -> SubOperations:
    return SubOperations(
        command.NumberOfCompletedSuboperations or 0,
        command.NumberOfFailedSuboperations or 0,
        command.NumberOfWarningSuboperations or 0,
        command.NumberOfRemainingSuboperations,
    )
