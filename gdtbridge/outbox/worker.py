"""The worker of one destination: passes over the queue, pauses, a thread.

No transaction is open while a sender touches a file or the network.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gdtbridge.database import Database
from gdtbridge.durable import Clock
from gdtbridge.durable.files import reason_of
from gdtbridge.outbox import call_store, due_store, leftover_store, pauses, store
from gdtbridge.outbox.collecting import CollectionWatch
from gdtbridge.outbox.destination_folder import DestinationFolder
from gdtbridge.outbox.due import BATCH, DueMessages
from gdtbridge.outbox.gdt_drop import GdtDrop
from gdtbridge.outbox.journal import DatabaseJournal
from gdtbridge.outbox.model import (
    Attempt,
    AttemptResult,
    DeliveryState,
    FileNaming,
    OutgoingMessage,
    Sender,
    StudySender,
)
from gdtbridge.outbox.places import DeliveryPlace
from gdtbridge.outbox.recall_round import RecallRound
from gdtbridge.outbox.retry import retry_delay

log = logging.getLogger(__name__)

QUICK_SECONDS: Final = 0.5
"""As long as it takes no longer, twice as many messages are delivered together the next time."""
BEHIND: Final = 60
"""Messages that a worker delivers in well under a second."""
LONGEST_SLEEP: Final = 3.0
"""Seconds after which a worker looks by itself: a command beside the service rings no bell."""
LOOK_SECONDS: Final = 60.0
"""Seconds between two looks whether the folder is the right one, while nothing leaves."""
OCCUPIED_SECONDS: Final = 0.5
"""How long, at most, until another look whether the file before was collected."""
FIRST_OCCUPIED_SECONDS: Final = 0.02
"""The same for the first look; each further one waits twice as long."""
PAUSE_SECONDS: Final = 0.05
HANG_SECONDS: Final = 3.0
"""A delivery into a folder that takes so long hangs; the stop does not wait for it."""
MOST_ATTEMPTS: Final = 30
"""Failed attempts of a message that expires; bounds it whatever the clock does."""


class DestinationWorker:
    """Delivers what leaves for one destination, one message at a time, in a thread of its own."""

    def __init__(
        self,
        database: Database,
        destination: str,
        sender: Sender,
        clock: Clock,
        lifetimes: store.Lifetimes,
        delivered: Callable[[Iterable[str]], None],
        system: Path = Path("/"),
    ) -> None:
        """Call ``delivered`` with the destinations of what waited for a delivery after each."""
        self.destination = destination
        self.sender = sender
        self._database = database
        self._clock = clock
        self._lifetimes = lifetimes
        self._delivered = delivered
        self._place = (
            DeliveryPlace(database, destination, sender.folder, clock, system)
            if isinstance(sender, GdtDrop)
            else None
        )
        self._journal = DatabaseJournal(database, self._place)
        folder = (
            DestinationFolder(database, destination, sender, self._journal, clock)
            if isinstance(sender, GdtDrop)
            else None
        )
        keeps_payload = folder is not None and folder.drop.keeps_payload
        self._collection = CollectionWatch(folder) if folder and keeps_payload else None
        self._recalls = RecallRound(folder) if folder else None
        self._due = DueMessages(database, destination, sender, clock)
        self._together = 1
        self._next_look = clock.monotonic()
        self._swept = False
        self._one_pass = threading.Lock()
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._hurry = threading.Event()  # ends a rest
        self._thread: threading.Thread | None = None
        self._away = 0  # attempts in a row that found nobody there
        self._occupied = 0  # looks in a row that found the file before still there
        self._resting_until = 0.0  # monotonic
        self._trouble = ""
        self._in_folder_since: float | None = None  # monotonic

    def misplaced(self) -> str:
        """Return why nothing may be written into the folder now; notes nothing."""
        return self._place.misplaced() if self._place is not None else ""

    def start(self) -> None:
        """Start the worker; messages that a crash interrupted come first."""
        # A daemon: one that hangs in the kernel must not keep the process from ending.
        self._thread = threading.Thread(
            target=self._run, name=f"outbox {self.destination}", daemon=True
        )
        self._thread.start()

    def is_behind(self) -> bool:
        """Return whether the worker delivers, and more waits than `BEHIND`.

        One whose folder is away, or whose files wait to be collected, is not behind: nobody knows
        how long that lasts.
        """
        delivers = self._thread is not None and not self._away
        if not delivers or self.sender.naming is not FileNaming.ONCE:
            return False
        with self._database.read() as connection:
            return due_store.more_due(connection, self.destination, self._clock.utc(), BEHIND)

    def ring(self) -> None:
        """Tell the worker that there may be something to do."""
        self._bell.set()

    def wake(self) -> None:
        """Tell the worker to try at once, however long it meant to leave the destination alone."""
        self._next_look = 0.0
        self._hurry.set()
        self._bell.set()

    def stop(self) -> None:
        """Tell the worker to end after the present message."""
        self._stopping.set()
        self._hurry.set()
        self._bell.set()
        if isinstance(self.sender, StudySender):
            self.sender.stop()

    def join(self, timeout: float) -> bool:
        """Wait for the worker's end, at most ``timeout`` seconds; return whether it ended.

        One that hangs in a folder is not waited for any longer.
        """
        if self._thread is None:
            return True
        deadline = self._clock.monotonic() + timeout
        while self._thread.is_alive() and self._clock.monotonic() < deadline and not self._hangs:
            self._thread.join(PAUSE_SECONDS)
        return not self._thread.is_alive()

    @property
    def busy_since(self) -> float | None:
        """When (monotonic) the sender began what it does in a folder now; None while it does not.

        Any thread may ask; nothing is waited for.
        """
        return self._in_folder_since

    @property
    def _hangs(self) -> bool:
        """Whether the sender has been in one folder for `HANG_SECONDS`: no share takes so long."""
        began = self.busy_since
        return began is not None and self._clock.monotonic() - began > HANG_SECONDS

    @contextmanager
    def _in_folder(self) -> Iterator[None]:
        """Note for `join` that the sender is at work in a folder that may hang."""
        if self.sender.naming is not FileNaming.NONE:
            self._in_folder_since = self._clock.monotonic()
        try:
            yield
        finally:
            self._in_folder_since = None

    def _run(self) -> None:
        self._safely(self._begin)
        while not self._stopping.is_set():
            self._bell.clear()
            self._safely(self._look)
            self._safely(self.deliver_due)
            self._hurry.wait(self._resting_until - self._clock.monotonic())
            self._hurry.clear()
            if not self._stopping.is_set():
                self._bell.wait(self._safely(self._idle_seconds) or 0.0)

    def _safely(self, step: Callable[[], float]) -> float:
        """Run a step of the worker and return its result; after any error rest and return 0."""
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - a dead worker would be silence
            if not self._stopping.is_set():
                self._report(type(error).__name__)
                self._rest()
            return 0.0

    def _begin(self) -> float:
        with self._database.write() as connection:
            due_store.first_things_first(connection, self.destination)
            for name in store.last_names(connection, self.destination):
                leftover_store.leave_behind(connection, self.destination, name)
        return 0.0

    def _look(self) -> float:
        """See to it now and then that the folder is the right one, and tidy up there."""
        now = self._clock.monotonic()
        if now < self._next_look or self._is_paused():
            return 0.0
        self._next_look = now + LOOK_SECONDS
        with self._in_folder():
            reason = self._place.look() if self._place is not None else ""
        if reason:
            self._report(reason)
        else:
            self._tidy()
        return 0.0

    def _tidy(self) -> None:
        """Remove the temporary files nobody needs; once after a start also those of nobody."""
        try:
            with self._database.read() as connection:
                left = leftover_store.left_behind(connection, self.destination)
                owned = store.owned_names(connection)
            with self._in_folder():
                for name in left:
                    self.sender.clear(_named(name))
            if left:
                with self._database.write() as connection:
                    leftover_store.gone(connection, self.destination, left)
            if not self._swept:
                with self._in_folder():
                    self.sender.sweep(owned)
                self._swept = True
        except OSError as error:
            log.info("outbox %s: not swept (%s)", self.destination, reason_of(error))

    def _idle_seconds(self) -> float:
        with self._database.read() as connection:
            next_at = due_store.next_at(connection, self.destination, self.sender.naming)
        if next_at is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.0, next_at - self._clock.utc()))

    def _is_paused(self) -> bool:
        """Return whether a person wants nothing to leave for the destination."""
        with self._database.read() as connection:
            return pauses.lasts(connection, self.destination)

    def deliver_due(self) -> int:
        """Try what is due, once; return how many messages arrived."""
        with self._one_pass:
            self._expire()
            self._recall()
            arrived = 0
            for ids in self._due.groups(lambda: self._together):
                if self._stopping.is_set() or self._is_paused():
                    break
                attempts = self._attempt(ids)
                arrived += sum(map(_has_arrived, attempts))
                if (away := next((one for one in attempts if one.away), None)) is not None:
                    self._rest(away.after)
                    break
                if any(one.result is AttemptResult.OCCUPIED for one in attempts):
                    self._wait_for_collection()
                    break
            if self._collection is not None and not self._stopping.is_set():
                self._collection.look(self._in_folder)
            return arrived

    def _recall(self) -> None:
        """Take files back out of the folder that nobody is to collect."""
        if self._recalls is None or self._is_paused():
            return
        concerned = self._recalls.go(self._in_folder)
        if concerned is not None:
            self._delivered(concerned)
            self._tidy()

    def _attempt(self, ids: Sequence[int]) -> list[Attempt]:
        """Try messages together; after anything but quick success the next ones one by one."""
        with self._database.read() as connection:
            loaded = [store.load(connection, outbox_id) for outbox_id in ids]
        messages = [one for one in loaded if one is not None]
        if not messages:
            return []
        began = self._clock.monotonic()
        try:
            with self._in_folder():
                attempts = self.sender.deliver(messages, self._journal)
        except Exception as error:  # noqa: BLE001 - one message's fault must not stop the others
            failed = Attempt(AttemptResult.LATER, type(error).__name__)
            attempts = {one.id: failed for one in messages}
        well = all(map(_has_arrived, attempts.values()))
        quick = self._clock.monotonic() - began < QUICK_SECONDS
        self._together = min(2 * self._together, BATCH) if well and quick else 1
        if self.sender.kind == "webhook":
            self._note_answers(attempts.values())
        arrived = [number for number, one in attempts.items() if _has_arrived(one)]
        if arrived:
            self._note_delivered(arrived)
        for number, one in attempts.items():
            self._settle(number, one)
        return list(attempts.values())

    def _settle(self, outbox_id: int, attempt: Attempt) -> None:
        """Record an attempt that did not deliver its message."""
        match attempt.result:
            case AttemptResult.LATER:
                self._postpone(outbox_id, attempt)
            case AttemptResult.OCCUPIED:
                self._keep_waiting(outbox_id, attempt.reason)
            case AttemptResult.FAILED:
                self._give_up(outbox_id, attempt.reason)
            case AttemptResult.QUESTION:
                self._ask(outbox_id, attempt.reason)

    def _note_answers(self, attempts: Iterable[Attempt]) -> None:
        with self._database.write(synced=False) as connection:
            for one in attempts:
                call_store.note_answer(connection, self.destination, one, self._clock.utc())

    def _note_delivered(self, arrived: Sequence[int]) -> None:
        """Record deliveries, remove what the sender left, wake the workers that may have waited."""
        waited: set[str] = set()
        with self._database.write() as connection:
            now = self._clock.utc()
            messages = [store.load(connection, outbox_id) for outbox_id in arrived]
            for outbox_id in arrived:
                waited |= store.delivered(connection, outbox_id, now, self._lifetimes)
                if not self.sender.keeps_payload:
                    store.change(connection, outbox_id, payload=b"")
        self._delivered(waited)
        if self._place is not None:
            with self._in_folder():
                self._place.proven()
        for message in messages:
            if message is not None:
                self._clear(message)
        self._away = self._occupied = 0
        self._report("")

    def _clear(self, message: OutgoingMessage) -> None:
        """Remove what the sender left; what cannot be removed now goes later."""
        try:
            with self._in_folder():
                self.sender.clear(message)
        except OSError as error:
            log.info("outbox %s: not cleared (%s)", self.destination, reason_of(error))
            with self._database.write() as connection:
                leftover_store.leave_behind(connection, self.destination, message.temporary_name)

    def _postpone(self, outbox_id: int, attempt: Attempt) -> None:
        with self._database.write() as connection:
            attempts, last_error = store.attempts(connection, outbox_id)
            until = self._clock.utc() + max(attempt.after, retry_delay(attempts + 1))
            store.postpone(connection, outbox_id, until, attempt.reason)
        if attempt.away:
            self._report(attempt.reason)
        elif attempt.reason != last_error:
            log.warning(
                "outbox %s: message %d not delivered (%s), trying again",
                self.destination,
                outbox_id,
                attempt.reason,
            )

    def _keep_waiting(self, outbox_id: int, reason: str) -> None:
        """Note once why a message waits for its name; a later pass tries again."""
        with self._database.read() as connection:
            _, noted = store.attempts(connection, outbox_id)
        if noted != reason:
            with self._database.write() as connection:
                store.change(connection, outbox_id, last_error=reason)

    def _give_up(self, outbox_id: int, reason: str) -> None:
        with self._database.write() as connection:
            ids = store.failed(connection, outbox_id, reason)
        log.error("outbox %s: messages %s given up (%s)", self.destination, ids, reason)

    def _ask(self, outbox_id: int, reason: str) -> None:
        with self._database.write() as connection:
            store.change(connection, outbox_id, state=DeliveryState.QUESTION, last_error=reason)
        log.error(
            "outbox %s: message %d: a person must look (%s)", self.destination, outbox_id, reason
        )

    def _expire(self) -> None:
        with self._database.read() as connection:
            ids = store.expired(connection, self.destination, self._clock.utc(), MOST_ATTEMPTS)
            reason = pauses.LEFT_OUT if pauses.lasts(connection, self.destination) else "expired"
        for outbox_id in ids:
            self._give_up(outbox_id, reason)

    def _wait_for_collection(self) -> None:
        """Rest until the next look: 20 ms at first, twice as long each time, at most 500 ms."""
        pause = FIRST_OCCUPIED_SECONDS * 2.0 ** min(self._occupied, 16)
        self._occupied += 1
        self._resting_until = self._clock.monotonic() + min(pause, OCCUPIED_SECONDS)

    def _rest(self, least: float = 0.0) -> None:
        self._away += 1
        self._resting_until = self._clock.monotonic() + max(least, retry_delay(self._away))

    def _report(self, trouble: str) -> None:
        """Log when deliveries begin to fail, fail for another reason or work again; never twice."""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble:
            log.warning("outbox %s: not delivered (%s), trying again", self.destination, trouble)
        else:
            log.warning("outbox %s: delivers again", self.destination)


def _has_arrived(attempt: Attempt) -> bool:
    return attempt.result is AttemptResult.DELIVERED


def _named(temporary_name: str) -> OutgoingMessage:
    """Return a message of which nothing is left but its temporary name."""
    return OutgoingMessage(0, "", b"", DeliveryState.DELIVERED, temporary_name, "")
