"""The measurements of a report as tests of a GDT record: under whose names, in which units."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from gdtbridge.catalogue import remarks
from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.catalogue.chart_value import ChartValue
from gdtbridge.catalogue.names import fitted
from gdtbridge.catalogue.presentation import present, present_all
from gdtbridge.catalogue.rows import NAME_LENGTH
from gdtbridge.catalogue.statements import present_statements, statement_text
from gdtbridge.catalogue.untold import MOST_NAMED, listed
from gdtbridge.catalogue.wording import title_parts
from gdtbridge.gdt.write.results import NormalRange, TestValue, TextResult
from gdtbridge.results.revision import NewValues, SentValue
from gdtbridge.settings import TestIds, Unknown
from gdtbridge.sr import Measurement, Report, predecessor_ids
from gdtbridge.sr.codes import normal
from gdtbridge.sr.model import Code, MeasurementProperty, ReportStatement

log = logging.getLogger(__name__)

ChartOrder = tuple[int, ...]
"""As in `ChartValue`."""

Conversion = Callable[[Decimal, str], Decimal | None]
"""Turns a number of some unit (UCUM) into the unit of a value; None where that cannot be."""

OVERTAKEN: Final = "Älterer Bericht des Geräts, erst jetzt angekommen; es gilt der neuere"
NORMAL_FROM: Final = ("SCT", "385524004")
NORMAL_TO: Final = ("SCT", "371933006")
NORMAL_TEXT: Final = ("DCM", "121407")
"""Normal range of a value: lower limit, upper limit, description (PS3.16 TID 310, CID 223)."""


@dataclass(frozen=True, slots=True)
class TestValueBuilder:
    """How one practice software gets its values (``gdt.test_ids``, ``gdt.unknown``).

    ``predecessor_names`` says whether a value the predecessor system wrote keeps its name and unit
    of there, ``fetal_sex`` whether the sex of a fetus is told.
    """

    catalogue: Catalogue
    scheme: TestIds
    unknown: Unknown
    predecessor_names: bool
    fetal_sex: bool = False

    def results(self, report: Report, news: NewValues) -> tuple[TestValue | TextResult, ...]:
        """Return what is new in the report, values and words in the order of the record."""
        shown = present_all(report.measurements, self.catalogue)
        stated = self._in_words(report, news, shown)
        if self.scheme != "catalogue":
            return (*self.tests(report, news), *(one for _, one in stated))
        ordered: list[tuple[ChartOrder, TestValue | TextResult]] = []
        ordered += self._by_catalogue(report, news, shown)
        ordered += stated
        return tuple(one for _, one in sorted(ordered, key=lambda pair: pair[0]))

    def overtaken(self, report: Report, news: NewValues) -> Iterator[str]:
        """Yield the line that tells what the report says otherwise than a newer one sent before."""
        if not news.overtaken:
            return
        told: Counter[str] = Counter()
        for at, counts in news.overtaken.items():
            one = report.measurements[at]
            newer = replace(one, value=Decimal(counts.value), unit=counts.unit)
            shown, instead = (present(each, self.catalogue) for each in (one, newer))
            said, stands = (" ".join(each.in_text).rstrip() for each in (shown, instead))
            told[f"{shown.name} {said} (neuer: {stands})"] += 1
        yield f"{OVERTAKEN}: {listed(told, MOST_NAMED)}."

    def _in_words(
        self, report: Report, news: NewValues, shown: Sequence[ChartValue]
    ) -> list[tuple[ChartOrder, TextResult]]:
        """Return what is new of what the report says in words."""
        made = []
        for one in present_statements(report, shown, fetal_sex=self.fetal_sex):
            if one.index not in news.statements:
                continue
            before = news.statements_before.get(one.index)
            said = report.statements[one.index]
            was = (_former_text(said, before),) if before is not None else ()
            made.append((one.order, TextResult(one.name, one.text, was, one.heading)))
        return made

    def tests(self, report: Report, news: NewValues) -> tuple[TestValue, ...]:
        """Return the values that are new; nothing where all of them are held back."""
        if self.scheme == "catalogue":
            shown = present_all(report.measurements, self.catalogue)
            ordered = self._by_catalogue(report, news, shown)
            return tuple(one for _, one in sorted(ordered, key=lambda pair: pair[0]))
        stable = self.scheme == "stable"
        ids = [one.id for one in report.measurements] if stable else predecessor_ids(report)
        return tuple(
            self._as_sent(ids[index], report.measurements[index], news.before.get(index))
            for index in news.indices
        )

    def _by_catalogue(
        self, report: Report, news: NewValues, shown: Sequence[ChartValue]
    ) -> list[tuple[ChartOrder, TestValue]]:
        """Return the values in the order of the catalogue, with that order."""
        wanted = [at for at in news.indices if shown[at].known or self.unknown == "send"]
        if len(wanted) < len(news.indices):
            held = len(news.indices) - len(wanted)
            log.info("%d values that are not in the catalogue are held back", held)
        unfit = sum(bool(shown[at].warning) for at in wanted)
        if unfit:
            log.warning("%d values are sent in units that were not converted", unfit)
        told = [(shown[at], at) for at in wanted]
        told += [(one.besides, at) for one, at in told if one.besides is not None]
        return [
            (
                one.order,
                self._named(
                    one, report.measurements[at], news.before.get(at) if one is shown[at] else None
                ),
            )
            for one, at in told
        ]

    def _named(
        self, one: ChartValue, measurement: Measurement, before: SentValue | None
    ) -> TestValue:
        if before is not None:  # in the same unit as now
            former = replace(measurement, value=Decimal(before.value), unit=before.unit)
            was = present(former, self.catalogue)
            before = SentValue(f"{was.value:f}", was.unit)
        return TestValue(
            test_id=one.id,
            name=one.name,
            value=one.value,
            unit=one.unit,
            sources=(*_former(before), *one.lines),
            group=one.heading,
            normal=_normal_range(measurement, self._in_units_of(measurement, one)),
            tail=one.tail,
            spoken=one.spoken,
        )

    def _in_units_of(self, measurement: Measurement, one: ChartValue) -> Conversion:
        """Return what turns a number beside the measurement into the unit of its chart value."""

        def converted(number: Decimal, unit: str) -> Decimal | None:
            shown = present(replace(measurement, value=number, unit=unit), self.catalogue)
            return shown.value if shown.unit == one.unit and not shown.warning else None

        return converted

    def _as_sent(
        self, test_id: str, measurement: Measurement, before: SentValue | None
    ) -> TestValue:
        former = _former(before)
        stem, tail = title_parts(measurement)
        sent = TestValue(
            test_id=test_id,
            name=fitted(stem, tail, NAME_LENGTH),
            value=measurement.value,
            unit=measurement.unit,
            sources=(*former, *remarks(measurement)),
            normal=_normal_range(
                measurement, lambda number, unit: number if unit == measurement.unit else None
            ),
            tail=tail,
        )
        known = measurement.predecessor
        if not self.predecessor_names or known is None:
            return sent
        return replace(
            sent, name=known.name, sources=(*former, *known.sources), unit=known.unit, tail=""
        )


def _normal_range(measurement: Measurement, converted: Conversion) -> NormalRange:
    """Return the normal range a report has beside a value, in the unit ``converted`` gives.

    A limit that is no number, or in a unit that cannot be converted, is told by its remark alone.
    """
    said = {normal(Code(one.code, one.scheme, "")): one for one in measurement.properties}
    words = said.get(NORMAL_TEXT)
    return NormalRange(
        _limit(said.get(NORMAL_FROM), measurement, converted),
        _limit(said.get(NORMAL_TO), measurement, converted),
        words.value if words is not None else "",
    )


def _limit(
    said: MeasurementProperty | None, measurement: Measurement, converted: Conversion
) -> Decimal | None:
    if said is None:
        return None
    try:
        number = Decimal(said.value)
    except InvalidOperation:
        return None
    return converted(number, said.unit or measurement.unit) if number.is_finite() else None


def _former(before: SentValue | None) -> tuple[str, ...]:
    if before is None:
        return ()
    return (f"vorher {before.value.replace('.', ',')} {before.unit}".rstrip(),)


def _former_text(one: ReportStatement, before: str) -> str:
    return f"vorher {statement_text(replace(one, value=before, value_code=''))}".replace("\n", " ")
