"""Which claims of an exam are of one person.

A pure rule over the claims, whatever order they came in. What a person or a record has settled
stays together; the rest joins by number, and by name and birth date where no number is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gdtbridge.exams.model import Claim, ClaimState
from gdtbridge.people import Patient, are_two


@dataclass(slots=True)
class _Person:
    """One of the people of an exam while the claims are sorted."""

    claims: list[Claim] = field(default_factory=list)

    @property
    def numbers(self) -> set[str]:
        """Every number the person has in this exam: as sent, and as a person said."""
        said = {number for one in self.claims for number in (one.patient_id, one.word)}
        return said - {""}

    def may_be(self, patient: Patient) -> bool:
        """Return whether nothing says that somebody else is meant."""
        return not any(are_two(one.patient, patient) for one in self.claims)

    def surely_is(self, patient: Patient) -> bool:
        """Return whether family name and birth date say so."""
        return any(_agree(one.patient, patient) for one in self.claims)


def group(claims: Sequence[Claim]) -> dict[int, int]:
    """Return the person of each active claim, by the claim's id; people are numbered from 1.

    A claim without a number joins the person it names, or the only one there is. Numbers given to
    people before are kept where their claims stay together.
    """
    active = sorted((one for one in claims if one.is_active), key=lambda one: one.id)
    people = _pinned(active)
    placed = {one.id for person in people for one in person.claims}
    rest = sorted((one for one in active if one.id not in placed), key=_completeness)
    for one in rest:
        if one.patient_id:
            _join(people, _with_number(people, one), one)
    for one in rest:
        if not one.patient_id:
            _join(people, _nameless_of(people, one), one)
    return _numbered(people, claims)


def _pinned(active: Iterable[Claim]) -> list[_Person]:
    """Return the people of what has been decided: these claims stay together."""
    people: dict[int, _Person] = {}
    for one in active:
        if one.state is ClaimState.SETTLED or one.word:
            people.setdefault(one.person, _Person()).claims.append(one)
    return list(people.values())


def _completeness(one: Claim) -> tuple[bool, bool, int]:
    """Return the sort key that puts claims first that tell a person best."""
    return (not one.patient.birth_date, not one.patient.family_name, one.id)


def _with_number(people: Sequence[_Person], one: Claim) -> _Person | None:
    """Return the only person with the claim's number who may be meant."""
    same = [p for p in people if one.patient_id in p.numbers and p.may_be(one.patient)]
    return same[0] if len(same) == 1 else None


def _nameless_of(people: Sequence[_Person], one: Claim) -> _Person | None:
    """Return the person a claim without a number is of."""
    sure = [person for person in people if person.surely_is(one.patient)]
    if len(sure) == 1:
        return sure[0]
    if len(people) == 1 and people[0].may_be(one.patient):
        return people[0]
    unnumbered = [p for p in people if not p.numbers and p.may_be(one.patient)]
    return unnumbered[0] if len(unnumbered) == 1 else None


def _join(people: list[_Person], person: _Person | None, one: Claim) -> None:
    if person is None:
        people.append(_Person([one]))
    else:
        person.claims.append(one)


def _agree(one: Patient, other: Patient) -> bool:
    """Return whether two descriptions have one birth date and family names that fit."""
    if one.birth_date is None or one.birth_date != other.birth_date:
        return False
    return bool(one.family_name) and one.family_name.casefold() == other.family_name.casefold()


def _numbered(people: Sequence[_Person], claims: Sequence[Claim]) -> dict[int, int]:
    """Return the person of each claim: numbered as its oldest claim is already, else anew."""
    found: dict[int, int] = {}
    taken: set[int] = set()
    highest = max((one.person for one in claims), default=0)
    for person in sorted(people, key=_order):
        known = [one.person for one in person.claims if one.person and one.person not in taken]
        number = known[0] if known else (highest := highest + 1)
        taken.add(number)
        found |= {one.id: number for one in person.claims}
    return found


def _order(person: _Person) -> tuple[bool, int]:
    """Return the sort key that lets settled people keep their numbers, then the oldest."""
    settled = any(one.state is ClaimState.SETTLED or one.word for one in person.claims)
    return (not settled, min(one.id for one in person.claims))
