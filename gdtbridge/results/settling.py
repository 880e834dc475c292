"""What a gathered exam becomes, within one write transaction: results in the outbox, or held."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gdtbridge.archive import Archive
from gdtbridge.database import Connection
from gdtbridge.durable.clock import local_time
from gdtbridge.exams import claim_store, history_store, result_store, store
from gdtbridge.exams.decision import Decision
from gdtbridge.exams.history import FAULT, grounds_of
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import ClaimState, EventKind, Exam, ExamEvent, ExamResult, ExamState
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.orders import changes as order_changes
from gdtbridge.orders.model import OrderState
from gdtbridge.outbox import Outbox
from gdtbridge.results.gathering import GatheredExam, GatheredResult
from gdtbridge.results.outgoing import PutRecords, ResultMessages, result_facts
from gdtbridge.trends.keeping import ValueKeeper
from gdtbridge.webhooks import HouseEvent
from gdtbridge.webhooks.events import patient_facts

log = logging.getLogger(__name__)

EXAM_REPORTED: Final = "exam_reported"
EXAM_HELD: Final = "exam_held"


@dataclass(frozen=True, slots=True)
class SettledResult:
    """A result, and what was put into the outbox for it."""

    gathered: GatheredResult
    put: PutRecords


@dataclass(frozen=True, slots=True)
class HeldPart:
    """One of an exam's people of whom something is held; ``is_new`` where it was not before.

    ``fault`` says why no record can be written, where that is the reason.
    """

    person: int
    reason: HoldReason
    is_new: bool
    fault: GdtWriteError | None = None


@dataclass(frozen=True, slots=True)
class SettledExam:
    """What became of an exam: its results, and what is held of it."""

    exam: Exam
    results: tuple[SettledResult, ...]
    held: tuple[HeldPart, ...]

    def log(self) -> None:
        """Log it, once it is committed."""
        for held in self.held:
            if held.fault is not None:
                log.warning("exam %d: no record can be written: %s", self.exam.id, held.fault)
            if held.is_new:
                log.warning("exam %d is held: %s", self.exam.id, held.reason)
        for one in self.results:
            instances, reports = self.exam.instances, len(one.gathered.read)
            log.info("exam %d reported: %d instances, %d reports", self.exam.id, instances, reports)


@dataclass(frozen=True, slots=True)
class ExamSettler:
    """Enters what was gathered of an exam; every call works inside a write transaction."""

    archive: Archive
    outbox: Outbox
    values: ValueKeeper
    settled: Callable[[Connection, Exam], None] | None = None
    """Told each exam that was decided on, in the transaction that does it."""

    def settle(self, connection: Connection, gathered: GatheredExam, now: float) -> SettledExam:
        """Hold what is uncertain and put the rest into the outbox; ``now`` is UTC."""
        exam = gathered.exam
        held = [
            self._hold(connection, exam, one, one.reason, now)
            for one in gathered.decisions
            if one.reason is not None
        ]
        results: list[SettledResult] = []
        for result in gathered.results:
            try:
                results.append(self._put(connection, gathered, result, now))
            except GdtWriteError as error:
                held += [
                    self._hold(connection, exam, one, HoldReason.UNWRITABLE, now, error)
                    for one in gathered.decisions
                    if one.number == result.planned.number
                ]
        sent = {one.gathered.planned.number for one in results}
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
        return SettledExam(exam, tuple(results), tuple(held))

    def _put(
        self, connection: Connection, gathered: GatheredExam, result: GatheredResult, now: float
    ) -> SettledResult:
        """Put one result; raise `GdtWriteError` where no record can be written."""
        exam, planned = gathered.exam, result.planned
        messages = ResultMessages(
            self.outbox,
            connection,
            result,
            local_time(now),
            round=history_store.withdrawals(connection, exam.id, planned.number),
        )
        with connection.begin_nested():
            put = messages.put()
        self._enter(connection, exam.id, result, now, put=put.is_any)
        if put.is_any:
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
        for read in result.read:
            if read.report is not None:
                self.values.keep(connection, read.pending.instance_id, read.values)
        if planned.order is not None and planned.known is None:
            order_changes.finish_order(connection, planned.order, OrderState.DONE)
        return SettledResult(result, put)

    def _enter(
        self, connection: Connection, exam_id: int, result: GatheredResult, now: float, *, put: bool
    ) -> None:
        """Enter what the chart got under this number; ``put`` says whether anything left now."""
        planned, known = result.planned, result.planned.known
        pictures = sum(one.attachment.format == "JPG" for one in result.attached)
        if known is not None and known.patient_id == planned.number:
            if pictures:
                total = known.pictures + pictures
                result_store.update_result(connection, known.id, pictures=total)
            return
        if not put:
            return
        person = planned.patient
        result_store.put_result(
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
        fault: GdtWriteError | None = None,
    ) -> HeldPart:
        claim_store.update_claims(
            connection,
            [one.id for one in decision.claims],
            state=ClaimState.HELD,
            held_because=reason,
        )
        is_new = self._note(connection, exam.id, decision, reason, now, fault)
        if is_new:
            self.outbox.tell(connection, _held(exam, decision, reason, now))
        return HeldPart(decision.person, reason, is_new, fault)

    def _note(
        self,
        connection: Connection,
        exam_id: int,
        decision: Decision,
        reason: HoldReason | None,
        now: float,
        fault: GdtWriteError | None = None,
    ) -> bool:
        """Enter a decision and its grounds into the history, unless it was the same before."""
        detail = grounds_of(decision, reason)
        if fault is not None:
            detail[FAULT] = fault.problem
        if history_store.last_decision(connection, exam_id, decision.person) == detail:
            return False
        event = ExamEvent(now, "", EventKind.DECIDED, decision.person, detail)
        history_store.note_event(connection, exam_id, event)
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
