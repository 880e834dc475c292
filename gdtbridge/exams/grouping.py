"""Which claims of an exam are of one person.

A pure rule over the claims, whatever order they came in. What a person or a record has settled
stays together; the rest joins by number, and by name and birth date where no number is said. Who
may be two people that are kept apart is neither: then a person is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product

from gdtbridge.exams.model import Claim, ClaimState, claims_by_person
from gdtbridge.people import Patient, agree, are_two, tells_a_person


@dataclass(frozen=True)
class _Person:
    """One of the people of an exam, or one of several descriptions of somebody."""

    claims: tuple[Claim, ...]
    apart: bool = False
    """Whether it is known to be nobody else who is."""

    @cached_property
    def patients(self) -> tuple[Patient, ...]:
        """What the claims say, each description once."""
        return tuple(dict.fromkeys(one.patient for one in self.claims))

    @cached_property
    def numbers(self) -> set[str]:
        """Every number the person has in this exam: as sent, as a person said, as reported."""
        said = {said for one in self.claims for said in (one.patient_id, one.word, one.number)}
        return said - {""}

    def may_be(self, other: _Person) -> bool:
        """Return whether nothing says that somebody else is meant."""
        return not any(are_two(one, another) for one, another in self.pairs(other))

    def seems(self, other: _Person) -> bool:
        """Return whether the descriptions agree, or two of them by family name and birth date."""
        found = [
            (agree(one, another), tells_a_person(one) and tells_a_person(another))
            for one, another in self.pairs(other)
        ]
        return all(same for same, _ in found) or (
            any(same and sure for same, sure in found) and self.may_be(other)
        )

    def pairs(self, other: _Person) -> Iterable[tuple[Patient, Patient]]:
        """Return each description with each of the other's."""
        return product(self.patients, other.patients)


Relation = Callable[[_Person, _Person], bool]


def group(claims: Sequence[Claim]) -> dict[int, int]:
    """Return the person of each active claim, by the claim's id; people are numbered from 1.

    Claims of one number are one person where none of them may be two people. A claim without a
    number joins the one person with whom everything it says agrees. Numbers given to people before
    are kept where their claims stay together.
    """
    active = sorted((one for one in claims if one.is_active), key=lambda one: one.id)
    people = _pinned(active)
    placed = {one.id for person in people for one in person.claims}
    rest = [one for one in active if one.id not in placed]
    for number in sorted({one.patient_id for one in rest} - {""}):
        of_number = [person for person in people if number in person.numbers]
        others = [person for person in people if number not in person.numbers]
        said = [one for one in rest if one.patient_id == number]
        people = [*others, *_joined([*of_number, *_described(said)], _Person.may_be)]
    nameless = _described(one for one in rest if not one.patient_id)
    return _numbered(_joined([*people, *nameless], _Person.seems), claims)


def _pinned(active: Iterable[Claim]) -> list[_Person]:
    """Return the people of what has been decided: these claims stay together."""
    people = claims_by_person(one for one in active if one.state is ClaimState.SETTLED or one.word)
    return [_Person(tuple(claims), apart=True) for claims in people.values()]


def _described(claims: Iterable[Claim]) -> list[_Person]:
    """Return who is described: claims that say the same of a person are of one."""
    found: dict[Patient, list[Claim]] = {}
    for one in claims:
        found.setdefault(replace(one.patient, sex=None), []).append(one)
    return [_Person(tuple(same)) for same in found.values()]


def _joined(people: Sequence[_Person], fits: Relation) -> list[_Person]:
    """Return the people after those that fit have become one.

    Two become one where whoever fits one of them fits the other. Who fits two that do not fit each
    other stands alone, and nobody who is kept apart becomes one with another such.
    """
    fitting: list[set[int]] = [{number} for number in range(len(people))]
    for (i, one), (j, other) in combinations(enumerate(people), 2):
        if not (one.apart and other.apart) and fits(one, other):
            fitting[i].add(j)
            fitting[j].add(i)
    found: dict[frozenset[int], list[Claim]] = {}
    for number, (person, fit) in enumerate(zip(people, fitting, strict=True)):
        sure = all(fit <= fitting[other] for other in fit)
        found.setdefault(frozenset(fit if sure else {number}), []).extend(person.claims)
    return [_Person(tuple(sorted(c, key=lambda one: one.id)), apart=True) for c in found.values()]


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
