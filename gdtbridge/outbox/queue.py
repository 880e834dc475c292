"""The queue as the rest of the bridge sees it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from gdtbridge.database import Connection, Database
from gdtbridge.durable import Clock, SystemClock
from gdtbridge.errors import NotFound
from gdtbridge.outbox import rows, standing
from gdtbridge.outbox.lane import Lane, Unserved
from gdtbridge.outbox.model import DestinationStatus, Message, Naming, Question, Sender
from gdtbridge.outbox.names import check_name

log = logging.getLogger(__name__)


class Outbox:
    """A durable queue to each destination of ``senders``, and its workers.

    Start it once, after the database and before anything that puts messages; stop it after them.
    It promises at-least-once: a file appears exactly once (or becomes a question), a webhook may be
    called twice when the process dies between the answer and its record.
    """

    def __init__(
        self, database: Database, senders: Mapping[str, Sender], *, clock: Clock | None = None
    ) -> None:
        """Serve each destination by its sender; start nothing yet."""
        self._database = database
        self._clock: Clock = clock or SystemClock()
        self._lifetimes = {name: sender.lifetime for name, sender in senders.items()}
        self._senders = dict(senders)
        with database.read() as connection:
            found = standing.destinations(connection)
        everyone: dict[str, Sender] = {
            **{name: Unserved(kind) for name, kind in found.items()},
            **senders,
        }
        self._lanes = {
            name: Lane(database, name, sender, self._clock, self._lifetimes, self.wake)
            for name, sender in everyone.items()
        }

    def put(self, connection: Connection, message: Message) -> int:
        """Enter a message in the caller's write transaction and return its id.

        The same (destination, key) again returns the id it has and changes nothing. Raises
        `ValueError` for a destination or a file name that cannot be served: both are made by us.
        """
        sender = self._senders.get(message.destination)
        if sender is None or sender.kind != message.kind:
            raise ValueError(f"no {message.kind} destination {message.destination}")
        if sender.naming is not Naming.NONE:
            check_name(message.name)
        known = rows.find(connection, message.destination, message.key)
        if known is not None:
            return known
        return rows.insert(connection, message, self._clock.utc(), sender.lifetime, sender.naming)

    def wake(self) -> None:
        """Tell the workers that something was put and committed; does not wait."""
        for lane in self._lanes.values():
            lane.ring()

    def start(self) -> None:
        """Start one worker for each destination; what a crash interrupted comes first."""
        for lane in self._lanes.values():
            lane.start()

    def stop(self, timeout: float) -> None:
        """End the workers after the letter each is at; wait ``timeout`` seconds in all.

        One that hangs in a share is left behind: its letter is taken up at the next start.
        """
        for lane in self._lanes.values():
            lane.stop()
        end = self._clock.monotonic() + timeout
        for lane in self._lanes.values():
            if not lane.join(end - self._clock.monotonic()):
                log.warning("outbox %s: still busy at the stop, left behind", lane.destination)

    def deliver_due(self, destination: str) -> int:
        """Try what is due for one destination, in this thread; return how many arrived."""
        return self._lanes[destination].deliver_due()

    def status(self) -> tuple[DestinationStatus, ...]:
        """Return the standing of every destination; asks the database only, never a share."""
        now = self._clock.utc()
        with self._database.read() as connection:
            return tuple(
                standing.standing_of(connection, name, lane.sender, now)
                for name, lane in self._lanes.items()
            )

    def questions(self) -> tuple[Question, ...]:
        """Return the messages of which only a person can tell whether they arrived."""
        with self._database.read() as connection:
            return tuple(rows.questions(connection))

    def answer(self, outbox_id: int, *, arrived: bool) -> None:
        """Settle a question as a person decided: it arrived, or it shall be sent again.

        Raises `NotFound` unless the question is open.
        """
        open_questions = {question.id: question for question in self.questions()}
        if outbox_id not in open_questions:
            raise NotFound(
                f"Im Ausgang ist keine Frage {outbox_id} offen. / "
                f"There is no open question {outbox_id} in the outbox."
            )
        with self._database.write() as connection:
            if arrived:
                rows.delivered(connection, outbox_id, self._clock.utc(), self._lifetimes)
            else:
                rows.again(connection, outbox_id, self._clock.utc())
        self.wake()
