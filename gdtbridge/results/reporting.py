"""From a complete exam to its results in the outbox."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from gdtbridge.archive import Archive
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.errors import BridgeError
from gdtbridge.exams import claim_store, store
from gdtbridge.exams.completion import CompletionRule
from gdtbridge.exams.decision import Decision
from gdtbridge.exams.history import grounds_of
from gdtbridge.exams.model import (
    ClaimState,
    EventKind,
    Exam,
    ExamEvent,
    ExamResult,
    ExamState,
    HoldReason,
)
from gdtbridge.exams.steps import rule as steps
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.logs import describe
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import OrderState
from gdtbridge.outbox import Outbox
from gdtbridge.results import store as result_store
from gdtbridge.results.gathering import ExamGatherer, GatheredExam, GatheredResult
from gdtbridge.results.outgoing import ResultMessages, result_facts
from gdtbridge.webhooks import HouseEvent
from gdtbridge.webhooks.events import patient_facts

log = logging.getLogger(__name__)


EXAM_REPORTED: Final = "exam_reported"
EXAM_HELD: Final = "exam_held"
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
    archive: Archive
    outbox: Outbox
    gatherer: ExamGatherer
    completion: CompletionRule
    clock: Clock
    settled: Callable[[Connection, Exam], None] | None = None
    """Told each exam that was decided on, in the transaction that does it."""
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
        with self.database.write() as connection:
            for one in gathered:
                exam_id, listed = one.exam.id, one.listed
                same = not changed and (
                    self.gatherer.evidence(connection, exam_id, listed) == one.evidence
                )
                if same:
                    self._settle(connection, one, now)
                else:
                    changed.append(exam_id)
        for one in gathered:
            self._failing.pop(one.exam.id, None)
        self.outbox.wake()
        return changed

    def _settle(self, connection: Connection, gathered: GatheredExam, now: float) -> None:
        exam = gathered.exam
        for one in gathered.decisions:
            if one.reason is not None:
                self._hold(connection, exam, one, one.reason, now)
        sent: set[str] = set()
        for result in gathered.results:
            if self._put(connection, gathered, result, now):
                sent.add(result.planned.number)
        for one in gathered.decisions:
            if one.reason is None and one.number in sent:
                self._note(connection, exam.id, one, None, now)
        claims = claim_store.claims_of(connection, exam.id)
        waits = any(one.state is ClaimState.HELD for one in claims)
        store.update_exam(
            connection,
            exam.id,
            state=ExamState.HELD if waits else ExamState.REPORTED,
            due_at=gathered.pause_at,
        )
        if self.settled is not None:
            self.settled(connection, exam)

    def _put(
        self, connection: Connection, gathered: GatheredExam, result: GatheredResult, now: float
    ) -> bool:
        """Put one result; return whether that could be done, else its claims are held."""
        exam, planned = gathered.exam, result.planned
        messages = ResultMessages(
            self.outbox,
            connection,
            result,
            local_time(now),
            round=claim_store.withdrawals(connection, exam.id, planned.number),
        )
        try:
            with connection.begin_nested():
                put = messages.put()
        except GdtWriteError as error:
            log.warning("exam %d: no record can be written: %s", exam.id, error)
            for decision in gathered.decisions:
                if decision.number == planned.number:
                    self._hold(connection, exam, decision, HoldReason.UNWRITABLE, now)
            return False
        self._enter(connection, exam.id, result, now, put=put)
        if put:
            key = f"reported:{exam.id}:{planned.number}:{planned.accession_number}@{now:.3f}"
            self.outbox.tell(connection, HouseEvent(EXAM_REPORTED, key, result_facts(result)))
        claim_store.update_claims(
            connection,
            [one.id for one in planned.exam.claims if one.state is not ClaimState.SETTLED],
            state=ClaimState.SETTLED,
            held_because="",
            number=planned.number,
            order_number=planned.accession_number,
        )
        self.archive.tell(connection, result.told)
        if planned.order is not None and planned.known is None:
            order_store.finish_order(connection, planned.order, OrderState.DONE)
        reports = len(result.read)
        log.info("exam %d reported: %d instances, %d reports", exam.id, exam.instances, reports)
        return True

    def _enter(
        self, connection: Connection, exam_id: int, result: GatheredResult, now: float, *, put: bool
    ) -> None:
        """Enter what the chart got under this number; ``put`` says whether anything left now."""
        planned, known = result.planned, result.planned.known
        pictures = sum(one.attachment.format == "JPG" for one in result.attached)
        if known is not None and known.patient_id == planned.number:
            if pictures:
                total = known.pictures + pictures
                claim_store.update_result(connection, known.id, pictures=total)
            return
        if not put:
            return
        person = planned.patient
        claim_store.put_result(
            connection,
            ExamResult(
                exam_id=exam_id,
                patient_id=person.id,
                patient_name=person.person_name,
                patient_birth_date=person.birth_date_da,
                patient_sex=person.sex or "",
                accession_number=planned.accession_number,
                route=result.target.name,
                reported_at=now,
                pictures=pictures,
            ),
        )

    def _hold(
        self,
        connection: Connection,
        exam: Exam,
        decision: Decision,
        reason: HoldReason,
        now: float,
    ) -> None:
        claim_store.update_claims(
            connection,
            [one.id for one in decision.claims],
            state=ClaimState.HELD,
            held_because=reason,
        )
        if self._note(connection, exam.id, decision, reason, now):
            log.warning("exam %d is held: %s", exam.id, reason)
            self.outbox.tell(connection, _held(exam, decision, reason, now))

    def _note(
        self,
        connection: Connection,
        exam_id: int,
        decision: Decision,
        reason: HoldReason | None,
        now: float,
    ) -> bool:
        """Enter a decision and its grounds into the history, unless it was the same before."""
        detail = grounds_of(decision, reason)
        if claim_store.last_decision(connection, exam_id, decision.person) == detail:
            return False
        event = ExamEvent(now, "", EventKind.DECIDED, decision.person, detail)
        claim_store.note_event(connection, exam_id, event)
        return True


def _held(exam: Exam, decision: Decision, reason: HoldReason, now: float) -> HouseEvent:
    """Return the event of what is held of one of an exam's people, as the device names them."""
    claim = decision.claims[0]
    facts = {
        "exam": str(exam.id),
        "device": exam.device,
        "modality": claim.modality,
        "reason": reason.value,
        "study_instance_uid": exam.study_instance_uid,
        "accession_number": claim.accession_number,
        **patient_facts(claim.patient),
    }
    return HouseEvent(EXAM_HELD, f"held:{exam.id}:{decision.person}@{now:.3f}", facts)


def _next_size(size: int, seconds: float) -> int:
    """Return how many exams the next transaction has, after one of ``size`` took so long."""
    return max(1, size // 2) if seconds > LONG_TURN_SECONDS else min(TURN, size + 1)
