"""Which order the accession number of an object leads to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gdtbridge.exams.evidence import ExamEvidence
from tests.tools.claims import DAY, claim, evidence, order

ERNA = ("941", "Erste^Erna", "19580312")
SENT = {"accession_number": "15"}
MEANT = order("R0000000015", *ERNA)
NOON = datetime.combine(DAY, datetime.min.time()) + timedelta(hours=12)


def typed(*said: str, day: int = 0, study_day: int = 0, word: str = "") -> ExamEvidence:
    """Return an exam with a number typed by hand, an order so many days off, and who is said."""
    when = f"{DAY + timedelta(study_day):%Y%m%d}"
    meant = order("R0000000015", *ERNA, scheduled=NOON + timedelta(day))
    one = claim(1, *(said or ERNA), study_date=when, word=word, **SENT)
    return evidence([one], typed={"15": meant})


LEADS = {
    "the order of the patient and the day": (typed(), "R0000000015"),
    "of a married name": (typed("941", "Andere^Erna", "19580312"), "R0000000015"),
    "of a number alone": (typed("941"), "R0000000015"),
    "of the day of the study, received later": (typed(day=-2, study_day=-2), "R0000000015"),
    "of the day of receipt, by a wrong clock": (typed(study_day=-900), "R0000000015"),
    "of the number somebody said": (typed("", "NOTFALL^1", word="941"), "R0000000015"),
    "another number": (typed("942", *ERNA[1:]), ""),
    "another number than somebody said": (typed(*ERNA, word="942"), ""),
    "no number": (typed("", *ERNA[1:]), ""),
    "another person of the number": (typed("941", "Zweite^Zenzi", "19700101"), ""),
    "another day": (typed(day=1), ""),
    "the day before": (typed(day=-1), ""),
    "the very number first": (
        evidence([claim(1, *ERNA, **SENT)], orders=[order("15", *ERNA)], typed={"15": MEANT}),
        "15",
    ),
    "the very number, whoever it is for": (
        evidence([claim(1, *ERNA, **SENT)], orders=[order("15", "942")], typed={"15": MEANT}),
        "15",
    ),
    "nobody's number": (evidence([claim(1, *ERNA, **SENT)]), ""),
    "no number of an order": (evidence([claim(1, *ERNA)], typed={"15": MEANT}), ""),
}


@pytest.mark.parametrize(("found", "accession"), LEADS.values(), ids=LEADS)
def test_a_number_leads_to_an_order(found: ExamEvidence, accession: str) -> None:
    """One typed by hand only where patient and day fit as well; the very number always."""
    (one,) = found.claims
    own = found.own_order(one)
    assert (own.accession_number if own else "") == accession


def test_an_object_leads_to_the_studys_order_as_well() -> None:
    """Study UID and accession number may name two orders, or one twice."""
    of_study, other = order("S", *ERNA), order("A1", *ERNA)
    both = evidence([claim(1, accession_number="A1")], by_study=of_study, orders=[other])
    assert both.orders_of(both.claims[0]) == [of_study, other]
    once = evidence([claim(1, accession_number="S")], by_study=of_study, orders=[of_study])
    assert once.orders_of(once.claims[0]) == [of_study]
