"""Which order, exam and step belong together: one line for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gdtbridge.day.facts import DayFacts, ExamFacts, StepOfDay
from gdtbridge.exams.model import Claim, ClaimState, PatientExam, claims_by_person, exam_of
from gdtbridge.orders import Order
from gdtbridge.orders.patient_moves import NumberMoves
from gdtbridge.orders.store import NOT_OF_PATIENT
from gdtbridge.results.deliveries import RecordDelivery
from gdtbridge.results.message_keys import digest


@dataclass(frozen=True, slots=True)
class ExamPart:
    """What of an exam is one line's: of one of its people, for one order or for none."""

    facts: ExamFacts
    """Claims, results, reports and deliveries are those of the part."""
    told: PatientExam
    """The exam as its claims tell it."""

    @property
    def person(self) -> int:
        """Which of the exam's people it is of, from 1."""
        return self.told.person

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What its objects say, in the order they came; at least one."""
        return self.facts.claims


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What one line is made of; at least one of the three is there."""

    order: Order | None = None
    parts: tuple[ExamPart, ...] = ()
    steps: tuple[StepOfDay, ...] = ()

    @property
    def key(self) -> str:
        """What names the line for as long as it is; see `DayLine.key`."""
        if self.order is not None:
            return f"order:{self.order.accession_number}"
        if self.parts:
            return f"exam:{self.parts[0].facts.exam.id}:{self.parts[0].person}"
        return f"step:{self.steps[0].step.id}"


def lines_of(facts: DayFacts) -> list[LineFacts]:
    """Return what each line of a day is made of: orders, then exams, then steps without either."""
    by_number = {one.accession_number: one for one in facts.orders}
    by_study = {one.study_instance_uid: one for one in facts.orders}
    lines = {one.key: one for one in map(LineFacts, facts.orders)}
    for exam in facts.exams:
        for order, part in _parts(exam, _OrderFinder(by_number, by_study, facts.moves)):
            line = LineFacts(order, (part,))
            if known := lines.get(line.key):
                line = replace(known, parts=(*known.parts, part))
            lines[line.key] = line
    return _with_steps(list(lines.values()), facts.steps)


@dataclass(frozen=True, slots=True)
class _OrderFinder:
    """Finds the order a claim belongs to."""

    by_number: dict[str, Order]
    by_study: dict[str, Order]
    moves: NumberMoves

    def order_of(self, claim: Claim, study: str) -> Order | None:
        """Return the order a claim met; as long as it waits, the one its patient waits for."""
        if not claim.waits:
            return self.by_number.get(claim.order_number)
        if claim.order_word:
            return self.by_number.get(claim.order_word)
        if claim.unmatched or claim.held_because in NOT_OF_PATIENT:
            return None
        named = self.by_number.get(claim.accession_number), self.by_study.get(study)
        fitting = (one for one in named if one is not None and self._is_of(claim, one))
        return next(fitting, None)

    def _is_of(self, claim: Claim, order: Order) -> bool:
        number = claim.word or claim.patient_id
        return not number or self.moves.now(number) == self.moves.now(order.patient.id)


def _parts(exam: ExamFacts, finder: _OrderFinder) -> list[tuple[Order | None, ExamPart]]:
    """Return the parts of an exam, each with its order."""
    found: list[tuple[Order | None, ExamPart]] = []
    for claims in claims_by_person(exam.claims).values():
        for order, of_order in _by_order(claims, exam.exam.study_instance_uid, finder):
            found.append((order, _part(exam, of_order)))
    return _with_deliveries(exam.deliveries, found)


def _by_order(
    claims: Sequence[Claim], study: str, finder: _OrderFinder
) -> list[tuple[Order | None, list[Claim]]]:
    """Return one person's claims by order; those without one go with the first that has one."""
    orders: dict[str, tuple[Order | None, list[Claim]]] = {}
    for claim in claims:
        order = finder.order_of(claim, study)
        key = order.accession_number if order is not None else ""
        orders.setdefault(key, (order, []))[1].append(claim)
    if len(orders) > 1 and "" in orders:
        _, loose = orders.pop("")
        next(iter(orders.values()))[1].extend(loose)
    return list(orders.values())


def _part(exam: ExamFacts, claims: Iterable[Claim]) -> ExamPart:
    mine = tuple(sorted(claims, key=lambda one: one.id))
    ids, numbers = {one.id for one in mine}, {one.number for one in mine} - {""}
    orders = {one.order_number for one in mine if one.state is ClaimState.SETTLED}
    results = (one for one in exam.results if one.patient_id in numbers)
    return ExamPart(
        replace(
            exam,
            claims=mine,
            results=tuple(one for one in results if one.accession_number in orders or not orders),
            reports=tuple(one for one in exam.reports if one.claim_id in ids),
            deliveries=(),
        ),
        exam_of(exam.exam, mine),
    )


def _with_deliveries(
    deliveries: Iterable[RecordDelivery], parts: list[tuple[Order | None, ExamPart]]
) -> list[tuple[Order | None, ExamPart]]:
    """Return parts with the records that went into their chart; what is of none has the first."""
    mine: list[list[RecordDelivery]] = [[] for _ in parts]
    for one in deliveries:
        owners = [place for place, (_, part) in enumerate(parts) if _is_of(one, part)]
        for place in owners or [0]:
            mine[place].append(one)
    return [
        (order, replace(part, facts=replace(part.facts, deliveries=tuple(found))))
        for (order, part), found in zip(parts, mine, strict=True)
    ]


def _is_of(delivery: RecordDelivery, part: ExamPart) -> bool:
    """Return whether a record went into the chart of a part, for its order."""
    settled = [one for one in part.claims if one.number]
    if delivery.chart not in {digest(one.number) for one in settled}:
        return False
    orders = {one.order_number for one in settled}
    return delivery.accession_number is None or delivery.accession_number in orders


def _with_steps(lines: list[LineFacts], steps: Sequence[StepOfDay]) -> list[LineFacts]:
    """Return lines with their steps, and a line for each step that is of none."""
    by_name: dict[str, int] = {}
    for place, line in enumerate(lines):
        for name in _names(line):
            by_name.setdefault(name, place)
    further = []
    for step in steps:
        said = [(one.accession_number, one.study_instance_uid) for one in step.scheduled]
        named = [by_name[name] for names in said for name in names if name in by_name]
        if not named:
            further.append(LineFacts(steps=(step,)))
            continue
        lines[named[0]] = replace(lines[named[0]], steps=(*lines[named[0]].steps, step))
    return [*lines, *further]


def _names(line: LineFacts) -> set[str]:
    """Return the numbers and UIDs a step may name a line by."""
    order = line.order
    names = {order.accession_number, order.study_instance_uid} if order is not None else set()
    return names | {part.facts.exam.study_instance_uid for part in line.parts} - {""}
