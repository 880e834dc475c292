"""From claims, orders and what was sent before to results: which chart, which order, which name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from gdtbridge.exams.dates import DateRule
from gdtbridge.exams.decision import DecisionMaker
from gdtbridge.exams.evidence import ExamEvidence
from gdtbridge.exams.model import ClaimState
from gdtbridge.exams.patient_numbers import NumberRule
from gdtbridge.exams.plan import NAME_DIFFERS, PlannedResult, plan
from gdtbridge.settings import ExamSettings
from tests.tools.claims import DAY, claim, evidence, order, result

DATES = DateRule(ExamSettings())
MAKER = DecisionMaker(ExamSettings(), NumberRule(), DATES)
ERNA = ("941", "Erste^Erna", "19580312")
ZENZI = ("942", "Zweite^Zenzi", "19700101")
A1, A2 = order("A1", *ERNA), order("A2", *ERNA)
OF_STUDY = order("S", *ERNA)
ZENZIS = order("Z", *ZENZI)


def of_erna(id_: int, accession: str = "", **said: Any) -> Any:
    """Return a claim that names Erna and an accession number."""
    return claim(id_, *ERNA, accession_number=accession, **said)


def of_zenzi(id_: int, accession: str = "", **said: Any) -> Any:
    """Return a claim of the exam's other person."""
    return claim(id_, *ZENZI, accession_number=accession, **{"person": 2} | said)


def sent(number: str, accession: str = "") -> dict[str, Any]:
    """Return what a claim is whose result was sent."""
    return {"state": ClaimState.SETTLED, "number": number, "order_number": accession}


def planned(found: ExamEvidence) -> tuple[PlannedResult, ...]:
    """Return the results the decision table and the plan make of an exam."""
    return plan(found, MAKER.decide(found), DATES)


Shares = dict[tuple[str, str], tuple[int, ...]]
NAMED = {"state": ClaimState.HELD, "held_because": "several-patients"}

PLANS: dict[str, tuple[ExamEvidence, Shares]] = {
    "no order": (evidence([of_erna(1)]), {("941", ""): (1,)}),
    "an order by its number": (evidence([of_erna(1, "A1")], orders=[A1]), {("941", "A1"): (1,)}),
    "two orders of one patient": (
        evidence([of_erna(1, "A1"), of_erna(2, "A2")], orders=[A1, A2]),
        {("941", "A1"): (1,), ("941", "A2"): (2,)},
    ),
    "a blank number is filled by what other objects name": (
        evidence([of_erna(1), of_erna(2, "A1")], orders=[A1]),
        {("941", "A1"): (1, 2)},
    ),
    "a blank number among two orders is the first one's": (
        evidence([of_erna(1), of_erna(2, "A2"), of_erna(3, "A1")], orders=[A1, A2]),
        {("941", "A2"): (1, 2), ("941", "A1"): (3,)},
    ),
    "the order that gave the study its UID": (
        evidence([of_erna(1)], by_study=OF_STUDY),
        {("941", "S"): (1,)},
    ),
    "a blank number is the study's order's, not another's": (
        evidence([of_erna(1), of_erna(2, "A1")], by_study=OF_STUDY, orders=[A1]),
        {("941", "S"): (1,), ("941", "A1"): (2,)},
    ),
    "the study's order has a result where all objects name another": (
        evidence([of_erna(1, "A1")], by_study=OF_STUDY, orders=[A1]),
        {("941", "A1"): (1,), ("941", "S"): ()},
    ),
    "that result comes once": (
        evidence(
            [of_erna(1, "A1", **sent("941", "A1")), of_erna(2, "A2")],
            by_study=OF_STUDY,
            orders=[A1, A2],
            results=[result("941", "A1"), result("941", "S", 2)],
        ),
        {("941", "A1"): (1,), ("941", "A2"): (2,)},
    ),
    "a number nobody knows": (evidence([of_erna(1, "X1")]), {("941", ""): (1,)}),
    "two numbers nobody knows": (
        evidence([of_erna(1, "X1"), of_erna(2, "X2")]),
        {("941", ""): (1, 2)},
    ),
    "a number nobody knows beside one that is known": (
        evidence([of_erna(1, "X1"), of_erna(2, "A1")], orders=[A1]),
        {("941", "A1"): (1, 2)},
    ),
    "a number typed by hand": (
        evidence([of_erna(1, "15")], typed={"15": order("R0000000015", *ERNA)}),
        {("941", "R0000000015"): (1,)},
    ),
    "the one open order that fits": (
        evidence([of_erna(1)], waiting=[order("W", *ERNA)]),
        {("941", "W"): (1,)},
    ),
    "the one open order also of a number nobody knows": (
        evidence([of_erna(1, "X1")], waiting=[order("W", *ERNA)]),
        {("941", "W"): (1,)},
    ),
    "no open order beside one that is named": (
        evidence([of_erna(1, "A1"), of_erna(2)], orders=[A1], waiting=[order("W", *ERNA)]),
        {("941", "A1"): (1, 2)},
    ),
    "several open orders": (
        evidence([of_erna(1)], waiting=[order("W", *ERNA), order("V", *ERNA, id=2)]),
        {},
    ),
    "the open order of another station": (
        evidence([of_erna(1)], waiting=[order("W", *ERNA, station="US02")]),
        {("941", ""): (1,)},
    ),
    "the open order of another day": (
        evidence(
            [of_erna(1)],
            waiting=[order("W", *ERNA, scheduled=datetime.combine(DAY, datetime.min.time()))],
        ),
        {("941", "W"): (1,)},
    ),
    "the open order of tomorrow": (
        evidence(
            [of_erna(1)],
            waiting=[
                order(
                    "W",
                    *ERNA,
                    scheduled=datetime.combine(DAY + timedelta(1), datetime.min.time()),
                )
            ],
        ),
        {("941", ""): (1,)},
    ),
    "an open order another exam has met": (
        evidence([of_erna(1)], waiting=[order("W", *ERNA, arrived=True)]),
        {("941", ""): (1,)},
    ),
    "an open order on another program's list": (
        evidence([of_erna(1)], waiting=[order("W", *ERNA, id=0)]),
        {("941", ""): (1,)},
    ),
    "an open order a person said is not meant": (
        evidence([of_erna(1, unmatched=True)], waiting=[order("W", *ERNA)]),
        {("941", ""): (1,)},
    ),
    "the order of another patient": (evidence([of_erna(1, "Z")], orders=[ZENZIS]), {}),
    "two patients": (evidence([of_erna(1), of_zenzi(2)]), {}),
    "two patients under the order of one": (
        evidence([of_erna(1), of_zenzi(2)], by_study=OF_STUDY),
        {},
    ),
    "one of them released under her own number": (
        evidence([of_erna(1), of_zenzi(2, word="942", **NAMED)], by_study=OF_STUDY),
        {("942", ""): (2,)},
    ),
    "the other one released then": (
        evidence(
            [of_erna(1, word="941", **NAMED), of_zenzi(2, **sent("942"))],
            by_study=OF_STUDY,
            results=[result("942")],
        ),
        {("941", "S"): (1,), ("942", ""): (2,)},
    ),
    "released to the patient of the study's order": (
        evidence([of_zenzi(1, word="941", confirmed=True, **NAMED)], by_study=OF_STUDY),
        {("941", "S"): (1,)},
    ),
    "released away from the patient whose order it names": (
        evidence([of_erna(1, "Z", word="941", confirmed=True, **NAMED)], orders=[ZENZIS]),
        {("941", ""): (1,)},
    ),
    "released away from the patient of the study's order": (
        evidence([of_erna(1, word="941", confirmed=True, **NAMED)], by_study=ZENZIS),
        {("941", ""): (1,)},
    ),
    "later, without a number of its own": (
        evidence(
            [of_erna(1, "A1", **sent("941", "A1")), of_erna(2)],
            orders=[A1],
            results=[result("941", "A1")],
        ),
        {("941", "A1"): (1, 2)},
    ),
    "later, for a second order": (
        evidence(
            [of_erna(1, "A1", **sent("941", "A1")), of_erna(2, "A2")],
            orders=[A1, A2],
            results=[result("941", "A1")],
        ),
        {("941", "A1"): (1,), ("941", "A2"): (2,)},
    ),
    "later, the first to name an order": (
        evidence(
            [of_erna(1, **sent("941")), of_erna(2, "A1")], orders=[A1], results=[result("941")]
        ),
        {("941", ""): (1,), ("941", "A1"): (2,)},
    ),
    "later, an open order that came after the result": (
        evidence(
            [of_erna(1, **sent("941")), of_erna(2, "X1")],
            waiting=[order("W", *ERNA)],
            results=[result("941")],
        ),
        {("941", ""): (1, 2)},
    ),
    "later, of somebody else": (
        evidence([of_erna(1, **sent("941")), of_zenzi(2)], results=[result("941")]),
        {("941", ""): (1,)},
    ),
    "discarded": (
        evidence([of_erna(1), of_zenzi(2, state=ClaimState.DISCARDED)]),
        {("941", ""): (1,)},
    ),
}


@pytest.mark.parametrize(("found", "shares"), PLANS.values(), ids=PLANS)
def test_each_claim_goes_to_one_result(found: ExamEvidence, shares: Shares) -> None:
    """Chart and order of every claim; what is held goes nowhere."""
    results = planned(found)
    assert {(one.number, one.accession_number): one.claims for one in results} == shares
    assert len(results) == len(shares)
    for one in results:
        assert (one.order.accession_number if one.order else "") == one.accession_number


@pytest.mark.parametrize(("found", "shares"), PLANS.values(), ids=PLANS)
def test_a_result_that_was_sent_is_known(found: ExamEvidence, shares: Shares) -> None:
    """What goes to chart and order of a result is a supplement of that one, else a result anew."""
    before = {(one.patient_id, one.accession_number): one for one in found.results}
    results = planned(found)
    assert len(results) == len(shares)
    for one in results:
        assert one.known == before.get((one.number, one.accession_number))


def test_a_result_without_objects_has_the_facts() -> None:
    """The record of the study's own order says what was examined, and when."""
    facts = {"study_description": "Schilddrüse", "study_date": "20261130", "study_time": "1030"}
    found = evidence([of_erna(1, "A1", **facts)], by_study=OF_STUDY, orders=[A1])
    alone = planned(found)[-1]
    assert (alone.accession_number, alone.claims) == ("S", ())
    told = alone.exam
    assert (told.study_description, told.study_date, told.study_time) == tuple(facts.values())


def test_facts_of_one_person_never_travel_with_another() -> None:
    """Description, date and accession number in a record are of its own person's objects."""
    hers = {"study_description": "Mamma", "study_date": "20261129", "word": "942", **NAMED}
    found = evidence([of_erna(1, "X1", study_description="Abdomen"), of_zenzi(2, **hers)])
    (one,) = planned(found)
    assert (one.exam.study_description, one.exam.study_date) == ("Mamma", "20261129")
    assert (one.shown_accession, one.exam.instances) == ("", 1)


def test_a_number_nobody_knows_is_shown() -> None:
    """The record has the device's number where no order was met, else the order's."""
    (unknown,) = planned(evidence([of_erna(1, "X1")]))
    assert unknown.shown_accession == "X1"
    (met,) = planned(evidence([of_erna(1, "X1")], by_study=OF_STUDY))
    assert met.shown_accession == "S"


REMARKS = {
    "the same": (ERNA, ERNA, False),
    "capitals": (("941", "ERSTE^ERNA", "19580312"), ERNA, False),
    "other letters": (
        ("941", "MUELLER^AENNE", "19580312"),
        ("941", "Müller^Änne", "19580312"),
        False,
    ),
    "less": (("941", "", ""), ERNA, False),
    "no birth date": (("941", "Erste^Erna", "19000101"), ERNA, False),
    "married": (("941", "Andere^Erna", "19580312"), ERNA, True),
    "another birth date": (("941", "Erste^Erna", "19580313"), ERNA, True),
    "an emergency": (("941", "NOTFALL^1", ""), ERNA, False),
}


@pytest.mark.parametrize(("device", "ordered", "told"), REMARKS.values(), ids=REMARKS)
def test_a_name_that_differs_is_told(
    device: tuple[str, str, str], ordered: tuple[str, str, str], *, told: bool
) -> None:
    """The record says that the device called the person otherwise, not that it wrote otherwise."""
    found = evidence([claim(1, *device)], by_study=order("S", *ordered))
    (one,) = planned(found)
    assert (NAME_DIFFERS in one.remarks) is told
    assert one.patient.person_name == ordered[1]


def test_no_name_differs_from_none() -> None:
    """A number somebody said, of which nothing is known, has no name to differ from."""
    (one,) = planned(evidence([claim(1, "", "NOTFALL^1", word="941", **NAMED)]))
    assert (one.patient.id, one.patient.person_name, one.remarks) == ("941", "", ())


def test_an_order_that_became_somebody_elses_is_named_no_more() -> None:
    """It was met, then corrected to another patient: a late record does not bear its number."""
    now = order("A1", *ZENZI)
    settled = of_erna(1, "A1", **sent("941", "A1"))
    (late,) = planned(evidence([settled], orders=[now], results=[result("941", "A1")]))
    assert (late.order, late.shown_accession) == (None, "")
    assert late.known is not None
