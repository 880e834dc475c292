"""The values of a report beside those of the exams before, as the page of an exam shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from gdtbridge.day.exam import ShownReport
from gdtbridge.trends import CurvePoint, EarlierExam, ExamTrends, ReportValue
from gdtbridge.web.pages.exams.drawing import CurveDrawing, sparkline
from gdtbridge.web.pages.exams.paths import curve_path
from gdtbridge.web.pages.formats import Formats

SPARK: Final = (72, 24)
"""Width and height of the small curve of a row."""
NOBODY: Final = ExamTrends("", frozenset())
"""What stands beside a report as long as nobody knows whose it is."""


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A value of a report, those of the exams before beside it, and where its curve is."""

    value: ReportValue
    before: tuple[CurvePoint | None, ...]
    apart: tuple[str, ...]
    """Sentences: what earlier exams have that is not joined with it."""
    spark: CurveDrawing | None
    href: str
    """Empty where it is the only value of its series."""
    count: int
    """Values of its series."""


@dataclass(frozen=True, slots=True)
class ValueTable:
    """The values of a report by group; ``day`` is empty for today's."""

    report: ShownReport
    day: str
    earlier: tuple[EarlierExam, ...]
    groups: tuple[tuple[str, tuple[ValueRow, ...]], ...]
    decided: bool
    """Whether it is decided whose the report is."""


@dataclass(frozen=True, slots=True)
class ValueTables:
    """Makes the tables of reports."""

    formats: Formats
    today: date

    def table(self, report: ShownReport, at: date, trends: ExamTrends | None) -> ValueTable:
        """Return the table of a report of an exam of that day; ``trends`` are its patient's."""
        decided = trends is not None and report.instance_id in trends.decided
        beside = trends if trends is not None and decided else NOBODY
        at = beside.at.date() if beside.at is not None else at
        groups = groupby(report.values, key=lambda one: one.heading)
        return ValueTable(
            report,
            "" if at == self.today else self.formats.day(at),
            beside.earlier,
            tuple(
                (heading, tuple(self._row(one, beside) for one in values))
                for heading, values in groups
            ),
            decided,
        )

    def _row(self, value: ReportValue, beside: ExamTrends) -> ValueRow:
        curve = beside.curves.get(value.series)
        count = len(curve.points) if curve is not None else 0
        before = tuple(
            curve.of_exam(one.exam_id) if curve is not None else None for one in beside.earlier
        )
        several = curve is not None and count > 1
        return ValueRow(
            value,
            before,
            tuple(self._apart(value, beside)),
            sparkline(curve, *SPARK) if curve is not None and several else None,
            curve_path(beside.number, value.series) if several else "",
            count,
        )

    def _apart(self, value: ReportValue, beside: ExamTrends) -> Iterator[str]:
        texts = self.formats.texts
        for one in beside.apart.get(value.series, ()):
            other = one.value
            why = "unit" if other.number_unit != value.number_unit else "method"
            if why == "method" and not other.method:
                why = "untold"
            yield texts(
                f"curve.apart.{why}",
                day=self.formats.day(one.at),
                value=f"{other.value} {other.unit}".rstrip(),
                method=other.method,
            )
