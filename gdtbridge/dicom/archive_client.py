"""Another archive as we use it: Query (C-FIND) and Retrieve (C-GET, C-MOVE), PS3.4 Annex C.

What a peer answers is bounded in number, size and time; it is waited for as long as it gets on, and
cancelled where it does not end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final

from pydicom.uid import UID

from gdtbridge.devices import Caller
from gdtbridge.dicom.client import Peer, PeerError, associated, uncompressed
from gdtbridge.dicom.command import HAS_DATASET, CommandField, CommandSet, DimseStatus
from gdtbridge.dicom.identifier import dataset_in, encode_dataset
from gdtbridge.dicom.service import (
    MAX_IDENTIFIER,
    NO_SERVICES,
    AcceptedContext,
    DimseOperation,
    DimseRequest,
    begin,
)
from gdtbridge.dicom.upper_layer.conversation import Begin, Conversation, ReceivedResponse
from gdtbridge.retrieve.attributes import QueryLevel
from worklist.item import Item, dataset_from, item_from, text_element, values_element

CANCEL_SECONDS: Final = 10.0
"""How long a peer may take to end what was cancelled."""
_PENDING: Final = frozenset({DimseStatus.PENDING, DimseStatus.PENDING_UNSUPPORTED_KEYS})


class ArchiveError(PeerError):
    """An archive refuses what is asked, does not answer, or answers without end."""

    retriable: ClassVar[bool] = True


class InformationModel(Enum):
    """The root of a Query/Retrieve information model; its UIDs begin so (PS3.4 C.6)."""

    PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1"
    STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2"

    @property
    def find(self) -> str:
        """SOP Class UID of its C-FIND."""
        return f"{self.value}.1"

    @property
    def move(self) -> str:
        """SOP Class UID of its C-MOVE."""
        return f"{self.value}.2"

    @property
    def get(self) -> str:
        """SOP Class UID of its C-GET."""
        return f"{self.value}.3"


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """What of answers is taken: how many, and how many seconds for the next one and for all."""

    answers: int = 10_000
    seconds: float = 60.0
    total_seconds: float = 600.0


USUAL_LIMITS: Final = AnswerLimits()
Keys = Mapping[str, str | Sequence[str]]
"""Keys of an identifier by DICOM keyword; what is empty is asked for (PS3.4 C.2.2.2.3)."""


class ArchiveQuerying:
    """Queries on one association with an archive."""

    def __init__(self, peer: Peer, conversation: Conversation) -> None:
        self._peer, self._conversation = peer, conversation
        self._message_id = 0

    def find(
        self, level: QueryLevel, keys: Keys, limits: AnswerLimits = USUAL_LIMITS
    ) -> list[Item]:
        """Return what the archive has at a level, as it says it; texts in any character set.

        An archive that knows fewer keys answers more than is asked for: look at what it says.
        Raises `PeerError` where it refuses, breaks off, or goes beyond the limits.
        """
        context = self._context_for(level)
        self._message_id = self._message_id % 0xFFFF + 1
        command = CommandSet(
            CommandField=CommandField.C_FIND_RQ,
            AffectedSOPClassUID=context.abstract_syntax,
            MessageID=self._message_id,
            Priority=0,
            CommandDataSetType=HAS_DATASET,
        )
        identifier = identifier_of(level, keys, context.transfer_syntax)
        self._conversation.send(context.id, command, identifier)
        found: list[Item] = []
        end = time.monotonic() + limits.total_seconds
        while (response := self._next(limits, end)).command.Status in _PENDING:
            found.append(self._item(response))
            if len(found) > limits.answers:
                self._cancel(context)
                raise _too_much(self._peer)
        status = response.command.Status
        if status != DimseStatus.SUCCESS:
            raise refused(self._peer, status)
        return found

    def _context_for(self, level: QueryLevel) -> AcceptedContext:
        offered = {one.abstract_syntax: one for one in self._conversation.contexts}
        patient, study = InformationModel.PATIENT_ROOT.find, InformationModel.STUDY_ROOT.find
        wanted = (patient,) if level is QueryLevel.PATIENT else (study, patient)
        for model in wanted:
            if model in offered:
                return offered[model]
        raise ArchiveError(
            f"{self._peer} lässt sich so nicht abfragen (C-FIND, {level}). / cannot be queried so."
        )

    def _next(self, limits: AnswerLimits, end: float) -> ReceivedResponse:
        left = end - time.monotonic()
        found = self._conversation.response(min(limits.seconds, left)) if left > 0 else None
        if found is not None:
            return found
        raise no_answer(self._peer, self._conversation)

    def _item(self, response: ReceivedResponse) -> Item:
        try:
            syntax = UID(response.transfer_syntax)
            return item_from(dataset_in(response.dataset, syntax, most=MAX_IDENTIFIER))
        except Exception as error:
            raise ArchiveError(
                f"{self._peer} gibt eine Antwort, die sich nicht lesen lässt. / gives an answer "
                "that cannot be read."
            ) from error

    def _cancel(self, context: AcceptedContext) -> None:
        """Cancel the query and take what still comes for a while, else end the association."""
        cancel(self._conversation, context, self._message_id)
        end = time.monotonic() + CANCEL_SECONDS
        while (left := end - time.monotonic()) > 0:
            response = self._conversation.response(left)
            if response is None or response.command.Status not in _PENDING:
                return
        self._conversation.abort()


@contextmanager
def querying(peer: Peer) -> Iterator[ArchiveQuerying]:
    """Yield an association with an archive for any number of queries; raise `PeerError`."""
    models = [InformationModel.STUDY_ROOT.find, InformationModel.PATIENT_ROOT.find]
    with associated(peer, [uncompressed(one) for one in models]) as association:
        conversation = Conversation(association, refusing(peer))
        try:
            yield ArchiveQuerying(peer, conversation)
        finally:
            conversation.close()


def find(
    peer: Peer, level: QueryLevel, keys: Keys, limits: AnswerLimits = USUAL_LIMITS
) -> list[Item]:
    """Return what an archive has at a level; see `ArchiveQuerying.find`."""
    with querying(peer) as archive:
        return archive.find(level, keys, limits)


def identifier_of(level: QueryLevel, keys: Keys, transfer_syntax: str) -> bytes:
    """Return the identifier with these keys (PS3.4 C.4.1.1.3), encoded."""
    item = dict(
        text_element(word, value) if isinstance(value, str) else values_element(word, value)
        for word, value in {**keys, "QueryRetrieveLevel": level.value}.items()
    )
    return encode_dataset(dataset_from(item), UID(transfer_syntax))


def refusing(peer: Peer) -> Begin:
    """Return what takes requests of a peer that has none to make: nobody answers them."""
    caller = Caller(peer.aet, peer.host)

    def refuse(context: AcceptedContext, command: CommandSet) -> DimseOperation:
        return begin(
            NO_SERVICES, DimseRequest(command, context, caller, lambda *_: None, lambda: False)
        )

    return refuse


def cancel(conversation: Conversation, context: AcceptedContext, message_id: int) -> None:
    """Send a C-CANCEL for a request of ours (PS3.7 9.3.2.3)."""
    command = CommandSet(
        CommandField=CommandField.C_CANCEL_RQ, MessageIDBeingRespondedTo=message_id
    )
    conversation.send(context.id, command)


_STATUS_WORDS: Final = {
    0x0122: "Es kennt diese Art von Anfrage nicht. / It does not know this kind of request.",
    0x0124: "Es erlaubt uns die Abfrage nicht: Ist unser AE-Titel dort berechtigt? / It does not"
    " allow us to ask: is our AE title authorised there?",
    0xA700: "Es ist überlastet oder voll. / It is overloaded or full.",
    0xA701: "Es kann die Treffer nicht zählen. / It cannot count the matches.",
    0xA702: "Es kann die Objekte nicht senden. / It cannot send the objects.",
    0xA801: "Es kennt unseren AE-Titel nicht als Ziel: dort mit Adresse und Port eintragen. / It"
    " does not know our AE title as a destination: enter it there with address and port.",
    0xA900: "Es versteht die Anfrage nicht. / It does not understand the request.",
    0xFE00: "Es hat abgebrochen. / It cancelled.",
}
"""What statuses of Query/Retrieve say (PS3.4 C.4.1.1.4, C.4.2.1.5, C.4.3.1.4)."""


def refused(peer: Peer, status: int | None) -> ArchiveError:
    """Return what says that a request was answered with a failure, and what that means."""
    told = f"{status:04X}" if status is not None else "----"
    words = _STATUS_WORDS.get(status or 0, "")
    return ArchiveError(f"{peer} antwortet / answers {told}. {words}".strip())


def no_answer(peer: Peer, conversation: Conversation) -> ArchiveError:
    """Return what says that nothing came, and end the association."""
    if conversation.is_over:
        return ArchiveError(f"{peer} hat die Verbindung abgebrochen. / broke the association off.")
    conversation.abort()
    return ArchiveError(f"{peer} antwortet nicht weiter. / does not go on answering.")


def _too_much(peer: Peer) -> ArchiveError:
    return ArchiveError(
        f"{peer} gibt mehr Antworten, als genommen werden: genauer fragen. / gives more answers "
        "than are taken: ask more precisely."
    )
