"""The decision maker: what of the evidence reaches the columns of the table."""

from __future__ import annotations

import pytest

from gdtbridge.exams.dates import DateRule
from gdtbridge.exams.decision import DecisionMaker
from gdtbridge.exams.decision_table import Number, Word
from gdtbridge.exams.patient_numbers import NumberRule
from gdtbridge.settings import ExamSettings
from tests.tools.claims import claim, evidence

MAKER = DecisionMaker(ExamSettings(), NumberRule(), DateRule(ExamSettings()))


@pytest.mark.parametrize(
    ("study_dates", "number"),
    [
        (["20100101"], Number.UNFIT),
        (["2010.01.01"], Number.UNFIT),
        (["20261130", "20100101"], Number.UNFIT),
        (["20261130"], Number.FITS),
        (["", "00000000"], Number.FITS),
    ],
)
def test_a_number_is_measured_by_the_devices_own_clock(
    study_dates: list[str], number: Number
) -> None:
    """A clock that is years off dates the number it invents as it dates the study."""
    claims = [
        claim(id_, "1001010255", "Form^Frida", study_date=day)
        for id_, day in enumerate(study_dates, start=1)
    ]

    (decision,) = MAKER.decide(evidence(claims))

    assert decision.situation.number is number


def test_a_confirmed_number_is_confirmed_of_one_person_alone() -> None:
    """Who knows that a number is another person's says so of each of an exam's people."""
    said = {"word": "943"}
    claims = [
        claim(1, "941", "Erste^Erna", "19580312", confirmed=True, **said),
        claim(2, "942", "Zweite^Zenzi", "19700101", person=2, **said),
    ]

    first, second = MAKER.decide(evidence(claims))

    assert first.situation.word is Word.CONFIRMED
    assert second.situation.word is Word.NAMED
