"""A day's sheet: the lines of its patients, each in the state that is found now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import da_text, tm_text
from gdtbridge.day.facts import DayFacts, facts_about, facts_of_day
from gdtbridge.day.judging import LineJudge, Verdict
from gdtbridge.day.linking import ExamPart, LineFacts, lines_of
from gdtbridge.day.model import (
    EVERY_LINE,
    DayFilter,
    DayLine,
    DaySheet,
    LineAct,
    LineReason,
    LineState,
    ReasonCode,
    ShownDevice,
)
from gdtbridge.devices import DeviceDirectory
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.exams.dates import DateRule, DateStanding, exam_moment
from gdtbridge.exams.model import ClaimState
from gdtbridge.orders import Order
from gdtbridge.orders.patient_moves import NumberMoves
from gdtbridge.people import Patient
from gdtbridge.queries.sight import EntrySight, ListSight, Sighting
from gdtbridge.results.deliveries import last_sendings

LATE_DAYS: Final = 31
"""An exam is of its Study Date that is at most so many days before order or receipt."""


@dataclass(frozen=True, slots=True)
class Day:
    """Tells of a day who is on the list and what became of everyone. Thread-safe."""

    database: Database
    sight: ListSight
    devices: DeviceDirectory
    dates: DateRule
    clock: Clock

    @property
    def today(self) -> date:
        """The day it is in the practice."""
        return self.clock.local().date()

    def lines(self, day: date, wanted: DayFilter = EVERY_LINE) -> DaySheet:
        """Return the sheet of a day, of the ``wanted`` lines; raise a `BridgeError`.

        A line is of the day of its exam, as far as that is to be believed, else of its appointment.
        """
        now = self.clock.utc()
        with self.database.read() as connection:
            facts = facts_of_day(connection, day, now)
            found = [one for one in lines_of(facts) if self._day_of(one) == day]
            seen = self.sight.of(connection, _waiting(found)) if day >= self.today else {}
        lines = self._lines(facts, found, seen, now)
        return DaySheet(
            day,
            tuple(one for one in lines if wanted.wants(one)),
            Counter(one.state for one in lines),
            len(lines),
            facts.is_cut,
            len({one.patient.id or one.key for one in lines}),
        )

    def lines_about(
        self, connection: Connection, order_ids: Collection[int], exam_ids: Collection[int]
    ) -> list[tuple[LineFacts, DayLine]]:
        """Return the lines some orders and exams are in, each once, whatever their day."""
        now = self.clock.utc()
        facts = facts_about(connection, order_ids, exam_ids, self.today, now)
        found = lines_of(facts)
        seen = self.sight.of(connection, _waiting(found))
        return [(one, self._judged(one, facts, seen, now)) for one in found]

    def _lines(
        self,
        facts: DayFacts,
        found: Iterable[LineFacts],
        seen: Mapping[int, EntrySight],
        now: float,
    ) -> list[DayLine]:
        lines = [self._judged(one, facts, seen, now) for one in found]
        return sorted(lines, key=lambda one: (one.at, one.key))

    def _judged(
        self, line: LineFacts, facts: DayFacts, seen: Mapping[int, EntrySight], now: float
    ) -> DayLine:
        verdict = LineJudge(now, facts.lying).judge(line)
        if verdict.state is LineState.WAITING and line.order is not None:
            reason = self._seen(seen.get(line.order.id), is_today=self._is_today(line))
            verdict = replace(verdict, reason=reason)
        return self._line(line, verdict, facts.moves)

    def _is_today(self, line: LineFacts) -> bool:
        return self._moment(line).date() == self.today

    def _seen(self, sight: EntrySight | None, *, is_today: bool) -> LineReason:
        """Return what devices have seen of an entry; of another day's, whether any will show it."""
        if sight is None or (sight.sighting is Sighting.UNASKED and not is_today):
            return LineReason()
        device = self.shown_device(sight.device) if sight.device else None
        return LineReason(code=ReasonCode(sight.sighting), at=sight.at, device=device)

    def _line(self, line: LineFacts, verdict: Verdict, moves: NumberMoves) -> DayLine:
        order, part = line.order, verdict.part or next(iter(line.parts), None)
        aets = _devices_of(line) or (order.stations if order is not None else ())
        exam = part.told if part is not None else None
        modality = order.modality if order is not None else exam.modality if exam else ""
        procedure = order.procedure if order is not None else ""
        if not procedure:
            procedure = exam.study_description if exam is not None else _description_of(line)
        patient = _patient_of(line, part)
        reports = sum(len(one.facts.reports) for one in line.parts)
        laid_at, collected_at = _left(line)
        return DayLine(
            key=line.key,
            at=self._moment(line),
            patient=replace(patient, id=moves.now(patient.id)),
            modality=modality,
            procedure=procedure,
            devices=tuple(self.shown_device(one) for one in aets),
            order_number=order.accession_number if order is not None else "",
            order_revision=order.revision if order is not None else "",
            exam_id=part.facts.exam.id if part is not None else 0,
            study_instance_uid=part.facts.exam.study_instance_uid if part is not None else "",
            person=part.person if part is not None else 0,
            state=verdict.state,
            since=verdict.reason.at,
            reason=verdict.reason,
            acts=acts_of(line, verdict),
            pictures=_objects(line) - reports,
            reports=reports,
            laid_at=laid_at,
            collected_at=collected_at,
        )

    def shown_device(self, aet: str) -> ShownDevice:
        """Return the device of an AE title as it is shown."""
        return ShownDevice(aet, self.devices.name_of(aet))

    def _day_of(self, line: LineFacts) -> date:
        """Return the day a line is of."""
        if line.parts:
            return min(self._exam_day(one, line) for one in line.parts)
        if line.steps:
            return local_time(line.steps[0].step.began_at).date()
        return self._moment(line).date()

    def _exam_day(self, part: ExamPart, line: LineFacts) -> date:
        """Return the Study Date where it is near to order or receipt and not after that."""
        received = local_time(part.facts.exam.first_instance_at).date()
        scheduled = line.order.scheduled if line.order is not None else None
        found = self.dates.judge(
            part.told.study_date, scheduled.date() if scheduled else None, received
        )
        is_near = found.standing is DateStanding.NEAR and (found.days_away or 0) <= LATE_DAYS
        return min(found.day, received) if is_near else received

    def _moment(self, line: LineFacts) -> datetime:
        """Return the local time a line shows: of the appointment, the exam, or the receipt."""
        order = line.order
        if order is not None:
            return order.scheduled or order.created or local_time(order.ordered_at)
        if not line.parts:
            return local_time(line.steps[0].step.began_at).replace(tzinfo=None)
        part = line.parts[0]
        received = local_time(part.facts.exam.first_instance_at).replace(tzinfo=None)
        told = part.told
        believed = told.study_date if _is_dated(part) else da_text(self._exam_day(part, line))
        moment = exam_moment(
            believed,
            told.study_time or tm_text(received),
            received,
            of_receipt_day=any(one.of_receipt_day for one in part.claims),
        )
        return moment.replace(tzinfo=None)


def _is_dated(part: ExamPart) -> bool:
    """Return whether an exam is of its Study Date however long ago: its record has it."""
    fetched = all(one.state is ClaimState.FETCHED for one in part.claims)
    return bool(part.facts.results) or fetched


def _waiting(lines: Iterable[LineFacts]) -> list[Order]:
    """Return the open orders of which nothing is here."""
    orders = (one.order for one in lines if not one.parts)
    return [order for order in orders if order is not None and order.is_open]


def acts_of(line: LineFacts, verdict: Verdict) -> frozenset[LineAct]:
    """Return what may be done with a line in its state."""
    acts = set()
    order = line.order
    if line.parts or order is not None:
        acts.add(LineAct.OPEN)
    if verdict.state is LineState.NEEDS_YOU:
        acts.add(LineAct.CLARIFY)
    if order is not None and order.is_open and not line.parts:
        acts.add(LineAct.EDIT)
        if verdict.state is not LineState.IN_EXAMINATION:
            acts |= {LineAct.MOVE, LineAct.REMOVE}
    if order is not None or line.parts:
        acts.add(LineAct.AGAIN)
    return frozenset(acts)


def _patient_of(line: LineFacts, part: ExamPart | None) -> Patient:
    """Return the patient of the record, else of the order, else as the device named the person."""
    if part is not None and part.facts.results:
        return part.facts.results[-1].patient
    if line.order is not None:
        return line.order.patient
    if part is not None:
        return part.told.sent_patient
    return line.steps[-1].step.patient


def _objects(line: LineFacts) -> int:
    return sum(claim.instances for part in line.parts for claim in part.claims)


def _left(line: LineFacts) -> tuple[float | None, float | None]:
    """Return when the records of a line were put down, and when all of them were collected."""
    records = [one for part in line.parts for one in last_sendings(part.facts.deliveries)]
    laid = [one.delivered_at for one in records if one.delivered_at is not None]
    collected = [one.collected_at for one in records if one.collected_at is not None]
    is_all = bool(records) and len(collected) == len(records)
    return max(laid, default=None), max(collected) if is_all else None


def _devices_of(line: LineFacts) -> tuple[str, ...]:
    if line.parts:
        sent_by = line.parts[0].facts.exam.device
        return (sent_by,) if sent_by else ()
    return tuple(dict.fromkeys(one.step.device for one in line.steps))


def _description_of(line: LineFacts) -> str:
    return next((one.step.description for one in line.steps if one.step.description), "")
