"""Whose name a record bears: what is known of the number it is for, never what is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

from gdtbridge.exams.evidence import ExamEvidence
from gdtbridge.exams.model import Claim
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient, agree, are_two


def named(
    evidence: ExamEvidence, number: str, claims: Sequence[Claim], order: Order | None
) -> Patient:
    """Return the patient a record for ``number`` bears: what is known of that number, best first.

    The order's word counts, then that of open orders, master data and objects, but only of those
    that name the number. What one leaves out the next fills in where the rest of it agrees. Objects
    name nobody where an earlier result under the number named surely somebody else: the number is a
    person's word then, the name is not.
    """
    return reduce(_filled, _described(evidence, number, claims, order), Patient(number))


def _described(
    evidence: ExamEvidence, number: str, claims: Sequence[Claim], order: Order | None
) -> Iterator[Patient]:
    """Yield whom the sources describe under a number, the best source first."""
    orders = [order] if order is not None else []
    orders += [found for one in claims for found in evidence.orders_of(one)]
    yield from (found.patient for found in orders if found.patient.id == number)
    yield from (found.patient for found in evidence.of_number.get(number, ()))
    if number in evidence.master_data:
        yield evidence.master_data[number]
    earlier = evidence.earlier.get(number)
    for one in (*claims, *_others(evidence, number, claims)):
        if one.patient_id == number and not (earlier and are_two(one.patient, earlier)):
            yield one.patient


def _others(evidence: ExamEvidence, number: str, claims: Sequence[Claim]) -> list[Claim]:
    """Return the other claims with a number, if they are of one person.

    What was decided to be of another number is no longer what names this one.
    """
    found = [
        one
        for one in evidence.claims
        if one.is_active
        and one.patient_id == number
        and (one.word or one.number or number) == number
    ]
    others = [one for one in found if one not in claims]
    return others if len({one.person for one in others}) == 1 else []


def _filled(person: Patient, other: Patient) -> Patient:
    """Return a patient with what ``other``, of the same number, says besides."""
    if not person.family_name and not person.birth_date:
        return replace(other, id=person.id, sex=other.sex or person.sex)
    if not agree(person, other):
        return person
    if not person.family_name:
        born = (person.birth_date, person.birth_date_as_sent)
        person = replace(
            other, id=person.id, birth_date=born[0], birth_date_as_sent=born[1], sex=person.sex
        )
    return replace(person.with_birth_of(other), sex=person.sex or other.sex)
