"""Measurements as a practice's chart gets them: named, in the catalogue's unit, rounded.

The number is converted exactly and rounded once. What the device wrote stays beside it wherever
the two differ. A unit that is not understood or measures something else is told and never
converted: such a value keeps its number, its unit and an id of its own, and enters no series of
others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue, CatalogueEntry
from gdtbridge.catalogue.chart_value import ChartValue
from gdtbridge.catalogue.dimensions import AmountInUnit, amount_of
from gdtbridge.catalogue.modifiers import NOTHING, said_by
from gdtbridge.catalogue.names import fitted
from gdtbridge.catalogue.repeats import told_apart
from gdtbridge.catalogue.rows import MAX_DECIMALS, NAME_LENGTH
from gdtbridge.catalogue.wording import (
    FETUS,
    IN_TITLE,
    comma,
    doubts,
    earlier_word,
    fetus_word,
    finding_title,
    is_spread,
    is_statistic,
    remarks,
    title,
    title_parts,
)
from gdtbridge.sr import ucum
from gdtbridge.sr.identity import IdentityExtra
from gdtbridge.sr.model import Measurement, Subject

OTHERS: Final = "Weitere Messwerte"
"""Group of what is not in the catalogue; it comes last."""

LAST: Final = (1_000_000, 0, 1)
FINDINGS: Final = "Befunde"
"""Group of what was measured of a finding (a fibroid, a nodule), before what is not known."""

EARLIER: Final = "Frühere Untersuchungen"
"""Group of values of earlier exams; it comes behind everything else of their subject."""

AFTER_LAST: Final = 1_000_001
EARLIER_KEY: Final = f"{IdentityExtra.EARLIER}="
BEFORE_LAST: Final = 999_999
PERCENTILE: Final = "{percentile}"
"""Unit of the catalogue for a rank, which some devices send as ``%`` and some without a unit."""

ONE_CODES: Final = frozenset({"1", "{ratio}", "{Ratio}"})
"""Unit codes that say that the value is a ratio: 0.6, not 60 (PS3.16 CID 82)."""

RATIO: Final = ucum.parse("1")
MAX_RATIO: Final = 1
"""The largest ratio that is believed to be one: devices write percent (59.8, -4.2) with the unit
``1``."""

TOLD_BY_THE_ENTRY: Final = frozenset(
    {"site", "laterality", "topography", "fetus", "phase", "companion_of", "stage", "protocol"}
)
"""What needs no remark, because the entry is about it or its name says it."""

TOLD_UNLESS_OPEN: Final = {
    "mode": ("mode",),
    "view": ("view",),
    "method": ("method", "equation"),
    "label": ("label", "short_label"),
    "group": ("in",),
    "flow": ("flow",),
}
"""What needs a remark only where the entry leaves the modifiers untold."""


def name_of(measurement: Measurement, catalogue: Catalogue) -> str:
    """Return the name a chart has for a measurement, whatever its value and unit."""
    if measurement.earlier is not None:
        day = f", {earlier_word(measurement.earlier)}" if measurement.earlier else ""
        return name_of(_as_of_today(measurement), catalogue) + day
    entry = catalogue.look_up(measurement)
    return title(measurement) if entry is None else entry.whole


def present(measurement: Measurement, catalogue: Catalogue) -> ChartValue:
    """Return one measurement for the chart; repeats get the same id."""
    if measurement.earlier is not None:
        return _of_earlier(measurement, catalogue)
    entry = catalogue.look_up(measurement)
    if entry is None and measurement.findings:
        return _of_finding(measurement)
    if entry is None:
        stem, tail = title_parts(measurement)
        name = fitted(stem, tail, NAME_LENGTH)
        told = IN_TITLE if name == stem + tail else frozenset()
        sent = _as_sent(measurement, name, OTHERS, LAST, told)
        return replace(sent, tail=tail, whole=stem + tail)
    value = _converted(measurement, entry)
    if value is None:
        sent = _as_sent(measurement, entry.name, entry.group, (*entry.order, 1))
        sent = replace(sent, tail=entry.tail, whole=entry.whole)
        if is_spread(measurement):  # its unit may be another (%, a square), its name says so
            return replace(sent, known=True)
        problem = (
            f"Einheit {measurement.unit or '(keine)'} passt nicht zu {entry.id} "
            f"({ucum.printed(entry.unit) or 'Zahl'}), nicht umgerechnet"
        )
        return replace(
            sent,
            known=True,
            warning=problem,
            remarks=(problem, *sent.remarks),
            doubts=(problem, *sent.doubts),
        )
    shown = _rounded(value, entry.decimals)
    doubtful, spoken = doubts(measurement), _weeks(measurement, entry, shown)
    weeks = (f"{spoken[1]}: {spoken[0]}",) if spoken is not None else ()
    notes = (*doubtful, *weeks, *_original(measurement, entry))
    return ChartValue(
        id=entry.id,
        name=entry.name,
        value=shown,
        unit=ucum.printed(entry.unit),
        group=entry.group,
        order=(*entry.order, 1),
        remarks=(*notes, *remarks(measurement, without=_told(measurement, entry))),
        known=True,
        subject=_subject_of(measurement),
        doubts=doubtful,
        tail=entry.tail,
        whole=entry.whole,
        spoken=spoken,
        maximum=entry.maximum and not is_statistic(measurement),
    )


def present_all(
    measurements: Sequence[Measurement], catalogue: Catalogue
) -> tuple[ChartValue, ...]:
    """Return all measurements of a report for the chart, each with an id of its own."""
    return told_apart(measurements, _by_subject([present(one, catalogue) for one in measurements]))


def _of_earlier(measurement: Measurement, catalogue: Catalogue) -> ChartValue:
    """Return a value of an earlier exam: named as today's would be, with its day and its own id."""
    today = present(_as_of_today(measurement), catalogue)
    words = f", {earlier_word(measurement.earlier or '')}"
    if not measurement.stands:
        words += f" ({measurement.repeat} von {measurement.repeats})"
    return replace(
        today.ending(words),
        id=measurement.id,
        group=EARLIER,
        order=(AFTER_LAST, *today.order),
    )


def _as_of_today(measurement: Measurement) -> Measurement:
    """Return a value of an earlier exam as if it were the only one of this one."""
    identity = tuple(one for one in measurement.identity if one != EARLIER_KEY)
    return replace(measurement, earlier=None, identity=identity, stands=True)


def _by_subject(shown: Sequence[ChartValue]) -> list[ChartValue]:
    """Return the values with orders that keep those of one child together, behind the patient's."""
    places = {one: at for at, one in enumerate(sorted({one.subject for one in shown}, key=natural))}
    return [replace(one, order=(places[one.subject], *one.order)) for one in shown]


def natural(subject: str) -> tuple[int, str]:
    """Return what sorts children: by length, so that 10 comes after 2, then by their letters."""
    return len(subject), subject


def _subject_of(measurement: Measurement) -> str:
    if measurement.subject is Subject.PATIENT:
        return ""
    return fetus_word(measurement.fetus) if measurement.fetus else FETUS


def _as_sent(
    measurement: Measurement,
    name: str,
    group: str,
    order: tuple[int, ...],
    told: Collection[str] = (),
) -> ChartValue:
    """Return the value in the unit of its dimension, with the number the device wrote.

    ``told`` are the fields its name says.
    """
    amount = amount_of(measurement)
    return ChartValue(
        id=amount.id,
        name=name,
        value=amount.value,
        unit=ucum.printed(amount.unit),
        group=group,
        order=order,
        remarks=(*doubts(measurement), *_sent(measurement, amount), *remarks(measurement, told)),
        known=False,
        subject=_subject_of(measurement),
        doubts=doubts(measurement),
    )


def _of_finding(measurement: Measurement) -> ChartValue:
    """Return what was measured of a finding: the name says the finding and what was measured."""
    stem, tail = title_parts(measurement)
    doubtful = doubts(measurement)
    amount = amount_of(measurement)
    lines = (
        *doubtful,
        *_sent(measurement, amount),
        *remarks(measurement, without=IN_TITLE | {"fetus"}),
    )
    return ChartValue(
        id=amount.id,
        name=fitted(stem, tail, NAME_LENGTH),
        value=amount.value,
        unit=ucum.printed(amount.unit),
        group=FINDINGS,
        order=(BEFORE_LAST, measurement.findings[0].index, 1),
        remarks=lines,
        known=True,
        subject=_subject_of(measurement),
        doubts=doubtful,
        tail=tail,
        whole=stem + tail,
        about=finding_title(measurement),
    )


def _converted(measurement: Measurement, entry: CatalogueEntry) -> Fraction | None:
    """Return the value in the entry's unit; None where the units do not convert.

    A value without a unit is a mere number; only a unit that says so makes it a ratio, which
    converts to percent where it is at most 1: 60 without a unit may be percent already, and 60 or
    -4.2 with the unit ``1`` is.
    """
    unit = measurement.unit
    if entry.unit == PERCENTILE:
        rank = not unit or ucum.convert(Decimal(1), unit, "1") is not None
        return Fraction(measurement.value) if rank else None
    if not unit and entry.unit == "1":
        return Fraction(measurement.value)
    is_ratio = measurement.unit_code in ONE_CODES if not unit else ucum.parse(unit) == RATIO
    if is_ratio and entry.unit != "1":
        unit = "1" if abs(measurement.value) <= MAX_RATIO else ""
    return ucum.convert(measurement.value, unit, entry.unit)


def _rounded(value: Fraction, decimals: int) -> Decimal:
    """Return the value with ``decimals`` places, with more where only zeros would be left.

    0.004 m/s stays 0.004, not 0.00. What is smaller than the last decimal a row may have is zero.
    """
    shown = ucum.rounded(value, decimals)
    while value and not shown and decimals < MAX_DECIMALS:
        decimals += 1
        shown = ucum.rounded(value, decimals)
    return shown


def _original(measurement: Measurement, entry: CatalogueEntry) -> tuple[str, ...]:
    """Return number and unit of the device as a remark, where they were converted.

    What was only rounded is told by the chart's number.
    """
    unit = measurement.unit or "1"
    if entry.unit == PERCENTILE or ucum.parse(unit) == ucum.parse(entry.unit):
        return ()
    return (f"Gerät: {comma(measurement.value)} {ucum.printed(measurement.unit)}".rstrip(),)


def _sent(measurement: Measurement, amount: AmountInUnit) -> tuple[str, ...]:
    """Return number and unit of the device as a remark, where they were converted."""
    unit = measurement.unit or "1"
    if amount.unit == measurement.unit or ucum.parse(unit) == ucum.parse(amount.unit):
        return ()
    return (f"Gerät: {comma(measurement.value)} {ucum.printed(measurement.unit)}".rstrip(),)


def _weeks(
    measurement: Measurement, entry: CatalogueEntry, shown: Decimal
) -> tuple[str, str] | None:
    """Return a duration in days, which only a pregnancy has, as weeks and days: ``33+1 SSW``.

    A statistic of it, such as its deviation, is no age.
    """
    if is_statistic(measurement) or entry.unit != "d" or shown < 0:
        return None
    weeks, days = divmod(int(shown), 7)
    return f"{weeks}+{days}", "SSW"


def _told(measurement: Measurement, entry: CatalogueEntry) -> Collection[str]:
    """Return the fields of a measurement that need no remark."""
    closed = {
        field for field, roles in TOLD_UNLESS_OPEN.items() if not entry.untold.intersection(roles)
    }
    plain = {"derivation"} if is_statistic(measurement) else set()
    if said_by(measurement).get("mode", NOTHING).term == "2D":
        plain.add("mode")
    return TOLD_BY_THE_ENTRY | closed | plain
