"""The values of a report beside those of before: of the decided patient alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gdtbridge.day.exam import ShownReport
from gdtbridge.language import Language
from gdtbridge.trends import Curve, EarlierExam, ExamTrends
from gdtbridge.web.pages.exams.values import ValueTable, ValueTables
from gdtbridge.web.pages.formats import Formats
from gdtbridge.web.pages.texts import texts_of
from tests.trends.values import point

TODAY = date(2026, 11, 30)
BEFORE, NOW = point(100, Decimal(12), exam_id=1), point(400, Decimal(13), exam_id=2)
REPORT = 7


def table_of(trends: ExamTrends | None) -> ValueTable:
    """Return the table of a report with one value."""
    report = ShownReport(REPORT, 1, "", "", values=(NOW.value,))
    return ValueTables(Formats(texts_of(Language.GERMAN)), TODAY).table(report, TODAY, trends)


def trends_of(*decided: int) -> ExamTrends:
    """Return the values of a patient, of whose exam these instances are decided on."""
    curve, earlier = Curve("X", (BEFORE, NOW)), (EarlierExam(1, BEFORE.at),)
    return ExamTrends("4711", frozenset(decided), NOW.at, {"X": curve}, earlier)


@pytest.mark.parametrize("trends", [None, trends_of(), trends_of(REPORT + 1)])
def test_nothing_stands_beside_a_report_that_is_not_decided(trends: ExamTrends | None) -> None:
    """Though the rest of the exam may be."""
    table = table_of(trends)
    ((_, (row,)),) = table.groups
    assert (table.decided, table.earlier) == (False, ())
    assert (row.before, row.apart, row.href, row.spark) == ((), (), "", None)


def test_what_is_decided_stands_beside_the_earlier_values() -> None:
    """Under the day of its exam, which is not today's."""
    table = table_of(trends_of(REPORT))
    ((_, (row,)),) = table.groups
    assert (table.decided, table.day) == (True, "04.02.2021")
    assert row.before == (BEFORE,)
    assert row.href == "/verlauf?nr=4711&wert=X"
    assert row.count == 2
