"""The state of a line and its reason: rules in the order of ``states.tsv``, the first that holds.

All of it is pure: what is known at a moment goes in, a state comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gdtbridge.day.linking import ExamPart, LineFacts
from gdtbridge.day.model import LineReason, LineState, ReasonCode
from gdtbridge.day.states import RANKS
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.exams.model import ClaimState
from gdtbridge.exams.overview import OVERDUE_SECONDS
from gdtbridge.exams.steps import StepState
from gdtbridge.exams.steps.waiting import TOLD_SECONDS
from gdtbridge.exams.waiting import report_kind
from gdtbridge.orders import OrderState
from gdtbridge.outbox.collection_store import DAYS
from gdtbridge.outbox.model import (
    ALARM_SECONDS,
    OPEN,
    UNCOLLECTED,
    UNCOLLECTED_SECONDS,
    DeliveryState,
    LyingFiles,
)
from gdtbridge.results.deliveries import RecordDelivery, last_sendings
from worklist import StepStatus


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a line, its reason, and the exam that decided it, if one did."""

    state: LineState
    reason: LineReason
    part: ExamPart | None = None


@dataclass(frozen=True, slots=True)
class LineJudge:
    """Judges lines at a moment (UTC seconds), by what lies in the folders of destinations."""

    now: float
    lying: Mapping[str, LyingFiles]

    def judge(self, line: LineFacts) -> Verdict:
        """Return the state of a line and why; of several exams the first state counts."""
        found = [*self._of_parts(line), *self._of_steps(line), *self._of_order(line)]
        return min(found, key=lambda one: RANKS[one.state])

    def _of_parts(self, line: LineFacts) -> Iterator[Verdict]:
        for part in line.parts:
            for rule in (_held, self._overdue, _report, self._delivery, _over):
                if (verdict := rule(part)) is not None:
                    yield verdict
                    break

    def _of_steps(self, line: LineFacts) -> Iterator[Verdict]:
        for one in line.steps:
            if one.problem is not None:
                detail = LineReason(
                    code=ReasonCode.STEP,
                    detail=one.problem.problem,
                    at=one.step.ended_at or one.step.began_at,
                )
                yield Verdict(LineState.NEEDS_YOU, detail)
        if line.parts or not line.steps:
            return
        step = line.steps[-1].step
        ended_at = step.ended_at or step.began_at
        if line.order is not None and line.order.lacks_images:
            return  # it says more
        if step.state is StepState.IN_PROGRESS:
            reason = LineReason(code=ReasonCode.SINCE, at=step.began_at)
            yield Verdict(LineState.IN_EXAMINATION, reason)
        elif step.state is StepState.COMPLETED:
            reason = LineReason(code=ReasonCode.ANNOUNCED, at=ended_at)
            yield Verdict(LineState.RECEIVING, reason)
        else:
            told = step.reason or step.reason_code
            reason = LineReason(code=ReasonCode.BY_DEVICE, at=ended_at, detail=told)
            yield Verdict(LineState.DISCONTINUED, reason)

    def _of_order(self, line: LineFacts) -> Iterator[Verdict]:
        order = line.order
        if order is None:
            return
        if order.is_open and order.remarks:
            reason = LineReason(code=ReasonCode.REMARK, at=order.ordered_at, detail=order.remarks)
            yield Verdict(LineState.NEEDS_YOU, reason)
        state = _OF_ORDER[order.state]
        if order.is_open and order.step_status == StepStatus.STARTED and not line.parts:
            reason = LineReason(code=ReasonCode.SINCE, at=order.changed_at)
            yield Verdict(LineState.IN_EXAMINATION, reason)
        if state is LineState.WAITING:
            yield Verdict(state, LineReason())
        elif not line.parts:
            at = order.unlisted_at or order.changed_at
            if order.lacks_images:
                yield self._without_images(order.images_due_at or 0.0, at)
            else:
                yield Verdict(state, LineReason(code=ReasonCode.SINCE, at=at))

    def _without_images(self, due_at: float, ended_at: float | None) -> Verdict:
        """Return what it means that nothing came of what was examined, with images due then."""
        if due_at > self.now:
            reason = LineReason(code=ReasonCode.ANNOUNCED, at=ended_at)
            return Verdict(LineState.RECEIVING, reason)
        reason = LineReason(code=ReasonCode.NO_PICTURES, at=ended_at)
        is_told = due_at > self.now - TOLD_SECONDS
        return Verdict(LineState.NEEDS_YOU if is_told else LineState.WITHOUT_PICTURES, reason)

    def _overdue(self, part: ExamPart) -> Verdict | None:
        due_at = part.facts.exam.due_at
        if due_at is None or due_at >= self.now - OVERDUE_SECONDS:
            return None
        return _needs_you(part, ReasonCode.OVERDUE, due_at)

    def _delivery(self, part: ExamPart) -> Verdict | None:
        """Return the worst of what became of the records of an exam."""
        found = [self._of_record(part, one) for one in last_sendings(part.facts.deliveries)]
        receiving = _receiving(part)
        if receiving is not None:
            found.append(receiving)
        elif not found and part.facts.results:  # of an older program, or no more in the outbox
            at = part.facts.results[-1].reported_at
            return _told(part, LineState.HANDED_OVER, ReasonCode.DELIVERED, at)
        latest = sorted(found, key=lambda one: -(one.reason.at or 0.0))
        return min(latest, key=lambda one: RANKS[one.state], default=None)

    def _of_record(self, part: ExamPart, record: RecordDelivery) -> Verdict:
        if record.state is DeliveryState.QUESTION:
            return _needs_you(part, ReasonCode.DELIVERY_QUESTION, record.created_at)
        if record.state is DeliveryState.FAILED:
            return _needs_you(part, ReasonCode.DELIVERY_FAILED, record.created_at)
        if record.state in OPEN:
            return self._on_its_way(part, record)
        at = record.delivered_at or record.created_at
        if record.collected_at is not None:
            collected = record.collected_at
            return _told(part, LineState.IN_CHART, ReasonCode.COLLECTED, collected)
        return self._lying(part, record, at)

    def _on_its_way(self, part: ExamPart, record: RecordDelivery) -> Verdict:
        """Return what becomes of a record that was not written yet."""
        waits_for_others = record.last_error == UNCOLLECTED
        patience = UNCOLLECTED_SECONDS if waits_for_others else ALARM_SECONDS
        if self.now - record.created_at > patience:
            return _needs_you(part, ReasonCode.DELIVERY_STUCK, record.created_at)
        code = ReasonCode.SUPPLEMENT if record.is_supplement else ReasonCode.QUEUED
        if record.last_error and not waits_for_others:
            code = ReasonCode.FOLDER_AWAY
        return _told(part, LineState.ON_ITS_WAY, code, record.created_at)

    def _lying(self, part: ExamPart, record: RecordDelivery, at: float) -> Verdict:
        """Return what a file that is not seen to be collected means: it was delivered at ``at``.

        Where software leaves files lying for a day, or nobody has looked for so long, nothing more
        can be seen.
        """
        lying = self.lying.get(record.destination, LyingFiles())
        if lying.are_left(self.now) or self.now - at > DAYS * DAY_SECONDS:
            return _told(part, LineState.HANDED_OVER, ReasonCode.DELIVERED, at)
        if lying.last_collected_at is not None and self.now - at > UNCOLLECTED_SECONDS:
            return _needs_you(part, ReasonCode.UNCOLLECTED, at)
        code = ReasonCode.SUPPLEMENT if record.is_supplement else ReasonCode.LYING
        return _told(part, LineState.ON_ITS_WAY, code, at)


def _needs_you(part: ExamPart, code: ReasonCode, at: float, detail: str = "") -> Verdict:
    return Verdict(LineState.NEEDS_YOU, LineReason(code=code, at=at, detail=detail), part)


def _told(part: ExamPart, state: LineState, code: ReasonCode, at: float) -> Verdict:
    return Verdict(state, LineReason(code=code, at=at), part)


def _held(part: ExamPart) -> Verdict | None:
    held = next((one for one in part.claims if one.state is ClaimState.HELD), None)
    if held is None:
        return None
    at = part.facts.exam.last_instance_at
    return _needs_you(part, ReasonCode.HELD, at, held.held_because)


def _report(part: ExamPart) -> Verdict | None:
    problem = next((one.problem for one in part.facts.reports if one.problem), "")
    if not problem:
        return None
    at = part.facts.exam.last_instance_at
    return _needs_you(part, ReasonCode.REPORT, at, report_kind(problem))


def _receiving(part: ExamPart) -> Verdict | None:
    """Return that objects arrive, or that nothing of them is in the outbox yet."""
    states = {one.state for one in part.claims}
    waits = part.facts.exam.due_at is not None and states != {ClaimState.DISCARDED}
    if ClaimState.OPEN not in states and not waits:
        return None
    reports = len(part.facts.reports)
    reason = LineReason(
        code=ReasonCode.OBJECTS,
        at=part.facts.exam.first_instance_at,
        pictures=max(0, sum(one.instances for one in part.claims) - reports),
        reports=reports,
    )
    return Verdict(LineState.RECEIVING, reason, part)


def _over(part: ExamPart) -> Verdict | None:
    """Return that a person discarded all of it; of what else nobody knows, that it is done."""
    at = part.facts.exam.last_instance_at
    if all(one.state is ClaimState.DISCARDED for one in part.claims):
        at = part.facts.discarded_at or at
        return _told(part, LineState.DISCARDED, ReasonCode.SINCE, at)
    return _told(part, LineState.HANDED_OVER, ReasonCode.NONE, at)


_OF_ORDER: dict[OrderState, LineState] = {
    OrderState.ORDERED: LineState.WAITING,
    OrderState.CANCELLED: LineState.CANCELLED,
    OrderState.EXPIRED: LineState.EXPIRED,
    OrderState.DONE: LineState.HANDED_OVER,
}
"""What an order alone says where nothing that belongs to its line is here.

Of a done one something is, which is another line's: one of which nothing is lacks images.
"""
