"""The date of an exam: how far it is from order and receipt, and what is told of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.exams.dates import DateFinding, DateRule, DateStanding
from gdtbridge.settings import ExamSettings

MONDAY = date(2026, 11, 30)
FRIDAY = date(2026, 11, 27)
NEAR, TOLD, FAR, MISSING = DateStanding


def judged(
    study_date: str, order_day: date | None = MONDAY, received: date = MONDAY
) -> DateFinding:
    """Return the finding with the default settings."""
    return DateRule(ExamSettings()).judge(study_date, order_day, received)


@pytest.mark.parametrize(
    ("study_date", "order_day", "received", "standing", "away"),
    [
        ("20261130", MONDAY, MONDAY, NEAR, 0),
        ("20261130", None, MONDAY, NEAR, 0),
        ("2026.11.30", MONDAY, MONDAY, NEAR, 0),  # ACR-NEMA
        (" 20261130 ", MONDAY, MONDAY, NEAR, 0),
        ("20261127", FRIDAY, MONDAY, NEAR, 0),  # offline over the weekend
        ("20261130", date(2026, 9, 1), MONDAY, NEAR, 0),  # ordered long before
        ("20261128", MONDAY, MONDAY, NEAR, 2),
        ("20261202", MONDAY, MONDAY, NEAR, 2),
        ("20261127", MONDAY, MONDAY, TOLD, 3),
        ("20261127", None, MONDAY, TOLD, 3),
        ("20261203", FRIDAY, MONDAY, TOLD, 3),
        ("20261031", MONDAY, MONDAY, TOLD, 30),
        ("20261030", MONDAY, MONDAY, FAR, 31),
        ("20000101", MONDAY, MONDAY, FAR, 9830),
        ("20991231", MONDAY, MONDAY, FAR, 26694),
    ],
)
def test_the_nearer_of_order_and_receipt_counts(
    study_date: str, order_day: date | None, received: date, standing: DateStanding, away: int
) -> None:
    """Limits belong to what is still near."""
    found = judged(study_date, order_day, received)

    assert (found.standing, found.days_away) == (standing, away)


@pytest.mark.parametrize(
    "text", ["", "  ", "2026", "202611", "20260231", "00000000", "20261130-20261201", "heute", "\0"]
)
def test_a_date_that_cannot_be_read_is_none(text: str) -> None:
    """Then the day of the receipt is written, and the record tells it."""
    remark = "Ohne Untersuchungsdatum, Tag des Empfangs."

    assert judged(text, FRIDAY) == DateFinding(MISSING, MONDAY, None, remark)


def test_a_far_date_is_written_as_sent_and_told() -> None:
    """Both days stand in the remark, for a record that a person releases too."""
    found = judged("20000101")

    assert found.day == date(2000, 1, 1)
    assert found.remark == (
        "Untersuchungsdatum laut Gerät 01.01.2000, empfangen am 30.11.2026: Geräteuhr prüfen."
    )
    assert judged("20261126").remark.startswith("Untersuchungsdatum laut Gerät 26.11.2026")


def test_a_near_date_is_not_told() -> None:
    """Most records have no remark."""
    assert judged("20261130") == DateFinding(NEAR, MONDAY, 0, "")


@pytest.mark.parametrize(
    ("settings", "standing"),
    [
        ({"date_hold_days": 0}, TOLD),
        ({"date_remark_days": 0}, FAR),
        ({"date_remark_days": 0, "date_hold_days": 0}, NEAR),
        ({"date_hold_days": 10000}, TOLD),
        ({"date_remark_days": 10000, "date_hold_days": 0}, NEAR),
    ],
)
def test_the_practice_sets_both_limits(settings: dict[str, int], standing: DateStanding) -> None:
    """Zero is never."""
    rule = DateRule(ExamSettings.model_validate(settings))

    assert rule.judge("20000101", MONDAY, MONDAY).standing == standing


@pytest.mark.law
@given(st.text() | st.dates().map("{:%Y%m%d}".format), st.none() | st.dates(), st.dates())
def test_every_text_is_judged(text: str, order_day: date | None, received: date) -> None:
    """Whatever a device sends there is a day to write, and a remark unless it is near."""
    found = judged(text, order_day, received)

    assert bool(found.remark) == (found.standing is not NEAR)
    if found.days_away is None:
        assert (found.standing, found.day) == (MISSING, received)
    else:
        known = [received] if order_day is None else [order_day, received]
        assert timedelta(found.days_away) == min(abs(found.day - day) for day in known)
