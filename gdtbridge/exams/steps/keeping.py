"""Taking what devices say of their steps: kept durably, then told to exam and order.

A message is one transaction: the dataset as it came, what it says, the deadline of the exam and
the state of the order. Orders follow only for their own patient, and nothing of a step becomes a
record or a name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import new_uid
from gdtbridge.devices import DeviceDirectory
from gdtbridge.durable.clock import Clock
from gdtbridge.exams.completion import CompletionRule, DueSignal
from gdtbridge.exams.steps import rule, store
from gdtbridge.exams.steps.model import (
    PerformedStep,
    ScheduledStep,
    StepFacts,
    StepFault,
    StepMessage,
    StepRefused,
    StepState,
)
from gdtbridge.exams.steps.orders import orders_of
from gdtbridge.exams.steps.reading import facts_in
from gdtbridge.orders.model import Order

log = logging.getLogger(__name__)

MOST_MESSAGES: Final = 200
"""Messages kept of one step; devices send two to a few dozen."""


class ExaminationPort(Protocol):
    """The orders as far as an examination goes; each call works inside the caller's transaction."""

    def examination_began(self, connection: Connection, order: Order) -> None:
        """Show that the patient of an open order is being examined."""

    def examination_stopped(self, connection: Connection, order: Order) -> None:
        """Let an order wait on: its examination was discontinued."""

    def examination_ended(self, connection: Connection, order: Order) -> None:
        """End an order: it leaves the worklist."""

    def follow_examination(self) -> None:
        """Let worklist and outbox follow; call it outside of any transaction."""


@dataclass(frozen=True, slots=True)
class PerformedSteps:
    """The performed procedure steps of all devices. Thread-safe."""

    database: Database
    orders: ExaminationPort
    completion: CompletionRule
    due: DueSignal
    clock: Clock
    devices: DeviceDirectory
    room_for: Callable[[int], None]
    """Raises `OutOfResources` where so many bytes find no room on the disk."""

    def create(self, message: StepMessage, sop_instance_uid: str | None) -> str:
        """Begin a step; return its UID, a new one where the device gave none.

        It is on the disk when this returns. Raises `StepRefused` or a `DatabaseError`.
        """
        facts = facts_in(message.content, message.transfer_syntax_uid)
        if _state_in(facts) not in {None, StepState.IN_PROGRESS}:
            raise StepRefused(StepFault.STATE)
        self.room_for(len(message.content))
        uid = sop_instance_uid or facts.sop_instance_uid or new_uid()
        now = self.clock.utc()
        reliance = self.devices.profile_of(message.caller).performed_steps
        with self.database.write() as connection:
            if store.find(connection, uid) is not None:
                raise StepRefused(StepFault.DUPLICATE)
            step_id = store.insert(
                connection,
                sop_instance_uid=uid,
                state=StepState.IN_PROGRESS,
                device=message.caller.aet,
                reliance=reliance,
                began_at=now,
                **_said(facts),
            )
            store.keep(connection, step_id, message, now)
            if reliance != "ignored":
                store.schedule(connection, step_id, facts.scheduled)
                store.announce(connection, step_id, facts.instances or ())
                self._begin(connection, step_id, uid)
        log.info("step of %r has begun", message.caller.aet)
        return uid

    def update(self, message: StepMessage, sop_instance_uid: str) -> None:
        """Take a change of a step; one that ends it a second time in the same way changes nothing.

        Raises `StepRefused` or a `DatabaseError`.
        """
        facts = facts_in(message.content, message.transfer_syntax_uid)
        state = _state_in(facts)
        self.room_for(len(message.content))
        now = self.clock.utc()
        is_due = False
        with self.database.write() as connection:
            step = store.find(connection, sop_instance_uid)
            if step is None:
                raise StepRefused(StepFault.UNKNOWN)
            kept = store.messages_of(connection, step.id)
            if step.state is not StepState.IN_PROGRESS:
                if facts == facts_in(kept[-1].content, kept[-1].transfer_syntax_uid):
                    return
                raise StepRefused(StepFault.FINAL)
            if len(kept) >= MOST_MESSAGES:
                raise StepRefused(StepFault.TOO_LARGE)
            store.keep(connection, step.id, message, now)
            self._take(connection, step, facts, now if state is not None else None)
            if state not in {None, StepState.IN_PROGRESS}:
                is_due = self._end(connection, sop_instance_uid, now)
        if is_due:
            self.due.ring()
        log.info("step of %r: %s", message.caller.aet, state or "changed")

    def messages(self, sop_instance_uid: str) -> list[StepMessage]:
        """Return what came of a step, the N-CREATE first; raise `StepRefused`."""
        with self.database.read() as connection:
            step = store.find(connection, sop_instance_uid)
            if step is None:
                raise StepRefused(StepFault.UNKNOWN)
            return store.messages_of(connection, step.id)

    def follow(self) -> None:
        """Let the worklist follow what steps changed, after the device has its answer."""
        self.orders.follow_examination()

    def _take(
        self, connection: Connection, step: PerformedStep, facts: StepFacts, now: float | None
    ) -> None:
        """Enter what a change says: whom it names where nobody is named yet, never anew."""
        state = _state_in(facts) or step.state
        said = {name: value for name, value in _said(facts).items() if value}
        named = {name for name in said if name.startswith("patient_") and step.patient_id}
        changes: dict[str, object] = {k: v for k, v in said.items() if k not in named}
        if state is not StepState.IN_PROGRESS:
            changes |= {"state": state, "ended_at": now}
        if changes:
            store.update(connection, step.id, **changes)
        if step.reliance == "ignored":
            return
        store.schedule(connection, step.id, facts.scheduled)
        if facts.instances is not None:
            store.announce(connection, step.id, facts.instances)

    def _begin(self, connection: Connection, step_id: int, uid: str) -> None:
        step = store.find(connection, uid)
        assert step is not None  # noqa: S101 - entered above, in the same transaction
        for order in _open(connection, step):
            store.schedule(connection, step_id, [_of(order)])
            self.orders.examination_began(connection, order)

    def _end(self, connection: Connection, uid: str, now: float) -> bool:
        """Tell exams and orders that a step is over; return whether an exam is due now."""
        step = store.find(connection, uid)
        assert step is not None  # noqa: S101 - read above, in the same transaction
        for study in store.studies_of_instances(connection, step.id):
            store.schedule(connection, step.id, [ScheduledStep(study, "")])
        due = [
            rule.end(connection, self.completion, study, now)
            for study in store.studies_of(connection, step.id)
        ]
        for order in _open(connection, step):
            if _goes_on(connection, order):
                continue
            if step.state is StepState.COMPLETED:
                self.orders.examination_ended(connection, order)
            else:
                self.orders.examination_stopped(connection, order)
        return any(due)


def _said(facts: StepFacts) -> dict[str, str]:
    names = ("patient_id", "patient_name", "patient_birth_date", "patient_sex", "description")
    return {name: getattr(facts, name) for name in (*names, "reason_code", "reason")}


def _state_in(facts: StepFacts) -> StepState | None:
    """Return the state a message says, None where it says none; raise `StepRefused`."""
    if not facts.state:
        return None
    try:
        return StepState(facts.state.upper().replace("_", " "))
    except ValueError:
        raise StepRefused(StepFault.STATE) from None


def _of(order: Order) -> ScheduledStep:
    return ScheduledStep(order.study_instance_uid, order.accession_number)


def _goes_on(connection: Connection, order: Order) -> bool:
    """Return whether another step of an order's study is in progress."""
    steps = store.of_study(connection, order.study_instance_uid)
    return any(one.state is StepState.IN_PROGRESS for one in rule.newest(steps))


def _open(connection: Connection, step: PerformedStep) -> list[Order]:
    return [order for order in orders_of(connection, step) if order.is_open]
