"""Everything that is known of a day, read in one transaction with a bounded set of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, TypeVar

from gdtbridge.database import Connection
from gdtbridge.dataset.values import da_text
from gdtbridge.day import store
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.exams import claim_store, report_store, result_store
from gdtbridge.exams.model import Claim, ClaimState, Exam, ExamResult, ReportStanding
from gdtbridge.exams.steps import PerformedStep
from gdtbridge.exams.steps import store as step_store
from gdtbridge.exams.steps.model import ScheduledStep
from gdtbridge.exams.steps.waiting import WaitingStep, problems_of
from gdtbridge.orders import Order
from gdtbridge.orders import store as order_store
from gdtbridge.orders.patient_moves import NumberMoves, moves_of
from gdtbridge.outbox.collection_store import DAYS, lying_files
from gdtbridge.outbox.model import LyingFiles
from gdtbridge.queries.explain import beginning_of
from gdtbridge.results.deliveries import RecordDelivery, deliveries_of

MOST: Final = 2000
"""Exams, and steps, a day may have."""


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """An exam of a day: what devices said of it, and what left for it."""

    exam: Exam
    claims: tuple[Claim, ...]
    results: tuple[ExamResult, ...] = ()
    reports: tuple[ReportStanding, ...] = ()
    deliveries: tuple[RecordDelivery, ...] = ()
    discarded_at: float | None = None
    """UTC seconds."""


@dataclass(frozen=True, slots=True)
class StepOfDay:
    """A performed procedure step of a day, what it was scheduled as, and what is wrong with it."""

    step: PerformedStep
    scheduled: tuple[ScheduledStep, ...] = ()
    problem: WaitingStep | None = None


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What the lines of a day are made of."""

    orders: tuple[Order, ...]
    exams: tuple[ExamFacts, ...]
    steps: tuple[StepOfDay, ...]
    moves: NumberMoves
    lying: Mapping[str, LyingFiles]
    """By destination of the outbox."""
    is_cut: bool = False


def facts_of_day(connection: Connection, day: date, now: float) -> DayFacts:
    """Return everything that is known at ``now`` (UTC seconds) of the lines of a day."""
    begin, end = beginning_of(day), beginning_of(day + timedelta(days=1))
    orders = order_store.orders_of_day(connection, day)
    ids = store.exams_of_day(connection, da_text(day), begin, end, MOST)
    is_cut = len(ids) >= MOST
    steps = step_store.begun_between(connection, begin, end, MOST)
    scheduled = step_store.scheduled_of(connection, [one.id for one in steps])
    said = [one for step in scheduled.values() for one in step]
    orders = _with_others(
        connection,
        orders,
        {one.accession_number for one in said},
        {one.study_instance_uid for one in said},
    )
    numbers = [one.accession_number for one in orders]
    studies = [one.study_instance_uid for one in orders]
    ids |= store.exams_of_orders(connection, numbers, studies)
    return _facts(connection, orders, ids, _of_day(connection, steps, scheduled, now), now, is_cut)


def facts_about(
    connection: Connection,
    order_ids: Collection[int],
    exam_ids: Collection[int],
    today: date,
    now: float,
) -> DayFacts:
    """Return everything that is known at ``now`` of the lines some orders and exams are in.

    Of steps those of ``today`` are known.
    """
    orders = order_store.orders_by_id(connection, order_ids)
    numbers = [one.accession_number for one in orders]
    studies = [one.study_instance_uid for one in orders]
    ids = {*exam_ids, *store.exams_of_orders(connection, numbers, studies)}
    begin = beginning_of(today)
    steps = step_store.begun_between(connection, begin, begin + DAY_SECONDS, MOST)
    scheduled = step_store.scheduled_of(connection, [one.id for one in steps])
    facts = _facts(connection, orders, ids, _of_day(connection, steps, scheduled, now), now, False)
    known = {one.accession_number for one in facts.orders}
    known |= {one.exam.study_instance_uid for one in facts.exams}
    known |= {one.study_instance_uid for one in facts.orders}
    of_them = [
        one
        for one in facts.steps
        if any({said.accession_number, said.study_instance_uid} & known for said in one.scheduled)
    ]
    return replace(facts, steps=tuple(of_them))


def _of_day(
    connection: Connection,
    steps: Sequence[PerformedStep],
    scheduled: Mapping[int, Sequence[ScheduledStep]],
    now: float,
) -> list[StepOfDay]:
    unaccepted = [one for one in steps if not one.accepted]
    problems = {one.step.id: one for one in problems_of(connection, unaccepted, now)}
    return [StepOfDay(one, tuple(scheduled.get(one.id, ())), problems.get(one.id)) for one in steps]


def _facts(
    connection: Connection,
    orders: list[Order],
    exam_ids: set[int],
    steps: Sequence[StepOfDay],
    now: float,
    is_cut: bool,  # noqa: FBT001
) -> DayFacts:
    exams = exams_with(connection, exam_ids)
    claims = [one for exam in exams for one in exam.claims]
    orders = _with_others(
        connection,
        orders,
        {
            number
            for one in claims
            for number in (one.accession_number, one.order_number, one.order_word)
        },
        {one.exam.study_instance_uid for one in exams},
    )
    numbers = {one.patient.id for one in orders} | {one.step.patient_id for one in steps}
    for one in claims:
        numbers |= {one.patient_id, one.number, one.word}
    destinations = {one.destination for exam in exams for one in exam.deliveries}
    since = now - DAYS * DAY_SECONDS
    return DayFacts(
        tuple(orders),
        tuple(exams),
        tuple(steps),
        moves_of(connection, numbers),
        {name: lying_files(connection, name, since) for name in sorted(destinations)},
        is_cut,
    )


def exams_with(connection: Connection, exam_ids: Iterable[int]) -> list[ExamFacts]:
    """Return some exams with all that is known of each, in the order they came.

    What was fetched from another archive is left out.
    """
    ids = sorted(exam_ids)
    claims = _by_exam(
        one
        for one in claim_store.claims_of_exams(connection, ids)
        if one.state is not ClaimState.FETCHED
    )
    results = _by_exam(result_store.results_of_exams(connection, ids))
    reports = _by_exam(report_store.reports_of_exams(connection, ids))
    deliveries = _by_exam(deliveries_of(connection, ids))
    gone = [
        number
        for number, said in claims.items()
        if any(one.state is ClaimState.DISCARDED for one in said)
    ]
    discarded = store.discarded_at(connection, gone) if gone else {}
    return [
        ExamFacts(
            one,
            tuple(claims[one.id]),
            tuple(results.get(one.id, ())),
            tuple(reports.get(one.id, ())),
            tuple(deliveries.get(one.id, ())),
            discarded.get(one.id),
        )
        for one in store.exams_by_id(connection, ids)
        if one.id in claims
    ]


_Of = TypeVar("_Of", Claim, ExamResult, ReportStanding, RecordDelivery)


def _by_exam(found: Iterable[_Of]) -> dict[int, list[_Of]]:
    sorted_out: dict[int, list[_Of]] = {}
    for one in found:
        sorted_out.setdefault(one.exam_id, []).append(one)
    return sorted_out


def _with_others(
    connection: Connection, known: list[Order], numbers: set[str], studies: set[str]
) -> list[Order]:
    """Return the ``known`` orders and those of some numbers and study UIDs, each once."""
    missing = numbers - {one.accession_number for one in known} - {""}
    uids = studies - {one.study_instance_uid for one in known} - {""}
    further = [
        *order_store.orders_by_number(connection, missing).values(),
        *order_store.orders_of_studies(connection, uids),
    ]
    return list({one.id: one for one in (*known, *further)}.values())
