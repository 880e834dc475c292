"""The values of the outbox and the contract of a sender."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import Final, Protocol

from gdtbridge.durable.mounts import Place
from gdtbridge.webhooks import HouseEvent

ALARM_SECONDS: Final = 300.0
"""A message that must arrive, could have left and has waited this long is an alarm."""
UNCOLLECTED_SECONDS: Final = 24 * 3600.0
"""The same for a message that waits until practice software collects the file before, and for a
file that lies where others are collected."""
MAIL: Final = "mail"
"""The kind of message, and the destination, of mails."""
COMMITMENT: Final = "commitment"
"""The kind of message, and the destination, of answers to devices (`gdtbridge.commitment`)."""
FORWARD: Final = "forward"
"""The kind of message of what is forwarded; its destinations are ``forward:`` and an AE title."""
UNCOLLECTED: Final = "the file before it was not collected yet"
"""The reason of `AttemptResult.OCCUPIED`."""


class DeliveryState(StrEnum):
    """Where a message is on its way; the table of ``docs/reference/outbox.md``."""

    PENDING = "pending"
    WRITING = "writing"
    """The temporary file may exist; the final one does not come from us."""
    RENAMING = "renaming"
    """The temporary file was complete; it may have got its final name."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up: expired or refused for good."""
    QUESTION = "question"
    """Only a person can tell whether the message arrived; it is not sent again by itself."""
    RECALLING = "recalling"
    """Its file is to be taken back out of the folder, unless it was collected."""
    RECALLED = "recalled"
    """Its file was taken back: nobody has got it."""
    RESERVED = "reserved"
    """Leaves only where a file that is to be taken back was collected; else it goes."""


OPEN: Final = (DeliveryState.PENDING, DeliveryState.WRITING, DeliveryState.RENAMING)
"""The states in which something is still to be sent."""
WAITING: Final = (*OPEN, DeliveryState.RECALLING)
"""The states in which something is still to be done in a folder, or elsewhere."""


class PlaceProblem(StrEnum):
    """What is wrong with the folder of a destination; the codes of ``attention``."""

    MISSING = "place-missing"
    """It is not there, or nothing is mounted over it."""
    CHANGED = "place-changed"
    """Something else is mounted there than before."""


@dataclass(frozen=True, slots=True)
class PlaceQuestion:
    """A destination whose folder is not where it was: nothing is delivered until it is again.

    ``before`` and ``found`` are words for a person, empty where there is nothing.
    """

    destination: str
    folder: str
    problem: PlaceProblem
    since: float
    before: str
    found: str

    @property
    def route(self) -> str:
        """The name of the route it belongs to, empty for the usual one."""
        return self.destination.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Message:
    """Something to deliver, put once for each (destination, key).

    ``name`` is the proposed file name of a file delivery, made of safe characters by the caller,
    or the name of the event. ``expires_at`` (UTC seconds) ends the attempts; without it the
    sender's ``lifetime`` counts, from the moment the message could leave.
    """

    kind: str
    destination: str
    key: str
    name: str
    payload: bytes
    after_id: int | None = None
    expires_at: float | None = None
    recall: str = ""
    """Mark of the recall (`Outbox.recall`) it leaves for where that comes too late."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message of the queue as a sender gets it, with the notes of an interrupted attempt."""

    id: int
    name: str
    payload: bytes
    state: DeliveryState
    temporary_name: str
    final_name: str


class FileNaming(Enum):
    """How the messages of a destination get their file names."""

    NONE = auto()
    """They are no files."""
    ONCE = auto()
    """A name is given to one message for ever; the next one gets another."""
    REUSED = auto()
    """The practice software knows one name, or numbers from 001 to 999: a name is free again when
    its file was collected, and files leave in the order in which they were put."""


class RecallResult(Enum):
    """What became of a file that was to be taken back."""

    TAKEN = auto()
    COLLECTED = auto()
    """It was gone, or somebody was just reading it."""
    LATER = auto()


class AttemptResult(StrEnum):
    """Result of one attempt to deliver a message."""

    DELIVERED = "delivered"
    LATER = "later"
    OCCUPIED = "occupied"
    """Practice software has not collected the file before yet; nothing is wrong."""
    FAILED = "failed"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt and its result; ``reason`` is short, English and free of patient data.

    ``away`` says that the destination as a whole does not answer, so that other messages to it
    need not be tried now, ``after`` for how many seconds it wants to be left alone, ``words`` what
    it answered: for a person, never for a log.
    """

    result: AttemptResult
    reason: str = ""
    away: bool = False
    after: float = 0.0
    words: str = ""


class DeliveryJournal(Protocol):
    """Journal of deliveries, in which a sender notes durably how far each message is, by its id."""

    def unproven(self, opened: Path, found: Place | None) -> str:
        """Return why nothing may be done in the folder ``opened``; empty where it is the place."""

    def writing(self, names: Mapping[int, str]) -> AbstractSet[int]:
        """Note that files of these temporary names are about to be created.

        Returns the messages that are still to be delivered: others were taken back.
        """

    def renaming(self, messages: Collection[int]) -> None:
        """Note that the temporary files are complete and about to get their final names."""

    def another_name(self, message: int) -> str:
        """Give the message its next final name, and return it."""


class Sender(Protocol):
    """Delivers the messages of one destination.

    ``kind`` is the kind of message it carries, ``naming`` how its messages get file names,
    ``lifetime`` for how many seconds it tries (None: for ever). ``keeps_payload`` says that what
    was sent stays in the queue; otherwise it can be made again.
    """

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def naming(self) -> FileNaming: ...  # noqa: D102
    @property
    def lifetime(self) -> float | None: ...  # noqa: D102
    @property
    def keeps_payload(self) -> bool: ...  # noqa: D102

    def deliver(
        self, messages: Sequence[OutgoingMessage], journal: DeliveryJournal, /
    ) -> Mapping[int, Attempt]:
        """Try each once; take up what an interrupted attempt left behind. Never overwrite.

        Returns the attempt at each message by its id; one that was taken back has none.
        """

    def clear(self, message: OutgoingMessage, /) -> None:
        """Remove what a delivered message no longer needs; its delivery is already on record."""

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Remove old temporary files of ours that are not among those ``owned`` by messages."""


class EventSender(ABC):
    """A sender that is told of events, and whose calls leave nothing behind.

    ``events`` are their names, ``target`` is whom it calls, as far as anybody may read that.
    """

    kind: Final = "webhook"
    naming: Final = FileNaming.NONE
    keeps_payload: Final = True
    events: frozenset[str]
    target: str
    lifetime: float | None

    @abstractmethod
    def key(self, event: HouseEvent) -> str:
        """Return the key of an event's message."""

    @abstractmethod
    def payload(self, event: HouseEvent, event_id: str, now: float) -> bytes:
        """Return what is kept of an event until it has left; ``now`` is UTC seconds."""

    @abstractmethod
    def attempt(self, message: OutgoingMessage) -> Attempt:
        """Call once; 2xx is success."""

    def deliver(
        self,
        messages: Sequence[OutgoingMessage],
        journal: DeliveryJournal,  # noqa: ARG002
        /,
    ) -> Mapping[int, Attempt]:
        """Call once for each: a call has no steps to note."""
        return {one.id: self.attempt(one) for one in messages}

    def clear(self, message: OutgoingMessage, /) -> None:  # noqa: B027
        """Do nothing: a call leaves nothing."""

    def sweep(self, owned: AbstractSet[str], /) -> None:  # noqa: B027
        """Do nothing: a call leaves nothing."""


class StudySender(ABC):
    """A sender of whole studies: several at once, those of the newest day first.

    The ``name`` of its messages is the day of the study, YYYYMMDD. Each is tried until it is done:
    what is given up is given up object by object, and never the message.
    """

    kind: Final = FORWARD
    naming: Final = FileNaming.NONE
    keeps_payload: Final = True
    lifetime: Final = None
    parallel: int
    """How many studies are sent at once."""

    @abstractmethod
    def deliver(
        self, messages: Sequence[OutgoingMessage], journal: DeliveryJournal, /
    ) -> Mapping[int, Attempt]:
        """Send the studies of some messages, at once; return the attempt at each."""

    @abstractmethod
    def stop(self) -> None:
        """Have what is being sent end soon; any thread may call."""

    def clear(self, message: OutgoingMessage, /) -> None:  # noqa: B027
        """Do nothing: a study leaves nothing here."""

    def sweep(self, owned: AbstractSet[str], /) -> None:  # noqa: B027
        """Do nothing: a study leaves nothing here."""


@dataclass(frozen=True, slots=True)
class LyingFiles:
    """What of one destination lies in its folder, and when something of it was collected.

    Times are UTC in seconds; of the last days only (`gdtbridge.outbox.collecting`).
    """

    count: int = 0
    since: float | None = None
    last_collected_at: float | None = None
    """None: nobody knows whether files are collected there at all."""

    def are_forgotten(self, now: float) -> bool:
        """Return whether files lie for too long, although files are collected there."""
        collects = self.last_collected_at is not None
        return collects and self.since is not None and now - self.since > UNCOLLECTED_SECONDS

    def are_left(self, now: float) -> bool:
        """Return whether the practice software leaves files lying: what lies may be imported."""
        collects = self.last_collected_at is not None
        return not collects and self.since is not None and now - self.since > UNCOLLECTED_SECONDS


NOTHING_LIES: Final = LyingFiles()


@dataclass(frozen=True, slots=True)
class DeliveryQuestion:
    """A message of which only a person can tell whether it arrived.

    ``final_name``, or the one proposed where it has none yet, may contain an accession number: show
    it to a person, do not log it.
    """

    id: int
    destination: str
    final_name: str
    reason: str
    created_at: float
