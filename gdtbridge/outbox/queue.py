"""The outbox as the rest of the bridge sees it: put, start, stop, status, answer."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.durable import Clock, SystemClock
from gdtbridge.errors import NotFound, TooLate
from gdtbridge.outbox import due_store, leftover_store, pauses, places, recall_store, status, store
from gdtbridge.outbox.gdt_drop import GdtDrop
from gdtbridge.outbox.model import (
    DeliveryQuestion,
    EventSender,
    FileNaming,
    Message,
    PlaceQuestion,
    Sender,
)
from gdtbridge.outbox.names import check_name
from gdtbridge.outbox.pauses import DeliveryPause
from gdtbridge.outbox.removed_destination import RemovedDestination
from gdtbridge.outbox.status import DestinationStatus
from gdtbridge.outbox.waiting import WaitingMessage, asked_messages, open_messages
from gdtbridge.outbox.worker import DestinationWorker
from gdtbridge.webhooks import HouseEvent

log = logging.getLogger(__name__)

_NOTHING_ASKED: Final = (
    "Nach keinem Ort wird gefragt. / No place is asked about: see gdtbridge outbox list."
)
_NO_DESTINATION: Final = (
    "Dieses Ziel gibt es nicht: gdtbridge outbox list / There is no such destination."
)
_PAUSED_ALREADY: Final = "Das Ziel ist schon angehalten. / The destination is paused already."
_NOT_PAUSED: Final = "Das Ziel ist nicht angehalten. / The destination is not paused."
_NOTHING_THERE: Final = (
    "Der Ordner ist nicht da: anlegen oder die Freigabe verbinden. / The folder does not exist: "
    "make it or mount the share."
)


def _no_question(outbox_id: int) -> str:
    return (
        f"Im Ausgang ist keine Frage {outbox_id} offen. / "
        f"There is no open question {outbox_id} in the outbox."
    )


class _PutHere(threading.local):
    """The destinations of what a thread put and has not told the workers of."""

    def __init__(self) -> None:
        self.destinations: set[str] = set()


class Outbox:
    """A durable queue to each destination of ``senders``, and its workers.

    Start it once, after the database and before anything that puts messages; stop it after them.
    It promises at-least-once: a file appears exactly once (or becomes a question), a webhook may be
    called twice when the process dies between the answer and its record.
    """

    def __init__(
        self,
        database: Database,
        senders: Mapping[str, Sender],
        *,
        clock: Clock | None = None,
        system: Path = Path("/"),
    ) -> None:
        """Serve each destination by its sender; start nothing yet.

        What should be mounted is read below ``system``.
        """
        self._database = database
        self._clock: Clock = clock or SystemClock()
        self._lifetimes = {name: sender.lifetime for name, sender in senders.items()}
        self._senders = dict(senders)
        self._drops = {name: one for name, one in senders.items() if isinstance(one, GdtDrop)}
        self.callers: Mapping[str, EventSender] = {
            name: sender for name, sender in senders.items() if isinstance(sender, EventSender)
        }
        with database.read() as connection:
            found = status.destinations(connection)
        everyone: dict[str, Sender] = {
            **{name: RemovedDestination(kind) for name, kind in found.items()},
            **senders,
        }
        self._here = _PutHere()
        self._workers = {
            name: DestinationWorker(
                database, name, sender, self._clock, self._lifetimes, self._ring, system
            )
            for name, sender in everyone.items()
        }

    def sender(self, destination: str) -> Sender:
        """Return who serves a destination of the settings."""
        return self._senders[destination]

    def put(self, connection: Connection, message: Message) -> int:
        """Enter a message in the caller's write transaction and return its id.

        The same (destination, key) again returns the id it has and changes nothing. Raises
        `ValueError` for a destination or a file name that cannot be served: both are made by us.
        """
        sender = self._senders.get(message.destination)
        if sender is None or sender.kind != message.kind:
            raise ValueError(f"no {message.kind} destination {message.destination}")
        if sender.naming is not FileNaming.NONE:
            check_name(message.name)
        known = store.find(connection, message.destination, message.key)
        if known is not None:
            return known
        self._here.destinations.add(message.destination)
        return store.insert(connection, message, self._clock.utc(), sender.lifetime, sender.naming)

    def listens(self, *events: str) -> bool:
        """Return whether anybody wants to be told of one of these events."""
        return any(not caller.events.isdisjoint(events) for caller in self.callers.values())

    def tell(
        self, connection: Connection, event: HouseEvent, *, after_id: int | None = None
    ) -> None:
        """Put an event for each webhook that wants it, in the caller's write transaction.

        All get the same id; they are called once the message ``after_id`` is delivered.
        """
        event_id, now = secrets.token_hex(8), self._clock.utc()
        for destination, caller in self.callers.items():
            if event.name in caller.events:
                key, payload = caller.key(event), caller.payload(event, event_id, now)
                message = Message("webhook", destination, key, event.name, payload, after_id)
                self.put(connection, message)

    def untell(self, connection: Connection, event: HouseEvent) -> None:
        """Remove what was put for an event in the caller's transaction, unless it was sent."""
        for destination, caller in self.callers.items():
            if event.name in caller.events:
                store.withdraw(connection, destination, caller.key(event))

    def remove(self, connection: Connection, outbox_id: int) -> None:
        """Remove a message that leaves no file, in the caller's transaction, if it is there."""
        store.remove(connection, outbox_id)

    def forget(self, connection: Connection, destination: str) -> None:
        """Remove everything that waits for a destination and leaves no file."""
        store.forget(connection, destination)

    def next_key(self, connection: Connection, destination: str, key: str) -> str:
        """Return a key for what is said once more: ``key``, numbered where that was put before."""
        number, free = 1, key
        while store.find(connection, destination, free) is not None:
            number += 1
            free = f"{key}:{number}"
        return free

    def take_back(self, connection: Connection, prefixes: Sequence[str]) -> bool:
        """Remove the messages whose keys begin with ``prefixes``, in the caller's transaction.

        Returns whether that could be done: of what has been begun, nothing is removed.
        """
        self._here.destinations.update(self._workers)  # others may have waited for them
        return store.take_back(connection, prefixes)

    def drop_waiting(self, connection: Connection, prefixes: Sequence[str]) -> None:
        """Remove the messages whose keys begin with ``prefixes`` unless they have been begun."""
        self._here.destinations.update(self._workers)  # others may have waited for them
        store.drop_waiting(connection, prefixes)

    def recall(self, connection: Connection, prefixes: Sequence[str]) -> str:
        """Have the files whose keys begin with ``prefixes`` taken back out of their folder.

        In the caller's transaction. Returns the mark for what leaves where one of them is collected
        before (`Message.recall`); empty where nothing can be taken back.
        """
        self._here.destinations.update(self._workers)
        return recall_store.begin(connection, prefixes, self._clock.utc())

    def keys_put(self, connection: Connection, prefixes: Sequence[str]) -> Sequence[str]:
        """Return the keys of messages, to whatever destination, that begin so."""
        return store.keys_put(connection, prefixes)

    def last_open(
        self, connection: Connection, destination: str, prefixes: Sequence[str]
    ) -> int | None:
        """Return the id of the newest message on its way whose key begins with ``prefixes``."""
        return store.last_open(connection, destination, prefixes)

    def wake(self) -> None:
        """Tell the workers that what this thread put, or removed, was committed; does not wait."""
        self._ring(self._here.destinations)
        self._here.destinations.clear()

    def _ring(self, destinations: Iterable[str]) -> None:
        for destination in destinations:
            self._workers[destination].ring()

    def is_behind(self) -> bool:
        """Return whether a folder that takes files has more of them waiting than a moment's."""
        return any(worker.is_behind() for worker in self._workers.values())

    def start(self) -> None:
        """Start one worker for each destination; what a crash interrupted comes first."""
        for worker in self._workers.values():
            worker.start()

    def stop(self, timeout: float) -> None:
        """End the workers after the message each is at; wait ``timeout`` seconds in all.

        One that hangs in a share is left behind: its message is taken up at the next start.
        """
        for worker in self._workers.values():
            worker.stop()
        end = self._clock.monotonic() + timeout
        for worker in self._workers.values():
            if not worker.join(end - self._clock.monotonic()):
                log.warning("outbox %s: still busy at the stop, left behind", worker.destination)

    def deliver_due(self, destination: str) -> int:
        """Try what is due for one destination, in this thread; return how many arrived."""
        return self._workers[destination].deliver_due()

    def status(self) -> tuple[DestinationStatus, ...]:
        """Return the status of every destination; asks the database only, never a share."""
        now = self._clock.utc()
        problems = {one.destination: one.problem for one in self.place_questions()}
        with self._database.read() as connection:
            return tuple(
                status.destination_status(connection, name, worker.sender, now, problems.get(name))
                for name, worker in self._workers.items()
            )

    def place_questions(self) -> tuple[PlaceQuestion, ...]:
        """Return the destinations whose folder is not where it was; asks the database only."""
        with self._database.read() as connection:
            found = places.place_questions(connection)
        folders = {name: str(one.folder) for name, one in self._drops.items()}
        return tuple(one for one in found if folders.get(one.destination) == one.folder)

    def busy(self) -> dict[Path, float]:
        """Return the folders something is delivered into now, since when (monotonic seconds)."""
        since = [(one.folder, self._workers[name].busy_since) for name, one in self._drops.items()]
        found: dict[Path, float] = {}
        for folder, began in since:
            if began is not None:
                found[folder] = min(began, found.get(folder, began))
        return found

    def misplaced(self, folder: Path) -> str:
        """Return why nothing may be written into a folder now, as far as files leave into it.

        Looks at the folder, which may hang, and notes nothing.
        """
        here = (name for name, one in self._drops.items() if one.folder == folder)
        found = (self._workers[name].misplaced() for name in here)
        return next(filter(None, found), "")

    def accept_places(self, route: str | None = None) -> tuple[PlaceQuestion, ...]:
        """Let files go where the folders are now: of a route, or of all a person is asked about.

        Returns what was accepted; raises `NotFound` where nothing is asked, or no folder is there.
        """
        asked = [one for one in self.place_questions() if route in {None, one.route}]
        accepted = tuple(one for one in asked if one.found)
        if not accepted:
            raise NotFound(_NOTHING_THERE if asked else _NOTHING_ASKED)
        with self._database.write() as connection:
            for one in accepted:
                places.accept(connection, one.destination)
        self._ring(self._workers)
        return accepted

    def pause(self, destination: str, why: str, who: str) -> DeliveryPause:
        """Let nothing leave for a destination, until it is resumed; return the pause.

        What is under way is finished. ``who`` wants it, and ``why`` in a word. Raises `NotFound`
        for a destination there is not, and `TooLate` for one that is paused already.
        """
        self._must_be(destination)
        pause = DeliveryPause(destination, self._clock.utc(), who, why)
        with self._database.write() as connection:
            if pauses.lasts(connection, destination):
                raise TooLate(_PAUSED_ALREADY)
            pauses.begin(connection, pause)
        log.warning("outbox %s: paused", destination)
        return pause

    def resume(self, destination: str) -> DeliveryPause:
        """Let what waits for a destination leave; return the pause that ended.

        Raises `NotFound` for a destination there is not, and `TooLate` for one that is not paused.
        """
        self._must_be(destination)
        with self._database.write() as connection:
            pause = pauses.last_pause(connection, destination)
            if pause is None or not pause.lasts:
                raise TooLate(_NOT_PAUSED)
            pauses.end(connection, destination, self._clock.utc())
        log.warning("outbox %s: resumed", destination)
        self._ring([destination])
        return pause

    def _must_be(self, destination: str) -> None:
        if destination not in self._workers:
            raise NotFound(_NO_DESTINATION)

    def try_now(self, destination: str) -> None:
        """Have everything that waits for a destination tried at once; does not wait.

        Raises `NotFound` for a destination there is not.
        """
        self._must_be(destination)
        with self._database.write() as connection:
            due_store.all_due(connection, destination, self._clock.utc())
        self._workers[destination].wake()

    def sender_of(self, destination: str) -> Sender | None:
        """Return who serves a destination; None for one the settings do not name any more."""
        return self._senders.get(destination)

    def waiting(self, destination: str, most: int) -> list[WaitingMessage]:
        """Return what waits for a destination, what was put first, first."""
        with self._database.read() as connection:
            return open_messages(connection, destination, most)

    def asked(self, most: int) -> list[WaitingMessage]:
        """Return the messages `questions` is about, with what they say."""
        with self._database.read() as connection:
            return asked_messages(connection, most)

    def questions(self) -> tuple[DeliveryQuestion, ...]:
        """Return the messages of which only a person can tell whether they arrived."""
        with self._database.read() as connection:
            return tuple(store.questions(connection))

    def content(self, outbox_id: int) -> bytes:
        """Return what a message of which a person is asked holds; raise `NotFound` for another."""
        with self._database.read() as connection:
            found = store.asked_content(connection, outbox_id)
        if found is None:
            raise NotFound(_no_question(outbox_id))
        return found

    def answer(self, outbox_id: int, *, arrived: bool) -> None:
        """Settle a question: it arrived, or send it again; raise `NotFound` if none is open."""
        open_questions = {question.id: question for question in self.questions()}
        if outbox_id not in open_questions:
            raise NotFound(_no_question(outbox_id))
        with self._database.write() as connection:
            leftover_store.leave_behind_of(connection, outbox_id)
            if arrived:
                store.delivered(connection, outbox_id, self._clock.utc(), self._lifetimes)
            else:
                store.again(connection, outbox_id, self._clock.utc())
        self._ring(self._workers)
