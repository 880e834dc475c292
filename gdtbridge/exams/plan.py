"""From decisions to results: what goes into which chart, for which order, under whose name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gdtbridge.exams.dates import DateRule, receipt_remark
from gdtbridge.exams.decision import Decision
from gdtbridge.exams.evidence import ExamEvidence, day_of
from gdtbridge.exams.model import Claim, ClaimState, ExamResult, PatientExam, exam_of
from gdtbridge.exams.naming import named
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient, are_written_alike

NAME_DIFFERS = "Name oder Geburtsdatum lauten am Gerät anders."


@dataclass(frozen=True, slots=True)
class PlannedResult:
    """What one chart gets of an exam for one order, or for none.

    ``exam`` has the facts and the claims whose objects belong to the result; ``accession_number``
    is that of the order, ``known`` what was sent before, ``remarks`` are sentences for the record.
    """

    exam: PatientExam
    patient: Patient
    order: Order | None
    accession_number: str
    received: date | None = None
    """Local day of receipt, written where the objects have no date."""
    foreign: bool = False
    """Whether the order it met is for somebody else by now: no record names that."""
    known: ExamResult | None = None
    remarks: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The patient number in the records."""
        return self.patient.id

    @property
    def shown_accession(self) -> str:
        """Accession number of the order, which the AIS knows, or else that of the device.

        Never that of an order for somebody else.
        """
        return "" if self.foreign else self.accession_number or self.exam.accession_number

    @property
    def claims(self) -> tuple[int, ...]:
        """Ids of the claims whose objects belong to it."""
        return tuple(one.id for one in self.exam.claims)


@dataclass(frozen=True, slots=True)
class _Share:
    """A claim, the chart it goes to, and the order its objects name (empty: the first one)."""

    claim: Claim
    number: str
    accession_number: str


def plan(
    evidence: ExamEvidence, decisions: Sequence[Decision], dates: DateRule
) -> tuple[PlannedResult, ...]:
    """Return the results of an exam: those decided now, and those that have begun."""
    shares = [*_settled(evidence), *_decided(evidence, decisions)]
    found: dict[tuple[str, str], list[Claim]] = {}
    for one in shares:
        found.setdefault((one.number, one.accession_number), []).append(one.claim)
    results = [
        _result(evidence, key, tuple(claims), tuple(claims), dates) for key, claims in found.items()
    ]
    alone = _of_study_alone(evidence, decisions, found)
    return (*results, *(_result(evidence, key, (), facts, dates) for key, facts in alone))


def _settled(evidence: ExamEvidence) -> Iterator[_Share]:
    for one in evidence.claims:
        if one.state is ClaimState.SETTLED:
            yield _Share(one, one.number, one.order_number)


def _decided(evidence: ExamEvidence, decisions: Iterable[Decision]) -> Iterator[_Share]:
    for decision in decisions:
        if decision.reason is not None:
            continue
        first = _first_order(evidence, decision)
        for one in decision.claims:
            own = evidence.own_order(one)
            of_patient = own is not None and own.patient.id == decision.number
            number = own.accession_number if own is not None and of_patient else first
            yield _Share(one, decision.number, number)


def _first_order(evidence: ExamEvidence, decision: Decision) -> str:
    """Return the order of what names none of its own; empty where there is none.

    That of the study, the open one that fits, the one of a result sent before, or the first that
    other objects name.
    """
    by_study = evidence.by_study
    if by_study is not None and by_study.patient.id == decision.number:
        return by_study.accession_number
    if decision.order is not None:
        return decision.order.accession_number
    if sent := evidence.results_for(decision.number):
        return sent[0].accession_number
    own = (evidence.own_order(one) for one in decision.claims)
    named = (o.accession_number for o in own if o is not None and o.patient.id == decision.number)
    return next(named, "")


def _of_study_alone(
    evidence: ExamEvidence,
    decisions: Iterable[Decision],
    found: Iterable[tuple[str, str]],
) -> Iterator[tuple[tuple[str, str], tuple[Claim, ...]]]:
    """Yield the order that gave the study its UID where all objects name other orders."""
    by_study = evidence.by_study
    if by_study is None:
        return
    for decision in decisions:
        key = (decision.number, by_study.accession_number)
        sends = decision.reason is None and by_study.patient.id == decision.number
        sent = {one.accession_number for one in evidence.results_for(decision.number)}
        said = any(one.order_word for one in decision.claims)
        if sends and not said and key[1] not in sent and key not in set(found):
            yield key, decision.claims


def _result(
    evidence: ExamEvidence,
    key: tuple[str, str],
    claims: tuple[Claim, ...],
    facts: tuple[Claim, ...],
    dates: DateRule,
) -> PlannedResult:
    number, accession = key
    order = _order(evidence, accession)
    foreign = order is not None and order.patient.id != number
    order = None if foreign else order
    patient = named(evidence, number, facts, order)
    seen = exam_of(evidence.exam, facts)
    day = day_of(order) if order is not None else None
    date_remark = dates.judge(seen.study_date, day, evidence.received).remark
    if any(one.of_receipt_day for one in facts):
        date_remark = receipt_remark(seen.study_date)
        seen = replace(seen, study_date="", study_time="")
    remarks = [date_remark, "" if _is_alike(patient, facts) else NAME_DIFFERS]
    known = (r for r in evidence.results_for(number) if r.accession_number == accession)
    return PlannedResult(
        exam=_of_patient(evidence, seen, claims, number),
        patient=patient,
        order=order,
        accession_number=accession,
        received=evidence.received,
        foreign=foreign,
        known=next(known, None),
        remarks=tuple(one for one in remarks if one),
    )


def _of_patient(
    evidence: ExamEvidence, seen: PatientExam, claims: tuple[Claim, ...], number: str
) -> PatientExam:
    """Return the exam as it is told to a patient, without an order number of somebody else."""
    sent = seen.accession_number
    orders = (evidence.by_number.get(sent), evidence.typed.get(sent))
    foreign = any(order is not None and order.patient.id != number for order in orders)
    accession = "" if foreign else sent
    return replace(seen, claims=claims, patient_id=number, accession_number=accession)


def _is_alike(patient: Patient, facts: Iterable[Claim]) -> bool:
    """Return whether the device wrote name and birth date as the record has them."""
    return all(are_written_alike(patient, one.patient) for one in facts)


def _order(evidence: ExamEvidence, accession: str) -> Order | None:
    known = [evidence.by_study, *evidence.by_number.values(), *evidence.typed.values()]
    known += [order for orders in evidence.of_number.values() for order in orders]
    found = (order for order in known if order and order.accession_number == accession)
    return next(found, None)
