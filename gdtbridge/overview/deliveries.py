"""What leaves the house, for each destination: how it is, what waits there, since when and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from gdtbridge.attention.forward_source import LATE_SECONDS
from gdtbridge.confirmation.book import Confirmations
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.forward import store as forward_store
from gdtbridge.forward.book import ForwardBook, target_of
from gdtbridge.forward.model import FailedCopies, WrongCopy
from gdtbridge.outbox import COMMITMENT, FORWARD, MAIL, GdtDrop, Outbox, PlaceProblem, PlaceQuestion
from gdtbridge.outbox.calls import WebhookCalls, WebhookState
from gdtbridge.outbox.status import DestinationStatus
from gdtbridge.overview.messages import DeliveryItem, MessageReader
from gdtbridge.results.routing import Routing
from gdtbridge.tsv import table

MOST_ITEMS: Final = 50
"""Messages of one destination that are listed."""
MOST_QUESTIONS: Final = 100


class DestinationKind(StrEnum):
    """What a destination is to a practice."""

    RECORDS = "records"
    """The folder practice software takes GDT records from."""
    ATTACHMENTS = "attachments"
    ARCHIVE = "archive"
    CALL = "call"
    """A webhook."""
    MAIL = "mail"
    DEVICES = "devices"
    """Devices that are told what is kept (storage commitment)."""


class DestinationState(StrEnum):
    """How a destination is, in the order in which it is looked for."""

    PAUSED = "paused"
    AWAY = "away"
    """What waits has waited for too long, or its folder is not the right one."""
    REFUSED = "refused"
    """Something was given up, and a person has to say what becomes of it."""
    UNCOLLECTED = "uncollected"
    """Files lie for too long although files are collected there."""
    WAITING = "waiting"
    """Something is on its way; nothing is wrong."""
    CALM = "calm"


NEEDS_PERSON: Final = frozenset(
    {DestinationState.AWAY, DestinationState.REFUSED, DestinationState.UNCOLLECTED}
)


class DeliveryCause(StrEnum):
    """Why something waits or was given up; ``causes.tsv`` tells it from the reason noted."""

    NONE = "none"
    UNCOLLECTED = "uncollected"
    PLACE_MISSING = "place-missing"
    PLACE_CHANGED = "place-changed"
    FOLDER_SILENT = "folder-silent"
    NOT_ALLOWED = "not-allowed"
    FOLDER_FULL = "folder-full"
    FOREIGN_FILE = "foreign-file"
    FILE_INTERRUPTED = "file-interrupted"
    RESTORED = "restored"
    OUT_OF_HOURS = "out-of-hours"
    NOT_IN_SETTINGS = "not-in-settings"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    SERVER_ERROR = "server-error"
    REFUSED = "refused"
    EXPIRED = "expired"
    OTHER = "other"
    """Known by its reason alone."""


def cause_of(reason: str) -> DeliveryCause:
    """Return why, by the reason a delivery noted; none for an empty one."""
    if not reason:
        return DeliveryCause.NONE
    rows = table("overview/causes.tsv")
    return next(
        (DeliveryCause(cause) for cause, pattern in rows if fnmatchcase(reason, pattern)),
        DeliveryCause.OTHER,
    )


@dataclass(frozen=True, slots=True)
class ArchiveFigures:
    """How far the copies for an archive are: of today, and what a person has to see to."""

    sent_today: int = 0
    confirmed_today: int = 0
    failed: FailedCopies | None = None
    mistakes: tuple[WrongCopy, ...] = ()
    unconfirmed: str = ""
    """Why it has not confirmed what it was sent; empty where nothing is late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One destination as a person sees it; times are UTC in seconds."""

    status: DestinationStatus
    kind: DestinationKind
    name: str = ""
    """Name of the route, AE title of the archive, name of the webhook; empty for the usual one."""
    software: str = ""
    """Name of the practice software, as far as the settings tell it."""
    place: str = ""
    """Folder, or address as far as anybody may read it."""
    state: DestinationState = DestinationState.CALM
    cause: DeliveryCause = DeliveryCause.NONE
    reason: str = ""
    """As it was noted: for who has to mend it."""
    since: float | None = None
    items: tuple[DeliveryItem, ...] = ()
    question: PlaceQuestion | None = None
    archive: ArchiveFigures = field(default_factory=ArchiveFigures)
    calls: WebhookState | None = None

    @property
    def id(self) -> str:
        """The outbox's name for it."""
        return self.status.destination

    @property
    def more(self) -> int:
        """How many messages wait beside those listed."""
        return max(0, self.status.pending - len(self.items))


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The questions only a person can answer, and every destination, in the settings' order."""

    questions: tuple[DeliveryItem, ...]
    destinations: tuple[Destination, ...]

    @property
    def is_calm(self) -> bool:
        """Whether nothing waits and nothing is asked."""
        return not self.questions and all(
            one.state is DestinationState.CALM for one in self.destinations
        )

    @property
    def last_collected_at(self) -> float | None:
        """When practice software collected a file last."""
        found = (one.status.lying.last_collected_at for one in self.destinations)
        return max(filter(None, found), default=None)


@dataclass(frozen=True, slots=True)
class DeliveryOverview:
    """Tells how everything that leaves is; touches the database only. Thread-safe."""

    database: Database
    outbox: Outbox
    forward: ForwardBook
    confirmations: Confirmations
    webhooks: WebhookCalls
    routing: Routing
    silent: Callable[[], Mapping[Path, float]]
    """Returns the folders that do not answer, and since when (UTC seconds)."""
    clock: Clock

    def report(self) -> DeliveryReport:
        """Return what leaves, and what is asked; raise a `BridgeError`."""
        reader = MessageReader(self.database)
        facts = _Facts(
            {one.destination: one for one in self.outbox.place_questions()},
            self._archives(),
            {one.name: one for one in self.webhooks.states()},
            self.silent(),
        )
        found = [
            self._destination(one, facts, reader)
            for one in self.outbox.status()
            if one.kind != COMMITMENT or one.pending or one.questions or one.failed
        ]
        asked = tuple(reader.read(self.outbox.asked(MOST_QUESTIONS)))
        return DeliveryReport(asked, tuple(sorted(found, key=_rank)))

    def _destination(
        self, status: DestinationStatus, facts: _Facts, reader: MessageReader
    ) -> Destination:
        folder = self._folder(status.destination)
        name = _name(status)
        archive = facts.archives.get(name, ArchiveFigures())
        calls = facts.calls.get(name) if status.kind == "webhook" else None
        silent_since = facts.silent.get(folder) if folder is not None else None
        state = _state(status, archive, calls, silent_since, self.clock.utc())
        cause, reason, since = _why(status, facts, name, silent_since)
        return Destination(
            status=status,
            kind=_kind(status),
            name=name,
            software=self._software(status, name),
            place=str(folder) if folder is not None else calls.target if calls else "",
            state=state,
            cause=cause if state is not DestinationState.CALM else DeliveryCause.NONE,
            reason=reason,
            since=since if since is not None else self._since(status),
            items=tuple(reader.read(self.outbox.waiting(status.destination, MOST_ITEMS))),
            question=facts.places.get(status.destination),
            archive=archive,
            calls=calls,
        )

    def _since(self, status: DestinationStatus) -> float | None:
        age = status.oldest_pending_age
        return self.clock.utc() - age if age else None

    def _folder(self, destination: str) -> Path | None:
        sender = self.outbox.sender_of(destination)
        return sender.folder if isinstance(sender, GdtDrop) else None

    def _software(self, status: DestinationStatus, name: str) -> str:
        if status.kind not in {"gdt", "attachment"}:
            return ""
        return self.routing.named(name).records.software

    def _archives(self) -> dict[str, ArchiveFigures]:
        begin = datetime.combine(self.clock.local().date(), time()).timestamp()
        with self.database.read() as connection:
            sent = forward_store.sent_since(connection, begin)
        failed = {one.destination: one for one in self.forward.failures()}
        mistakes, reasons = self.forward.mistakes(), self.confirmations.reasons()
        return {
            one.aet: ArchiveFigures(
                *sent.get(one.aet, (0, 0)),
                failed.get(one.aet),
                tuple(wrong for wrong in mistakes if wrong.destination == one.aet),
                reasons.get(one.aet, ""),
            )
            for one in self.forward.targets
        }


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known beside the figures of the outbox."""

    places: Mapping[str, PlaceQuestion]
    archives: Mapping[str, ArchiveFigures]
    calls: Mapping[str, WebhookState]
    silent: Mapping[Path, float]


_KINDS: Final = {
    "gdt": DestinationKind.RECORDS,
    "attachment": DestinationKind.ATTACHMENTS,
    FORWARD: DestinationKind.ARCHIVE,
    "webhook": DestinationKind.CALL,
    MAIL: DestinationKind.MAIL,
    COMMITMENT: DestinationKind.DEVICES,
}


def _kind(status: DestinationStatus) -> DestinationKind:
    return _KINDS[status.kind]


def _rank(one: Destination) -> int:
    """Return where a destination stands: practice software first, archives, calls, mails."""
    return list(_KINDS.values()).index(one.kind)


def _name(status: DestinationStatus) -> str:
    if status.kind == FORWARD:
        return target_of(status.destination)
    before, _, name = status.destination.partition(":")
    return name if name or status.kind != "webhook" else before


def _state(
    status: DestinationStatus,
    archive: ArchiveFigures,
    calls: WebhookState | None,
    silent_since: float | None,
    now: float,
) -> DestinationState:
    """Return the first state that holds."""
    late = status.kind == FORWARD and status.oldest_pending_age > LATE_SECONDS
    hangs = silent_since is not None and bool(status.pending)
    away = status.stuck or status.place is not None or status.mail_refused or late or hangs
    refused = archive.failed is not None or bool(archive.mistakes) or bool(calls and calls.failed)
    rows = (
        (status.pause is not None, DestinationState.PAUSED),
        (away, DestinationState.AWAY),
        (refused, DestinationState.REFUSED),
        (status.lying.are_forgotten(now), DestinationState.UNCOLLECTED),
        (bool(status.pending), DestinationState.WAITING),
    )
    return next((state for holds, state in rows if holds), DestinationState.CALM)


_PLACES: Final = {
    PlaceProblem.MISSING: DeliveryCause.PLACE_MISSING,
    PlaceProblem.CHANGED: DeliveryCause.PLACE_CHANGED,
}


def _why(
    status: DestinationStatus, facts: _Facts, name: str, silent_since: float | None
) -> tuple[DeliveryCause, str, float | None]:
    """Return cause, reason as noted, and since when, as far as the cause itself says so."""
    if silent_since is not None:
        return DeliveryCause.FOLDER_SILENT, status.last_error, silent_since
    if (place := facts.places.get(status.destination)) is not None:
        return _PLACES[place.problem], status.last_error, place.since
    archive, calls = facts.archives.get(name), facts.calls.get(name)
    if status.kind == FORWARD and archive is not None and archive.failed is not None:
        return cause_of(archive.failed.reason), archive.failed.reason, archive.failed.since
    if status.kind == "webhook" and calls is not None and calls.failed:
        return cause_of(calls.reason), calls.reason, calls.failed_since
    return cause_of(status.last_error), status.last_error, None
