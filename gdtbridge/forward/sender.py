"""The outbox's sender for one archive: a message says that copies of an exam may have to leave.

What has to leave is found out anew each time (`gdtbridge.forward.plan`), so that a message may come
too often and never too early: what is held waits for the message of its release.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.forward import store
from gdtbridge.forward.gathering import ObjectGatherer
from gdtbridge.forward.model import CopyState, ForwardCopy
from gdtbridge.forward.plan import CopyPlan, DecidedObject, plan_copies
from gdtbridge.forward.ports import CopyPort, LeavingCopy, OpenLeaving
from gdtbridge.forward.restoring import MARK
from gdtbridge.forward.rules import ForwardTarget
from gdtbridge.forward.transfer import CopyTransfer, TransferEnd, TransferParts
from gdtbridge.logs import describe
from gdtbridge.outbox import StudySender
from gdtbridge.outbox.model import Attempt, AttemptResult, DeliveryJournal, OutgoingMessage
from gdtbridge.outbox.retry import LONGEST_RETRY

OUT_OF_HOURS: Final = "wartet auf seine Uhrzeit / waits for its hours"
"""The reason of what waits for `ForwardRule.hours`: nothing is wrong."""
STOPPING: Final = "der Dienst hält an / the service stops"
NOT_LATE: Final = frozenset({"", OUT_OF_HOURS, STOPPING})
"""Reasons of what waits without anything being wrong."""


@dataclass(frozen=True, slots=True)
class SenderParts:
    """What the senders of all archives work with."""

    database: Database
    gatherer: ObjectGatherer
    port: CopyPort
    opened: OpenLeaving
    clock: Clock


class ForwardSender(StudySender):
    """Sends what one archive is to get of exams, several of them at once."""

    def __init__(self, parts: SenderParts, target: ForwardTarget) -> None:
        self._parts = parts
        self._target = target
        self._stopping = threading.Event()
        self.parallel = target.parallel

    def stop(self) -> None:
        """Have every transfer end after the object it is at."""
        self._stopping.set()

    def deliver(
        self,
        messages: Sequence[OutgoingMessage],
        journal: DeliveryJournal,  # noqa: ARG002
        /,
    ) -> Mapping[int, Attempt]:
        """Send the exams of some messages, whose payload is the number of the exam."""
        if self._is_closed():
            waits = Attempt(AttemptResult.LATER, OUT_OF_HOURS, away=True, after=LONGEST_RETRY)
            return dict.fromkeys((one.id for one in messages), waits)
        payloads = {one.payload for one in messages}
        attempts: dict[bytes, Attempt] = {}
        threads = [
            threading.Thread(target=partial(self._try, one, attempts), daemon=True)
            for one in payloads
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {one.id: attempts[one.payload] for one in messages}

    def _is_closed(self) -> bool:
        """Return whether nothing may leave at this hour, and nobody asked for anything."""
        if self._target.is_ever_open(self._parts.clock.local().time()):
            return False
        with self._parts.database.read() as connection:
            return not store.has_asked(connection, self._target.aet)

    def _try(self, payload: bytes, attempts: dict[bytes, Attempt]) -> None:
        try:
            attempts[payload] = self._attempt(payload)
        except Exception as error:  # noqa: BLE001 - one exam must not stop the others
            attempts[payload] = Attempt(AttemptResult.LATER, describe(error))

    def _attempt(self, payload: bytes) -> Attempt:
        number = int(payload.removesuffix(MARK))
        waiting = self._planned(number, was_restored=payload.endswith(MARK))
        hour = self._parts.clock.local().time()
        ready = [
            one
            for one in waiting
            if one.copy.asked or self._target.may_leave(one.object.facts, hour)
        ]
        reason = "" if len(ready) == len(waiting) else OUT_OF_HOURS
        for title in dict.fromkeys(self._target.calling_aet(one.object.facts) for one in ready):
            mine = [one for one in ready if self._target.calling_aet(one.object.facts) == title]
            end = self._send(title, mine)
            reason = end.reason or reason
            if end.is_away or self._stopping.is_set():
                return Attempt(AttemptResult.LATER, reason or STOPPING, away=end.is_away)
        if reason:
            after = LONGEST_RETRY if reason == OUT_OF_HOURS else 0.0
            return Attempt(AttemptResult.LATER, reason, after=after)
        return Attempt(AttemptResult.DELIVERED)

    def _send(self, calling_aet: str, copies: Sequence[LeavingCopy]) -> TransferEnd:
        parts = TransferParts(
            self._parts.database,
            self._parts.port,
            self._parts.opened,
            self._parts.clock,
            self._stopping.is_set,
        )
        return CopyTransfer(parts, self._target.peer, calling_aet, copies).run()

    def _planned(self, exam_id: int, *, was_restored: bool) -> list[LeavingCopy]:
        """Enter what has to leave of an exam; return the copies that wait and may leave."""
        objects = self._parts.gatherer.objects(exam_id)
        now = self._parts.clock.utc()
        with self._parts.database.write() as connection:
            known = store.copies_of_exam(connection, exam_id, self._target.aet)
            plan = self._plan(connection, known, objects)
            if not plan.is_empty:
                store.carry_out(connection, exam_id, self._target.aet, plan, now)
                if was_restored:
                    store.doubt_planned(connection, exam_id, self._target.aet, plan)
                known = store.copies_of_exam(connection, exam_id, self._target.aet)
        by_instance = {one.instance_id: one for one in objects}
        return [
            LeavingCopy(one, by_instance[one.instance_id])
            for one in known
            if one.state is CopyState.WAITING and one.instance_id in by_instance
        ]

    def _plan(
        self,
        connection: Connection,
        known: Sequence[ForwardCopy],
        objects: Sequence[DecidedObject],
    ) -> CopyPlan:
        here = {one.instance_id for one in objects}
        gone = [one.instance_id for one in known if one.instance_id not in here]
        return plan_copies(
            known,
            store.identities(connection, (one.identity_id for one in known)),
            objects,
            store.fates_of(connection, gone),
            self._target.wants,
        )
