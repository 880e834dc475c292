"""From a complete exam to its results in the outbox."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import BridgeError
from gdtbridge.exams import claim_store, store
from gdtbridge.exams.completion import CompletionRule
from gdtbridge.exams.steps import rule as steps
from gdtbridge.logs import describe
from gdtbridge.outbox import Outbox
from gdtbridge.results import store as result_store
from gdtbridge.results.gathering import ExamGatherer, GatheredExam
from gdtbridge.results.settling import ExamSettler, SettledExam

log = logging.getLogger(__name__)


MOST_RECONSIDERED: Final = 200
"""Held exams that are looked at again, the newest: whoever has more has not looked for long."""
TURN: Final = 10
"""Exams of one transaction, at most."""
LONG_TURN_SECONDS: Final = 0.25
"""A turn that takes longer, because devices send meanwhile, has fewer exams the next time."""
PAUSE_SECONDS: Final = 0.05
"""How long a backlog waits for the outbox before it is looked for fresh exams again."""
MOST_TRIES: Final = 3
"""How often an exam that changes while it is read is tried at once; then a second later."""


@dataclass(frozen=True, slots=True)
class ResultReporter:
    """Decides what leaves for an exam whose waiting is over."""

    database: Database
    outbox: Outbox
    gatherer: ExamGatherer
    settler: ExamSettler
    completion: CompletionRule
    clock: Clock
    _failing: dict[int, str] = field(default_factory=dict, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)

    _away: threading.Event = field(default_factory=threading.Event, init=False)
    """Set when nothing can be written for now, whatever the exam."""

    def stop(self) -> None:
        """Have whatever is reporting end after the exams it is at."""
        self._stopping.set()

    def report_due(self) -> int:
        """Report every exam whose waiting is over; return how many there were.

        What becomes due meanwhile comes first; of the rest the newest and the oldest take turns, as
        fast as the outbox delivers: no backlog keeps a fresh exam waiting. An exam that fails stays
        due and keeps no other from being reported; the failure is logged once, for the exam is
        tried again every second. Where nothing can be written, the rest waits as well.
        """
        looked = self.clock.utc()
        with self.database.read() as connection:
            due = store.due_exams(connection, looked, self.completion.longest_wait)
        fresh, backlog = deque[int](), deque(due)
        tried: Counter[int] = Counter()
        size = TURN
        self._away.clear()
        while (fresh or backlog) and not self._stopping.is_set() and not self._away.is_set():
            room = self._has_room(waiting=not fresh)
            turn = self._turn(fresh, backlog, size, tried, room=room)
            tried.update(turn)
            began = self.clock.monotonic()
            again = [one for one in self._report(turn) if tried[one] < MOST_TRIES]
            size = _next_size(size, self.clock.monotonic() - began)
            before, looked = looked, max(looked, self.clock.utc())
            with self.database.read() as connection:
                new = store.due_since(connection, before, looked, again)
            fresh.extend(one for one in new if one not in fresh)
        return len(tried)

    def _turn(
        self,
        fresh: deque[int],
        backlog: deque[int],
        size: int,
        tried: Collection[int],
        *,
        room: bool,
    ) -> list[int]:
        """Take the exams of one transaction, those of one person in the order they were due.

        Where all fit, all in that order. Of more the fresh ones come first, then the newest and the
        oldest of the backlog in turn, each after all earlier ones of the same people: whose an exam
        is may rest on what became of those. Without ``room`` the backlog gives those alone.
        None is waited for that was ``tried``: it may fail for ever.
        """
        if room and len(fresh) + len(backlog) <= size:
            with self.database.read() as connection:
                taken = list(store.in_order_due(connection, [*backlog, *fresh]))
            backlog.clear()
            fresh.clear()
            return taken
        ends = cycle((backlog.pop, backlog.popleft))
        turn: dict[int, None] = {}
        with self.database.read() as connection:
            while len(turn) < size and (fresh or (room and backlog)):
                one = fresh.popleft() if fresh else next(ends)()
                found = store.due_of_same_people(connection, one)
                earlier = [before for before in found if before not in tried]
                turn |= dict.fromkeys(earlier[:size])
                if len(earlier) <= size:
                    turn[one] = None
                else:
                    fresh.append(one)
        taken = list(turn)
        for queue in (fresh, backlog):
            for one in taken:
                with suppress(ValueError):
                    queue.remove(one)
        return taken

    def _has_room(self, *, waiting: bool) -> bool:
        """Return whether the outbox is not behind, ``waiting`` a moment for that if need be.

        A backlog that filled the outbox would keep a fresh exam waiting there.
        """
        if not self.outbox.is_behind():
            return True
        return waiting and not self._stopping.wait(PAUSE_SECONDS) and not self.outbox.is_behind()

    def next_due_in(self) -> float | None:
        """Return the seconds until the next exam is due, None when none waits for its deadline."""
        now = self.clock.utc()
        with self.database.read() as connection:
            due_at = store.next_due(connection, now)
        return None if due_at is None else due_at - now

    def reconsider(self) -> None:
        """Look again at whatever is held: orders or master data may have changed meanwhile."""
        with self.database.read() as connection:
            held = claim_store.held_exams(connection, MOST_RECONSIDERED)
        changed = [
            exam_id
            for exam_id in held
            if not self._stopping.is_set() and self.gatherer.decides_anew(exam_id)
        ]
        if changed:
            with self.database.write() as connection:
                store.wake(connection, changed, self.clock.utc())
            self.report_due()

    def results_arrived(self, accession_number: str) -> bool:
        """Return whether everything the exam of an order has to say has arrived."""
        with self.database.read() as connection:
            return result_store.open_results(connection, accession_number) == 0

    def _report(self, exam_ids: Iterable[int]) -> list[int]:
        """Put everything exams have to say, and was not sent before, into the outbox.

        Returns those of which something changed meanwhile. Files are read outside any transaction,
        the rest is one. Of an exam of which anything the decision rests on changed since, nothing
        is written. Of several, those from the first that changed on, and all where one fails, are
        read again and get a transaction each (`_report_singly`).
        """
        over = self._over(list(exam_ids))
        gathered = [one for exam_id in over if (one := self._gathered(exam_id)) is not None]
        if len(gathered) > 1:
            later = [one.exam.id for one in gathered]
            with suppress(Exception):
                later = self._settle_all(gathered)
            now = self.clock.utc()
            with self.database.read() as connection:
                later = list(store.due_since(connection, now, now, later))
            return self._report_singly(later)
        changed: list[int] = []
        for one in gathered:
            with self._watched(one.exam.id):
                changed = self._settle_all([one])
        return changed

    def _report_singly(self, exam_ids: Iterable[int]) -> list[int]:
        """Report exams, the first due first, in a transaction each; return those that changed.

        One after a changed exam of the same people counts as changed, unread: the order that is
        done with the other might still speak against it.
        """
        changed: list[int] = []
        for one in exam_ids:
            with self.database.read() as connection:
                before = store.due_of_same_people(connection, one) if changed else ()
            changed += [one] if not set(changed).isdisjoint(before) else self._report([one])
        return changed

    def _over(self, exam_ids: list[int]) -> list[int]:
        """Return those of some exams that no step keeps waiting; the others are due later."""
        now = self.clock.utc()
        with self.database.read() as connection:
            if not steps.awaited(connection, self.completion, exam_ids, now):
                return exam_ids
        with self.database.write(synced=False, seen=False) as connection:
            later = steps.awaited(connection, self.completion, exam_ids, now)
            for exam_id, due_at in later.items():
                store.update_exam(connection, exam_id, due_at=due_at)
        return [one for one in exam_ids if one not in later]

    def _gathered(self, exam_id: int) -> GatheredExam | None:
        gathered: list[GatheredExam | None] = [None]
        with self._watched(exam_id):
            gathered.append(self.gatherer.gather(exam_id))
        return gathered[-1]

    @contextmanager
    def _watched(self, exam_id: int) -> Iterator[None]:
        """Let an exam that fails stay due, and log that once."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - one exam's fault must not stop the others
            if isinstance(error, BridgeError) and error.retriable:
                self._away.set()
            place = describe(error)
            if self._failing.get(exam_id) != place:
                self._failing[exam_id] = place
                log.error("exam %d cannot be reported, trying again: %s", exam_id, place)

    def _settle_all(self, gathered: Iterable[GatheredExam]) -> list[int]:
        """Write what was gathered in one transaction; return the exams that changed meanwhile.

        Those after a changed one count as changed, too: they may be of the same person, and whose
        they are may rest on what becomes of it.
        """
        now = self.clock.utc()
        changed: list[int] = []
        settled: list[SettledExam] = []
        with self.database.write() as connection:
            for one in gathered:
                exam_id, listed = one.exam.id, one.listed
                same = not changed and (
                    self.gatherer.evidence(connection, exam_id, listed) == one.evidence
                )
                if same:
                    settled.append(self.settler.settle(connection, one, now))
                else:
                    changed.append(exam_id)
        for done in settled:
            done.log()
        for one in gathered:
            self._failing.pop(one.exam.id, None)
        self.outbox.wake()
        return changed


def _next_size(size: int, seconds: float) -> int:
    """Return how many exams the next transaction has, after one of ``size`` took so long."""
    return max(1, size // 2) if seconds > LONG_TURN_SECONDS else min(TURN, size + 1)
