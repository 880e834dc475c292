"""What a later report says that was not said before."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from gdtbridge.gdt.write.results import Revision
from gdtbridge.results.revision import NewValues, SentValue, news_of, read, values_of, written
from gdtbridge.sr import Measurement, Report

FIRST = Measurement("LVIDD1", "LVIDd", Decimal("4.20"), "cm", "29436-3", "LN")
SECOND = Measurement("IVSD1", "IVSd", Decimal("1"), "cm", "18154-5", "LN")


def report(*measurements: Measurement) -> Report:
    """Return a report of these measurements."""
    return Report("", "", "", None, "", "", None, None, measurements, ())


def test_of_an_exam_without_values_everything_is_new() -> None:
    """The first report is no supplement."""
    assert news_of({}, report(FIRST, SECOND)) == NewValues(Revision.FIRST, (0, 1), {})


@pytest.mark.parametrize(
    ("now", "news"),
    [
        ((FIRST,), NewValues(Revision.SUPPLEMENT, (), {})),
        ((FIRST, SECOND), NewValues(Revision.SUPPLEMENT, (1,), {})),
        ((replace(FIRST, value=Decimal("4.2")),), NewValues(Revision.SUPPLEMENT, (), {})),
        (
            (replace(FIRST, value=Decimal("4.3")), SECOND),
            NewValues(Revision.CORRECTION, (0, 1), {0: SentValue("4.2", "cm")}),
        ),
        (
            (replace(FIRST, unit="mm"),),
            NewValues(Revision.CORRECTION, (0,), {0: SentValue("4.2", "cm")}),
        ),
        (
            (replace(FIRST, value=Decimal("42.0"), unit="mm"),),
            NewValues(Revision.SUPPLEMENT, (), {}),
        ),
        (
            (replace(FIRST, unit="furlong"),),
            NewValues(Revision.CORRECTION, (0,), {0: SentValue("4.2", "cm")}),
        ),
    ],
    ids=["same", "one more", "digits", "another value", "another unit", "as much", "unknown unit"],
)
def test_what_is_new_in_a_later_report(now: tuple[Measurement, ...], news: NewValues) -> None:
    """A value counts as sent in every unit that is exactly as much, and in no other."""
    assert news_of(values_of(report(FIRST)), report(*now)) == news


def test_what_was_sent_outlives_the_process() -> None:
    """Of several reports the last that had a value counts."""
    texts = [written(values_of(report(FIRST, SECOND))), "", written(values_of(report(FIRST)))]
    assert read(texts) == values_of(report(FIRST, SECOND))
