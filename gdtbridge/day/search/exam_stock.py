"""The stock of exams: which of them may be hits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.dataset.values import da_text
from gdtbridge.day.model import LineState
from gdtbridge.day.search.model import Condition, ConditionKind
from gdtbridge.day.search.order_stock import OF_ORDERS_ALONE
from gdtbridge.day.search.stock import (
    Ids,
    PossibleHit,
    Stock,
    Test,
    any_of,
    begins,
    ends_with_digits,
    numbers_of,
    order_numbers,
)
from gdtbridge.durable.clock import local_time
from gdtbridge.exams.claim_store import HELD
from gdtbridge.exams.model import ClaimState, ReportState
from gdtbridge.exams.store import PROBLEM
from gdtbridge.queries.explain import beginning_of
from gdtbridge.schema import claim, exam, exam_result, report, study_name

_OURS: Final = claim.c.state != ClaimState.FETCHED


class ExamStock(Stock):
    """The exams of devices."""

    moment = exam.c.first_instance_at
    id = exam.c.id

    def __init__(self, troubled: Collection[int] = ()) -> None:
        """``troubled`` are exams whose delivery needs a person."""
        self._troubled = sorted(troubled)

    def mark_of(self, text: str) -> object:
        """Return UTC seconds."""
        return float(text)

    def candidate(self, number: int, moment: Any) -> PossibleHit:  # noqa: ANN401
        """Return an exam; its time is in UTC seconds."""
        at = local_time(moment).replace(tzinfo=None)
        return PossibleHit(number, is_order=False, at=at, mark=repr(moment))

    def test(self, condition: Condition) -> Test:
        """Return whether an exam may fulfil a condition."""
        ids = self.ids(condition)
        found: Test = exam.c.id.in_(ids) if ids is not None else sa.false()
        match condition.kind:
            case ConditionKind.DEVICE:
                found = exam.c.device.in_(sorted(condition.devices))
            case ConditionKind.MODALITY:
                here = claim.c.exam_id == exam.c.id
                found = sa.exists().where(here, claim.c.modality == condition.word, _OURS)
            case ConditionKind.WORD:
                found = self._named(condition)
            case ConditionKind.VALUES:
                here = report.c.exam_id == exam.c.id
                found = sa.exists().where(here, report.c.state == ReportState.REPORTED)
            case ConditionKind.STATE if ids is None:
                found = sa.false() if condition.states <= OF_ORDERS_ALONE else sa.true()
        return found

    def _named(self, condition: Condition) -> Test:
        named = sa.exists().where(
            study_name.c.exam_id == exam.c.id, begins(study_name.c.key, condition)
        )
        return sa.or_(named, exam.c.device.in_(sorted(condition.devices)))

    def ids(self, condition: Condition) -> Ids | None:
        """Return the exams an index has for a condition."""
        found = None
        match condition.kind:
            case ConditionKind.BIRTH:
                found = _exams_of_births(sorted(condition.births))
            case ConditionKind.DAY:
                found = exams_of_days(condition.days)
            case ConditionKind.NUMBER:
                found = _exams_of_number(numbers_of(condition))
            case ConditionKind.ORDER:
                found = _exams_of_order(condition.word)
            case ConditionKind.WORD if not condition.devices:
                found = sa.select(study_name.c.exam_id).where(begins(study_name.c.key, condition))
            case ConditionKind.STATE if condition.states == {LineState.NEEDS_YOU}:
                found = _exams_that_wait(self._troubled)
        return found


def _claims(*tests: Test) -> Ids:
    return sa.select(claim.c.exam_id).where(*tests, _OURS)


def _exams_of_births(births: Sequence[str]) -> Ids:
    here = exam_result.c.patient_birth_date.in_(births)
    results = sa.select(exam_result.c.exam_id).where(here)
    return any_of(_claims(claim.c.patient_birth_date.in_(births)), results)


def exams_of_days(days: Sequence[date]) -> Ids:
    """Select the exams of some days, by what devices say or by when they came."""
    dated = _claims(claim.c.study_date.in_([da_text(day) for day in days]))
    received = sa.or_(
        *(
            sa.and_(
                exam.c.first_instance_at >= beginning_of(day),
                exam.c.first_instance_at < beginning_of(day + timedelta(days=1)),
            )
            for day in days
        )
    )
    return any_of(dated, sa.select(exam.c.id).where(received))


def _exams_of_number(numbers: Sequence[str]) -> Ids:
    results = sa.select(exam_result.c.exam_id).where(exam_result.c.patient_id.in_(numbers))
    said = (_claims(column.in_(numbers)) for column in (claim.c.patient_id, claim.c.number))
    return any_of(*said, results)


def _exams_of_order(typed: str) -> Ids:
    """Return the exams that name an order number, or went into a chart for one that ends so."""
    numbers = order_numbers(typed)
    results = sa.select(exam_result.c.exam_id).where(exam_result.c.accession_number.in_(numbers))
    ending = sa.select(study_name.c.exam_id).where(ends_with_digits(study_name.c.key, typed))
    return any_of(_claims(claim.c.accession_number.in_(numbers)), results, ending)


def _exams_that_wait(troubled: Sequence[int]) -> Ids:
    """Return the exams that wait for a person, by themselves or because they are ``troubled``."""
    held = sa.select(claim.c.exam_id).where(HELD)
    unread = sa.select(report.c.exam_id).where(PROBLEM)
    return any_of(held, unread, sa.select(exam.c.id).where(exam.c.id.in_(troubled)))
