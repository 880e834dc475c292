"""The decision table: from the evidence of an exam to "send as whom" or "hold, and why".

The rows stand in ``decision.tsv``; `docs/reference/whose-exam.md` explains them and is tested
against them. This module puts an exam into the table's words and reads the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Final

from gdtbridge.exams.dates import DateRule, DateStanding
from gdtbridge.exams.evidence import Evidence, ExamEvidence, Source, day_of
from gdtbridge.exams.model import Claim, ClaimState, HoldReason, exam_of
from gdtbridge.exams.patient_numbers import NumberRule
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient, agree, are_two
from gdtbridge.settings import ExamSettings
from gdtbridge.tsv import table

ANY: Final = "-"


class Word(StrEnum):
    """Whether a person said whose it is."""

    NONE = "none"
    NAMED = "named"
    CONFIRMED = "confirmed"
    """Said again, knowing that the number is another person's."""
    WITHDRAWN = "withdrawn"
    """Had results taken back or discarded, and did not say whose they are."""


class People(StrEnum):
    """Whom else the exam is of."""

    ONE = "one"
    SEVERAL = "several"
    """Of further people nothing was sent either."""
    AFTER = "after"
    """Something was sent for somebody else."""
    CORRECTS = "corrects"
    """One of these very objects was sent for somebody else."""


class Uids(StrEnum):
    """Whose the UIDs of the objects are."""

    OWN = "own"
    TAKEN = "taken"
    """Another study had one of them before."""


class Number(StrEnum):
    """What the objects say in Patient ID (0010,0020)."""

    FITS = "fits"
    UNFIT = "unfit"
    NONE = "none"


class Ordered(StrEnum):
    """Whom the orders are for that study UID and accession number lead to."""

    NONE = "none"
    SAME = "same"
    TWO = "two"
    """For the number, but a person with another family name and birth date."""
    OTHER = "other"
    """For another number."""
    AGREES = "agrees"
    """The objects have no number, but name and birth date of the one order."""
    CONTRADICTS = "contradicts"
    """The objects have no number, and not what the order says."""


class Known(StrEnum):
    """What open orders, master data and earlier exams say of the number."""

    NOTHING = "nothing"
    SAME = "same"
    TWO = "two"
    ELSEWHERE = "elsewhere"
    """Nothing; but the same person waits today under another number."""


class When(StrEnum):
    """Whether the study date can be true."""

    NEAR = "near"
    FAR = "far"


@dataclass(frozen=True, slots=True)
class Situation:
    """One of an exam's people in the words of the table, whose columns these are."""

    word: Word
    people: People
    uids: Uids
    number: Number
    order: Ordered
    known: Known
    date: When


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table: what fits it, and what follows; ``reason`` is None where it is sent."""

    name: str
    cells: tuple[str, ...]
    setting: str
    reason: HoldReason | None

    @classmethod
    def of(cls, row: Sequence[str]) -> Rule:
        """Return the rule of a row of the file."""
        name, *cells, setting, outcome, reason = row
        held = HoldReason(reason) if outcome == "hold" else None
        return cls(name, tuple(cells), setting, held)

    def fits(self, situation: Situation, settings: ExamSettings) -> bool:
        """Return whether the row is about the situation."""
        values = (str(value) for value in astuple(situation))
        said = zip(self.cells, values, strict=True)
        if not all(cell == ANY or value in cell.split("|") for cell, value in said):
            return False
        key, _, wanted = self.setting.partition("=")
        return self.setting == ANY or getattr(settings, key) == wanted


COLUMNS: Final = tuple(column.name for column in fields(Situation))
RULES: Final = tuple(Rule.of(row) for row in table("exams/decision.tsv"))


def rule_for(situation: Situation, settings: ExamSettings) -> Rule:
    """Return the first row that fits; a test proves that there is one for every situation."""
    return next(rule for rule in RULES if rule.fits(situation, settings))


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
        people: dict[int, list[Claim]] = {}
        for one in evidence.claims:
            if one.waits:
                people.setdefault(one.person, []).append(one)
        return tuple(self._decide(evidence, tuple(claims)) for claims in people.values())

    def _decide(self, evidence: ExamEvidence, claims: tuple[Claim, ...]) -> Decision:
        case = _Case(evidence, claims)
        situation = Situation(
            case.word(),
            case.people(),
            Uids.TAKEN if any(one.id in evidence.taken for one in claims) else Uids.OWN,
            self._number(case),
            case.ordered(),
            case.known(),
            self._when(case),
        )
        rule = rule_for(situation, self.settings)
        order = case.the_open_order() if rule.reason is None else None
        return Decision(
            person=claims[0].person,
            claims=claims,
            situation=situation,
            rule=rule.name,
            reason=rule.reason,
            number=case.number or (case.orders[0].patient.id if rule.reason is None else ""),
            grounds=tuple(case.grounds()),
            proposed=tuple(case.proposed()),
            order=order,
        )

    def _number(self, case: _Case) -> Number:
        if not case.sent_number:
            return Number.NONE
        days = (case.evidence.received, *(day_of(order) for order in case.orders))
        fault = self.numbers.fault_of(case.sent_number, *days)
        return Number.FITS if fault is None else Number.UNFIT

    def _when(self, case: _Case) -> When:
        told = exam_of(case.evidence.exam, case.claims).study_date
        days: list[date | None] = [day_of(order) for order in case.orders]
        days = days or [None]
        found = {self.dates.judge(told, day, case.evidence.received).standing for day in days}
        return When.FAR if found == {DateStanding.FAR} else When.NEAR


@dataclass(frozen=True, slots=True)
class _Case:
    """One of an exam's people, and the evidence about the person."""

    evidence: ExamEvidence
    claims: tuple[Claim, ...]

    @property
    def sent_number(self) -> str:
        return next((one.patient_id for one in self.claims if one.patient_id), "")

    @property
    def said_number(self) -> str:
        """The number somebody said for these claims, or for others the device gave the same one."""
        said = next((one.word for one in self.claims if one.word), "")
        if said:
            return said
        same = (
            one.word
            for one in self.evidence.claims
            if one.word
            and one.person == self.claims[0].person
            and any(one.patient_id == other.patient_id for other in self.claims)
        )
        return next(same, "")

    @property
    def number(self) -> str:
        """Whose chart it would go to."""
        return self.said_number or self.sent_number

    @property
    def orders(self) -> list[Order]:
        """The orders the claims lead to, without that of the study where it names somebody else.

        Several people may have been examined under the entry of one of them.
        """
        found = [order for one in self.claims for order in self.evidence.orders_of(one)]
        distinct = {order.accession_number: order for order in found}
        return [order for order in distinct.values() if not self._is_of_others(order)]

    def _is_of_others(self, order: Order) -> bool:
        if order is not self.evidence.by_study:
            return False
        others = (o for o in self.evidence.claims if o.person != self.claims[0].person)
        return any(
            one.is_active
            and one.patient_id == order.patient.id
            and not are_two(one.patient, order.patient)
            for one in others
        )

    def word(self) -> Word:
        if not self.said_number:
            withdrawn = any(one.held_because == HoldReason.WITHDRAWN for one in self.claims)
            return Word.WITHDRAWN if withdrawn else Word.NONE
        confirmed = any(
            one.confirmed for one in self.evidence.claims if one.word == self.said_number
        )
        return Word.CONFIRMED if confirmed else Word.NAMED

    def people(self) -> People:
        person = self.claims[0].person
        if any(one.id in self.evidence.corrected for one in self.claims):
            return People.CORRECTS
        states = [(one.person, one.state) for one in self.evidence.claims]
        if (person, ClaimState.SETTLED) in states:
            return People.ONE
        others = {state for other, state in states if other != person}
        if ClaimState.SETTLED in others:
            return People.AFTER
        return People.SEVERAL if others & {ClaimState.OPEN, ClaimState.HELD} else People.ONE

    def is_two(self, patient: Patient) -> bool:
        """Return whether a patient is surely not who the claims name."""
        return any(are_two(one.patient, patient) for one in self.claims)

    def ordered(self) -> Ordered:
        people = [order.patient for order in self.orders]
        if not people:
            return self._was_ordered()
        number = self.number
        if not number:
            agree = len({one.id for one in people}) == 1 and self._is_surely(people[0])
            return Ordered.AGREES if agree else Ordered.CONTRADICTS
        if any(one.id != number for one in people):
            return Ordered.OTHER
        return Ordered.TWO if any(self.is_two(one) for one in people) else Ordered.SAME

    def _was_ordered(self) -> Ordered:
        """Return what orders said of held claims: that one is gone proves nothing."""
        held = {one.held_because for one in self.claims}
        if not self.number or not held & {HoldReason.OTHER_PATIENT, HoldReason.OTHER_PERSON}:
            return Ordered.NONE
        return Ordered.OTHER if HoldReason.OTHER_PATIENT in held else Ordered.TWO

    def _is_surely(self, patient: Patient) -> bool:
        """Return whether the claims have the very name and birth date of a patient."""
        return any(_is_same(one.patient, patient) for one in self.claims)

    def known(self) -> Known:
        told = [one.patient for one in self.known_evidence()]
        if self.said_number:
            told += [order.patient for order in self.orders if order.patient.id == self.number]
        if told:
            return Known.TWO if any(self.is_two(one) for one in told) else Known.SAME
        held = {one.held_because for one in self.claims}
        if HoldReason.KNOWN_OTHERWISE in held:  # that the other is gone proves nothing
            return Known.TWO
        if HoldReason.LISTED_OTHERWISE in held or any(self.elsewhere()):
            return Known.ELSEWHERE
        return Known.NOTHING

    def known_evidence(self) -> Iterator[Evidence]:
        """Yield what open orders, master data, earlier exams and other people say of the number."""
        number, evidence = self.number, self.evidence
        for order in evidence.of_number.get(number, ()):
            yield Evidence(Source.OPEN_ORDER, order.patient, order.accession_number)
        if number in evidence.master_data:
            yield Evidence(Source.MASTER_DATA, evidence.master_data[number])
        if number in evidence.earlier:
            yield Evidence(Source.EARLIER_EXAM, evidence.earlier[number])
        for one in evidence.claims if number else ():
            if one.is_active and one.patient_id == number and one.person != self.claims[0].person:
                yield Evidence(Source.OBJECT, one.patient, one.accession_number)

    def elsewhere(self) -> Iterator[Order]:
        """Yield the open orders of the day for the same person under another number."""
        for order in self.evidence.of_person:
            if order.patient.id == self.number or not self._is_surely(order.patient):
                continue
            if any(self.evidence.is_of_day(order, one) for one in self.claims):
                yield order

    def the_open_order(self) -> Order | None:
        """Return the one open order that fits number, person, station and day, if none is named.

        Several fit: none is meant. What has a result already has met its order, or none.
        """
        own = {one.person for one in self.claims}
        decided = any(
            o.person in own and o.state is ClaimState.SETTLED for o in self.evidence.claims
        )
        if self.orders or decided or any(one.unmatched for one in self.claims):
            return None
        fitting = [
            order
            for order in self.evidence.of_number.get(self.number, ())
            if order.id
            and not order.arrived
            and not self.is_two(order.patient)
            and order.station.strip().casefold() == self.evidence.exam.device.strip().casefold()
            and any(self.evidence.is_of_day(order, one) for one in self.claims)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def grounds(self) -> Iterator[Evidence]:
        """Yield everything that spoke for or against."""
        if self.said_number:
            yield Evidence(Source.PERSON, Patient(self.said_number))
        for one in self.claims:
            yield Evidence(Source.OBJECT, one.patient, one.accession_number)
        for former in self.evidence.numbers_of(self.number):
            if former != self.number:
                yield Evidence(Source.MOVE, Patient(former), self.number)
        for order in self.orders:
            yield Evidence(Source.ORDER, order.patient, order.accession_number)
        yield from self.known_evidence()
        for order in self.elsewhere():
            yield Evidence(Source.OPEN_ORDER, order.patient, order.accession_number)

    def proposed(self) -> Iterable[Patient]:
        """Return the patients somebody names, each number and person once."""
        named = [order.patient for order in (*self.orders, *self.elsewhere())]
        named += [one.patient for one in self.known_evidence()]
        named += [one.patient for one in self.claims if one.patient_id]
        named += self._same_name()
        return {(one.id, one.family_name, one.birth_date): one for one in named}.values()

    def _same_name(self) -> list[Patient]:
        """Return the patients waiting today with the name and birth date of the claims."""
        waiting = (order.patient for order in self.evidence.of_person)
        return [] if self.number else [one for one in waiting if self._is_surely(one)]


def _is_same(one: Patient, other: Patient) -> bool:
    """Return whether two descriptions have the same names and birth date, all of them said."""
    names = (one.family_name.casefold(), one.given_name.casefold())
    others = (other.family_name.casefold(), other.given_name.casefold())
    said = all((*names, one.birth_date))
    return said and names == others and one.birth_date == other.birth_date


def named(
    evidence: ExamEvidence, number: str, claims: Sequence[Claim], order: Order | None
) -> Patient:
    """Return the patient a record for ``number`` bears: what is known of that number, best first.

    The order's word counts, then that of open orders, master data and objects, but only of those
    that name the number. What one leaves out the next fills in where the rest of it agrees.
    """
    sources = [one.patient for one in _sources(evidence, number, claims, order)]
    person = Patient(number)
    for one in sources:
        person = _filled(person, one)
    return person


def _sources(
    evidence: ExamEvidence, number: str, claims: Sequence[Claim], order: Order | None
) -> Iterator[Evidence]:
    orders = [order] if order is not None else []
    orders += [found for one in claims for found in evidence.orders_of(one)]
    for found in orders:
        if found.patient.id == number:
            yield Evidence(Source.ORDER, found.patient, found.accession_number)
    for found in evidence.of_number.get(number, ()):
        yield Evidence(Source.OPEN_ORDER, found.patient, found.accession_number)
    if number in evidence.master_data:
        yield Evidence(Source.MASTER_DATA, evidence.master_data[number])
    for one in (*claims, *_others(evidence, number, claims)):
        if one.patient_id == number:
            yield Evidence(Source.OBJECT, one.patient)


def _others(evidence: ExamEvidence, number: str, claims: Sequence[Claim]) -> list[Claim]:
    """Return the other claims with a number, if they are of one person."""
    found = [o for o in evidence.claims if o.is_active and o.patient_id == number]
    others = [one for one in found if one not in claims]
    return others if len({one.person for one in others}) == 1 else []


def _filled(person: Patient, other: Patient) -> Patient:
    """Return a patient with what ``other``, of the same number, says besides."""
    if not person.family_name and not person.birth_date:
        return replace(other, id=person.id, sex=other.sex or person.sex)
    if not agree(person, other):
        return person
    if not person.family_name:
        person = replace(other, id=person.id, birth_date=person.birth_date, sex=person.sex)
    return replace(
        person,
        birth_date=person.birth_date or other.birth_date,
        sex=person.sex or other.sex,
    )
