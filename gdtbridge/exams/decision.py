"""Decisions: from the evidence of an exam to "send as whom" or "hold, and why", by the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gdtbridge.dataset.values import to_date
from gdtbridge.exams.dates import DateRule, DateStanding
from gdtbridge.exams.decision_table import Number, Situation, When, rule_for
from gdtbridge.exams.evidence import Evidence, ExamEvidence, day_of
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import Claim, claims_by_person, exam_of
from gdtbridge.exams.patient_numbers import NumberFault, NumberRule
from gdtbridge.exams.person_evidence import PersonEvidence
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient
from gdtbridge.settings import ExamSettings


@dataclass(frozen=True, slots=True)
class Decision:
    """What the table says of one of an exam's people.

    ``number`` is whose chart it goes to, or would go to; ``proposed`` are the patients a person may
    choose from when it is held. ``order`` is the open order it is taken for without a reference.
    """

    person: int
    claims: tuple[Claim, ...]
    situation: Situation
    rule: str
    reason: HoldReason | None
    number: str
    grounds: tuple[Evidence, ...]
    proposed: tuple[Patient, ...]
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class DecisionMaker:
    """Reads the decision table; pure."""

    settings: ExamSettings
    numbers: NumberRule
    dates: DateRule

    def decide(self, evidence: ExamEvidence) -> tuple[Decision, ...]:
        """Return a decision for each of the exam's people with something not decided yet."""
        waiting = claims_by_person(one for one in evidence.claims if one.waits)
        return tuple(self._decide(evidence, tuple(claims)) for claims in waiting.values())

    def _decide(self, evidence: ExamEvidence, claims: tuple[Claim, ...]) -> Decision:
        person = PersonEvidence(evidence, claims)
        situation = Situation(
            person.word(),
            person.people(),
            person.uids(),
            self._number(person),
            person.ordered(),
            person.known(),
            self._when(person),
            person.performed(lambda number: self._fault_of(person, number) is None),
        )
        rule = rule_for(situation, self.settings)
        order = person.the_open_order() if rule.reason is None else None
        return Decision(
            person=claims[0].person,
            claims=claims,
            situation=situation,
            rule=rule.name,
            reason=rule.reason,
            number=person.number or (person.orders[0].patient.id if rule.reason is None else ""),
            grounds=tuple(person.grounds()),
            proposed=tuple(person.proposed()),
            order=order,
        )

    def _number(self, person: PersonEvidence) -> Number:
        if not person.sent_number:
            return Number.NONE
        fault = self._fault_of(person, person.sent_number)
        return Number.FITS if fault is None else Number.UNFIT

    def _fault_of(self, person: PersonEvidence, number: str) -> NumberFault | None:
        return self.numbers.fault_of(
            number,
            person.evidence.received,
            *(to_date(one.study_date) for one in person.claims),  # the device's clock may be off
            *(day_of(order) for order in person.orders),
        )

    def _when(self, person: PersonEvidence) -> When:
        told = exam_of(person.evidence.exam, person.claims).study_date
        days: list[date | None] = [day_of(order) for order in person.orders]
        days = days or [None]
        found = {self.dates.judge(told, day, person.evidence.received).standing for day in days}
        return When.FAR if found == {DateStanding.FAR} else When.NEAR
