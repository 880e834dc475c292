"""One of an exam's people in the words of the decision table, and who the patient may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gdtbridge.dataset.values import folded_title
from gdtbridge.exams.decision_table import Known, Ordered, People, Performed, Uids, Word
from gdtbridge.exams.evidence import Evidence, ExamEvidence, Source, StepEvidence
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import Claim, ClaimState, claims_by_person
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient, are_two


@dataclass(frozen=True, slots=True)
class PersonEvidence:
    """One of an exam's people, and what the evidence says of that person."""

    evidence: ExamEvidence
    claims: tuple[Claim, ...]

    @property
    def sent_number(self) -> str:
        """Patient ID (0010,0020) as sent; empty where no object has one."""
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
        """Return whether a person said whose it is."""
        if any(one.held_because == HoldReason.INDEX_REBUILT for one in self.claims):
            return Word.REBUILT
        if not self.said_number:
            withdrawn = any(one.held_because == HoldReason.WITHDRAWN for one in self.claims)
            return Word.WITHDRAWN if withdrawn else Word.NONE
        own = (one for one in self.evidence.claims if one.person == self.claims[0].person)
        confirmed = any(one.confirmed for one in own if one.word == self.said_number)
        return Word.CONFIRMED if confirmed else Word.NAMED

    def people(self) -> People:
        """Return whom else the exam is of."""
        person = self.claims[0].person
        if any(one.id in self.evidence.corrected for one in self.claims):
            return People.CORRECTS
        states = [(one.person, one.state) for one in self.evidence.claims]
        if (person, ClaimState.SETTLED) in states:
            return People.ONE
        others = {state for other, state in states if other != person}
        if not others & {ClaimState.OPEN, ClaimState.HELD, ClaimState.SETTLED}:
            return People.ONE
        if self._is_of_a_report():
            return People.REPORT
        return People.AFTER if ClaimState.SETTLED in others else People.SEVERAL

    def _is_of_a_report(self) -> bool:
        """Return whether of two people one has pictures, and the other reports alone.

        Where the pictures were sent it is said of the reports only.
        """
        active = claims_by_person(one for one in self.evidence.claims if one.is_active)
        alone = {
            person: {one.id for one in claims} <= self.evidence.reports
            for person, claims in active.items()
        }
        own = self.claims[0].person
        sent = any(one.state is ClaimState.SETTLED for one in self.evidence.claims)
        both = sorted(alone.values()) == [False, True]
        return both and (alone[own] or not sent)

    def uids(self) -> Uids:
        """Return whether another study had the UID of one of the objects before."""
        taken = any(one.id in self.evidence.taken for one in self.claims)
        return Uids.TAKEN if taken else Uids.OWN

    def is_two(self, patient: Patient) -> bool:
        """Return whether a patient is surely not who the claims name."""
        return any(are_two(one.patient, patient) for one in self.claims)

    def ordered(self) -> Ordered:
        """Return whom the orders are for that the claims lead to."""
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
        if HoldReason.SEVERAL_ORDERS in held or len(self.fitting_orders()) > 1:
            return Ordered.SEVERAL
        if not self.number or not held & {HoldReason.OTHER_PATIENT, HoldReason.OTHER_PERSON}:
            return Ordered.NONE
        return Ordered.OTHER if HoldReason.OTHER_PATIENT in held else Ordered.TWO

    def _is_surely(self, patient: Patient) -> bool:
        """Return whether the claims have the very name and birth date of a patient."""
        return any(_is_same(one.patient, patient) for one in self.claims)

    def known(self) -> Known:
        """Return what open orders, master data and earlier exams say of the number."""
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

    def performed(self, is_number: Callable[[str], bool]) -> Performed:
        """Return whom the steps of the study name; ``is_number`` tells a number of the practice.

        A step for another of the exam's people says nothing of this one.
        """
        if any(one.mistaken for one in self.evidence.steps):
            return Performed.WRONG
        found = {self._named_by(one, is_number) for one in self.evidence.steps}
        others = (Performed.OTHER, Performed.TWO, Performed.SAME)
        return next((one for one in others if one in found), Performed.NONE)

    def _named_by(self, step: StepEvidence, is_number: Callable[[str], bool]) -> Performed:
        number = step.patient.id if is_number(step.patient.id) else ""
        if self.is_two(step.patient):
            return Performed.NONE if self._is_another(step.patient) else Performed.TWO
        if number and self.number and number != self.number:
            return Performed.NONE if self._is_another(step.patient) else Performed.OTHER
        return Performed.SAME if number or step.patient.family_name else Performed.NONE

    def _is_another(self, patient: Patient) -> bool:
        """Return whether a patient is another of the exam's people, by number and description."""
        own = self.claims[0].person
        return any(
            one.person != own and one.patient_id == patient.id and not are_two(one.patient, patient)
            for one in self.evidence.claims
            if one.is_active
        )

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
        """Return the one open order that fits, if none is named; of several none is meant."""
        fitting = self.fitting_orders()
        return fitting[0] if len(fitting) == 1 else None

    def fitting_orders(self) -> list[Order]:
        """Return the open orders that fit number, person, station and day, if none is named.

        What has a result already has met its order, or none. As long as
        an exam that came before waits to be reported, it may be that one's.
        """
        own = {one.person for one in self.claims}
        decided = any(
            o.person in own and o.state is ClaimState.SETTLED for o in self.evidence.claims
        )
        unmatched = any(one.unmatched for one in self.claims)
        if self.orders or decided or unmatched or self.evidence.is_behind:
            return []
        return [
            order
            for order in self.evidence.of_number.get(self.number, ())
            if order.id
            and not order.arrived
            and not self.is_two(order.patient)
            and folded_title(self.evidence.exam.device) in map(folded_title, order.stations)
            and any(self.evidence.is_of_day(order, one) for one in self.claims)
        ]

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
        for step in self.evidence.steps:
            yield Evidence(Source.STEP, step.patient, step.sop_instance_uid)
        yield from self.known_evidence()
        for order in self.elsewhere():
            yield Evidence(Source.OPEN_ORDER, order.patient, order.accession_number)

    def proposed(self) -> Iterable[Patient]:
        """Return the patients somebody names, each number and person once."""
        named = [order.patient for order in (*self.orders, *self.elsewhere())]
        named += [one.patient for one in self.known_evidence()]
        named += [one.patient for one in self.claims if one.patient_id]
        named += [one.patient for one in self.evidence.steps if one.patient.id]
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
