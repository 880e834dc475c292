"""Which claims of an exam are of one person: a table, and laws for whatever devices claim."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.exams.grouping import group
from gdtbridge.exams.model import Claim, ClaimState
from gdtbridge.people import agree, are_two
from tests.tools.claims import claim

ERNA = ("941", "Erste^Erna", "19580312")
ERNA_MARRIED = ("941", "Andere^Erna", "19580312")
ERNA_LATER = ("941", "Andere^Erna", "19700101")
ZENZI = ("942", "Zweite^Zenzi", "19700101")
OTHER_941 = ("941", "Dritte^Doris", "19650505")
NOBODY = ("", "", "")

GROUPS = {
    "several numbers": ([ERNA, ZENZI, ERNA], "ABA"),
    "one number, one description with less": ([ERNA, ("941", "", ""), ("941", "Erste", "")], "AAA"),
    "one number, one difference": ([ERNA, ERNA_MARRIED], "AA"),
    "one number, two persons": ([ERNA, OTHER_941], "AB"),
    "one number, and who of two may be meant": ([ERNA, OTHER_941, ("941", "", "")], "ABC"),
    "one number, and one between two": ([ERNA, ERNA_MARRIED, ERNA_LATER], "ABC"),
    "no number, nothing at all, one person": ([ERNA, NOBODY], "AA"),
    "no number, nothing at all, two persons": ([ERNA, ZENZI, NOBODY], "ABC"),
    "no number, the name of one": ([ERNA, ZENZI, ("", "ERSTE^ERNA", "19580312")], "ABA"),
    "no number, the name in other letters": (
        [("941", "Müller^Änne", "19580312"), ("", "MUELLER^A", "19580312")],
        "AA",
    ),
    "no number, family name alone": ([ERNA, ("", "Erste", "")], "AA"),
    "no number, birth date alone": ([ERNA, ("", "", "19580312")], "AA"),
    "no number, another birth date": ([ERNA, ("", "Erste^Erna", "19700101")], "AB"),
    "no number, another family name": ([ERNA, ("", "Zweite^Zenzi", "")], "AB"),
    "no number, another name of the same day": ([ERNA, ("", "Zweite^Erna", "19580312")], "AB"),
    "no number, the twin": ([ERNA, ("", "Erste^Hans", "19580312")], "AB"),
    "no number, one of two names under one": (
        [ERNA, ERNA_MARRIED, ("", "Erste^Erna", "19580312")],
        "AAA",
    ),
    "an emergency in somebody's study": ([ERNA, ("", "NOTFALL^1", "")], "AB"),
    "an emergency beside a number": ([("941", "", ""), ("", "NOTFALL^1", "")], "AB"),
    "an emergency, and one who may be that or the other": (
        [ERNA, ("", "NOTFALL^1", ""), NOBODY],
        "ABC",
    ),
    "an emergency for two orders": ([("", "NOTFALL^1", "")] * 2, "AA"),
    "an emergency and an object without a name": ([("", "NOTFALL^1", ""), NOBODY], "AA"),
    "two emergencies": ([("", "NOTFALL^1", ""), ("", "NOTFALL^2", "")], "AB"),
    "an emergency that got a number": ([("941", "NOTFALL^1", ""), ("", "NOTFALL^1", "")], "AA"),
    "one person without a number": ([("", "Erste^Erna", "19580312"), ("", "Erste", "")], "AA"),
    "numbers written otherwise": ([ERNA, ("0941", *ERNA[1:])], "AB"),
}


def numbered(descriptions: list[tuple[str, str, str]]) -> list[Claim]:
    """Return a new claim for each description, with an accession number of its own."""
    return [
        claim(i, *said, accession_number=f"A{i}", person=0)
        for i, said in enumerate(descriptions, 1)
    ]


@pytest.mark.parametrize(("descriptions", "people"), GROUPS.values(), ids=GROUPS)
def test_claims_are_of_one_person(descriptions: list[tuple[str, str, str]], people: str) -> None:
    """What a number, a name or nothing at all joins; each letter is a person."""
    found = group(numbered(descriptions))
    assert found == {i: "ABC".index(letter) + 1 for i, letter in enumerate(people, 1)}


SETTLED: dict[str, Any] = {"state": ClaimState.SETTLED}
HELD: dict[str, Any] = {"state": ClaimState.HELD, "held_because": "several-patients"}

DECIDED = {
    "what was sent stays together": (
        [claim(1, *ERNA, **SETTLED), claim(2, *OTHER_941, **SETTLED)],
        {1: 1, 2: 1},
    ),
    "a later object of whom was reported": (
        [claim(1, *ERNA, number="941", **SETTLED), claim(2, "941", person=0)],
        {1: 1, 2: 1},
    ),
    "a later object of the number it was reported under": (
        [claim(1, "", *ERNA[1:], number="941", **SETTLED), claim(2, *ERNA, person=0)],
        {1: 1, 2: 1},
    ),
    "a later object of the number somebody said": (
        [claim(1, *ZENZI, word="941", **HELD), claim(2, "941", "Zweite^Zenzi", person=0)],
        {1: 1, 2: 1},
    ),
    "a later object of another person under that number": (
        [claim(1, *ZENZI, word="941", **HELD), claim(2, *ERNA, person=0)],
        {1: 1, 2: 2},
    ),
    "two persons released to one number, and a later object of it": (
        [
            claim(1, *ERNA, word="941", **HELD),
            claim(2, *ZENZI, word="941", person=2, **HELD),
            claim(3, "941", person=0),
        ],
        {1: 1, 2: 2, 3: 3},
    ),
    "who was sent without a name, and two who may be meant": (
        [
            claim(1, "941", number="941", **SETTLED),
            claim(2, *ERNA, person=0),
            claim(3, *OTHER_941, person=0),
        ],
        {1: 1, 2: 2, 3: 3},
    ),
    "an emergency after somebody was reported": (
        [claim(1, *ERNA, number="941", **SETTLED), claim(2, "", "NOTFALL^1", person=0)],
        {1: 1, 2: 2},
    ),
    "an emergency released to a number": (
        [
            claim(1, "", "NOTFALL^1", word="941", **HELD),
            claim(2, "", "NOTFALL^1", accession_number="A2", person=0),
        ],
        {1: 1, 2: 1},
    ),
    "what was discarded has no person, and its number is nobody else's": (
        [claim(1, *ERNA), claim(2, *ZENZI, person=2, state=ClaimState.DISCARDED), claim(3, "943")],
        {1: 1, 3: 3},
    ),
    "a person who turns out to be two keeps the number of the oldest claim": (
        [claim(1, *ERNA), claim(2, "941"), claim(3, *OTHER_941, person=0)],
        {1: 1, 2: 2, 3: 3},
    ),
}


@pytest.mark.parametrize(("claims", "people"), DECIDED.values(), ids=DECIDED)
def test_what_was_decided_stays(claims: list[Claim], people: dict[int, int]) -> None:
    """Claims sent or released keep their person; later ones join where nothing speaks against."""
    assert group(claims) == people


DESCRIPTIONS = st.tuples(
    st.sampled_from(["", "941", "942"]),
    st.sampled_from(
        ["", "Erste^Erna", "ERSTE", "Erste^Hans", "Erste-Zweite^Erna", "Zweite^Zenzi", "NOTFALL^1"]
    ),
    st.sampled_from(["", "19580312", "19700101", "19000101"]),
)


def people_of(claims: list[Claim]) -> set[frozenset[tuple[str, str]]]:
    """Return what the claims of each person say: name and accession number tell them apart."""
    found: dict[int, set[tuple[str, str]]] = {}
    by_id = {one.id: one for one in claims}
    for number, person in group(claims).items():
        one = by_id[number]
        found.setdefault(person, set()).add((one.patient_name, one.accession_number))
    return {frozenset(said) for said in found.values()}


@given(st.lists(DESCRIPTIONS, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    descriptions: list[tuple[str, str, str]], chance: Random
) -> None:
    """A device that sends the same objects in another order gets the same people."""
    claims = numbered(descriptions)
    numbers = [one.id for one in claims]
    chance.shuffle(numbers)
    others = [replace(one, id=number) for one, number in zip(claims, numbers, strict=True)]
    assert people_of(claims) == people_of(others)
    assert group(claims) == group(claims[::-1])


@given(st.lists(DESCRIPTIONS, max_size=8))
def test_nobody_is_two_persons(descriptions: list[tuple[str, str, str]]) -> None:
    """Of two claims of a person none is of somebody else; without a number one agrees at least."""
    claims = numbered(descriptions)
    found = group(claims)
    assert found.keys() == {one.id for one in claims}
    for one, other in combinations(claims, 2):
        if found[one.id] != found[other.id]:
            continue
        assert not are_two(one.patient, other.patient)
        assert one.patient_id == other.patient_id or "" in {one.patient_id, other.patient_id}
    for one in claims:
        same = [o for o in claims if found[o.id] == found[one.id] and o.id != one.id]
        if not one.patient_id and same:
            assert any(agree(one.patient, other.patient) for other in same)


@given(st.lists(DESCRIPTIONS, max_size=5), st.lists(DESCRIPTIONS, max_size=4))
def test_people_keep_their_numbers(
    before: list[tuple[str, str, str]], later: list[tuple[str, str, str]]
) -> None:
    """A number somebody was shown is not another's when more arrives, nor when nothing does."""
    known = group(numbered(before))
    claims = [replace(one, person=known.get(one.id, 0)) for one in numbered(before + later)]
    again = group(claims[: len(before)])
    assert again == known
    found = group(claims)
    for person in set(known.values()):
        before_them = {number for number in known if known[number] == person}
        holders = {number for number in found if found[number] == person}
        assert not holders or holders & before_them  # two may have become one


@given(st.lists(DESCRIPTIONS, min_size=1, max_size=4), st.lists(DESCRIPTIONS, max_size=4))
def test_what_was_sent_keeps_its_person(
    sent: list[tuple[str, str, str]], later: list[tuple[str, str, str]]
) -> None:
    """Whatever comes: the claims of results stay together, apart from others, and numbered."""
    known = group(numbered(sent))
    settled = [
        replace(one, person=known[one.id], state=ClaimState.SETTLED, number=one.patient_id)
        for one in numbered(sent)
    ]
    found = group([*settled, *numbered(sent + later)[len(sent) :]])
    assert {number: found[number] for number in known} == known


@given(DESCRIPTIONS, DESCRIPTIONS)
def test_agreeing_is_mutual_and_never_of_two(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    """Who agrees with a description is not surely another person."""
    first, second = claim(1, *one).patient, claim(2, *other).patient
    assert agree(first, second) == agree(second, first)
    assert not (agree(first, second) and are_two(first, second))
    assert agree(first, first)
