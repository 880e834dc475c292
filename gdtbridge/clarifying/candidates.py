"""Whose a held part of an exam may be: everybody the evidence leads to, each chart once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gdtbridge.clarifying.model import Candidate, CandidateSource
from gdtbridge.dataset.values import folded_title, to_date
from gdtbridge.exams.decision import Decision
from gdtbridge.exams.evidence import ExamEvidence
from gdtbridge.exams.model import Claim
from gdtbridge.exams.naming import named
from gdtbridge.exams.patient_numbers import NumberRule
from gdtbridge.exams.person_evidence import PersonEvidence
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient, agree, are_written_alike

AT_DEVICE: Final = timedelta(hours=2)
"""An open order of the device is a candidate when it is that near to the exam."""
MOST: Final = 8
"""Candidates shown; the rest is found by searching."""


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """Whom else the practice knows: open orders on the list, and charts by birth date."""

    listed: tuple[Order, ...] = ()
    born: tuple[Patient, ...] = ()
    """Patients of master data and earlier results with a birth date of the objects."""


@dataclass(frozen=True, slots=True)
class CandidateRule:
    """Finds the candidates; pure."""

    numbers: NumberRule

    def candidates(
        self,
        evidence: ExamEvidence,
        decision: Decision,
        known: KnownPeople,
        moment: datetime,
    ) -> tuple[Candidate, ...]:
        """Return whose a part may be, those the objects lead to first; at most `MOST`.

        ``moment`` is the local time of the exam.
        """
        found: dict[str, Candidate] = {}
        for one in self._every(evidence, decision, known, moment):
            before = found.get(one.key)
            sources = one.sources | (before.sources if before is not None else frozenset())
            patient = before.patient if before is not None else one.patient
            found[one.key] = replace(one, patient=patient, sources=sources)
        every = _with_orders(found.values())
        every = [*_of_each_order(evidence, decision), *every]
        return tuple(_judged(one, decision.claims) for one in every)[:MOST]

    def _every(
        self,
        evidence: ExamEvidence,
        decision: Decision,
        known: KnownPeople,
        moment: datetime,
    ) -> Iterator[Candidate]:
        yield from _ordered(evidence, decision)
        yield from _owners(evidence, decision)
        claims = decision.claims
        for patient in known.born:
            if any(_is_same_person(patient, one.patient) for one in claims):
                yield Candidate(patient, frozenset({CandidateSource.SAME_PERSON}))
        for step in evidence.steps:
            if not step.mistaken and self._fits(step.patient.id, evidence, claims):
                yield Candidate(step.patient, frozenset({CandidateSource.STEP}))
        for order in known.listed:
            if _is_near(order, evidence.exam.device, moment):
                yield _of_order(order, CandidateSource.AT_DEVICE)
        for one in claims:
            if self._fits(one.patient_id, evidence, claims):
                yield Candidate(one.patient, frozenset({CandidateSource.SENT}))

    def _fits(self, number: str, evidence: ExamEvidence, claims: Sequence[Claim]) -> bool:
        """Return whether the practice may have given a number."""
        days = (to_date(one.study_date) for one in claims)
        return bool(number) and self.numbers.fault_of(number, evidence.received, *days) is None


def _ordered(evidence: ExamEvidence, decision: Decision) -> Iterator[Candidate]:
    """Yield whom orders are for: the objects', those for the number, the same person's."""
    person = PersonEvidence(evidence, decision.claims)
    for order in person.orders:
        yield _of_order(order, CandidateSource.ORDER)
    for order in evidence.of_number.get(decision.number, ()):
        yield _of_order(order, CandidateSource.OPEN_ORDER)
    for order in person.elsewhere():
        yield _of_order(order, CandidateSource.SAME_PERSON)


def _of_each_order(evidence: ExamEvidence, decision: Decision) -> Iterator[Candidate]:
    """Yield the patient of several orders that objects lead to: each goes to its own."""
    people = [order.patient for order in PersonEvidence(evidence, decision.claims).orders]
    if len(people) > 1 and len({one.id for one in people}) == 1:
        yield Candidate(people[0], frozenset({CandidateSource.ORDER}))


def _owners(evidence: ExamEvidence, decision: Decision) -> Iterator[Candidate]:
    """Yield whose the numbers are that the objects say, and that somebody said."""
    sent = (one.patient_id for one in decision.claims)
    for number in dict.fromkeys((decision.number, *sent)):
        if number in evidence.master_data or number in evidence.earlier:
            patient = named(evidence, number, (), None)
            if not patient.family_name:
                patient = evidence.earlier.get(number, patient)
            yield Candidate(patient, frozenset({CandidateSource.OWNER}))


def _of_order(order: Order, source: CandidateSource) -> Candidate:
    return Candidate(order.patient, frozenset({source}), order if order.is_open else None)


def _with_orders(found: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates, those of a chart without an order joined to those with one."""
    every = list(found)
    ordered = {one.patient.id for one in every if one.order is not None}
    joined = []
    for one in every:
        if one.order is not None:
            others = (o for o in every if o.order is None and o.patient.id == one.patient.id)
            sources = one.sources.union(*(other.sources for other in others))
            joined.append(replace(one, sources=sources - {CandidateSource.SENT}))
        elif one.patient.id not in ordered:
            known = one.sources - {CandidateSource.SENT}
            joined.append(replace(one, sources=known or one.sources))
    return joined


def _judged(one: Candidate, claims: Sequence[Claim]) -> Candidate:
    alike = CandidateSource.SENT not in one.sources and any(
        _is_alike(one.patient, claim.patient) for claim in claims
    )
    return replace(one, is_alike=alike)


def _is_alike(one: Patient, other: Patient) -> bool:
    """Return whether number, name and birth date are alike, all of them said."""
    return one.id == other.id and _is_same_person(one, other)


def _is_same_person(one: Patient, other: Patient) -> bool:
    """Return whether names and birth date are alike, all of them said."""
    said = all((p.family_name and p.given_name and p.birth_date) for p in (one, other))
    same = said and one.birth_date == other.birth_date
    return bool(same) and agree(one, other) and are_written_alike(one, other)


def _is_near(order: Order, device: str, moment: datetime) -> bool:
    """Return whether an order is for the device, and near to the moment (local time)."""
    at = order.scheduled
    if at is None or not order.is_open:
        return False
    stations = map(folded_title, order.stations)
    return folded_title(device) in stations and abs(at - moment.replace(tzinfo=None)) <= AT_DEVICE
