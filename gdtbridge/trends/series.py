"""Which values are one series: the same measurement in the same unit, by the same method.

The catalogue's id says what was measured, of which side, child and stage, and by which method where
that makes another measurement; the unit is the catalogue's. Of a method the catalogue leaves open
the device's word counts. What only a report numbers is of no series: repeats beside the value that
stands for them, findings without names, values of earlier exams. Nothing is joined by its name.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue, CatalogueEntry, suffix_of
from gdtbridge.catalogue.chart_value import ChartValue
from gdtbridge.catalogue.modifiers import said_by
from gdtbridge.catalogue.presentation import present_all
from gdtbridge.catalogue.repeats import MARK
from gdtbridge.catalogue.rows import built_in
from gdtbridge.sr import Measurement, Report, plain
from gdtbridge.sr.codes import ModifierRole
from gdtbridge.sr.model import Subject
from gdtbridge.trends.model import ReportValue

METHODS: Final = (ModifierRole.METHOD, ModifierRole.EQUATION)
WAYS: Final = (*METHODS, ModifierRole.MODE, ModifierRole.VIEW)
"""What says how something was measured, not what."""
_DIGEST: Final = 8


def report_values(report: Report, catalogue: Catalogue) -> tuple[ReportValue, ...]:
    """Return the measurements of a report as the chart gets them, sorted as there."""
    shown = present_all(report.measurements, catalogue)
    pairs = sorted(zip(shown, report.measurements, strict=True), key=lambda pair: pair[0].order)
    return tuple(_value(one, sent, catalogue.look_up(sent)) for one, sent in pairs)


def _value(one: ChartValue, sent: Measurement, entry: CatalogueEntry | None) -> ReportValue:
    value, unit = one.in_text
    return ReportValue(
        series=_series(one, sent, entry),
        kind=_kind(sent, entry) if entry is not None else "",
        code=one.id,
        heading=one.heading,
        name=one.whole or one.name,
        number=one.value,
        number_unit=one.unit,
        value=value,
        unit=unit,
        sent_value=f"{plain(sent.value)} {sent.unit}".rstrip(),
        method=sent.method or "",
        of_child=sent.subject is Subject.FETUS,
        remarks=one.lines,
        place=sent.place,
        section=sent.section or "",
    )


def _series(one: ChartValue, sent: Measurement, entry: CatalogueEntry | None) -> str:
    """Return what names the series of a value; empty where it is of none."""
    counted = any(finding.number for finding in sent.findings)
    if sent.earlier is not None or counted or not _stands(one, sent, entry):
        return ""
    told = "\x1f".join((one.id, one.unit, *_open_methods(sent, entry)))
    return f"{one.id}-{hashlib.sha256(told.encode()).hexdigest()[:_DIGEST]}"


def _stands(one: ChartValue, sent: Measurement, entry: CatalogueEntry | None) -> bool:
    """Return whether a value stands for the repeats of its measurement."""
    if entry is not None and one.id == entry.id:
        return True
    return sent.stands and (entry is None or not one.id.startswith(f"{entry.id}{MARK}"))


def _open_methods(sent: Measurement, entry: CatalogueEntry | None) -> list[str]:
    """Return the methods a measurement says that its id does not."""
    if entry is None:  # its id has all it says
        return []
    said, told = said_by(sent), entry.id.split("0")
    found = [(role, said[role]) for role in METHODS if role in entry.untold and role in said]
    return [f"{role}={one.term or one.key}" for role, one in found if one.term not in told]


def _kind(sent: Measurement, entry: CatalogueEntry) -> str:
    """Return the id without what says how it was measured."""
    said = said_by(sent)
    ways = _terms_of_ways() | {suffix_of(role, said[role].key) for role in WAYS if role in said}
    first, *appended = entry.id.split("0")
    return "0".join((first, *(one for one in appended if one not in ways)))


@lru_cache(maxsize=1)
def _terms_of_ways() -> frozenset[str]:
    """Return the terms that rows have of how something was measured alone."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for row in built_in():
        for role, choice in row.choices.items():
            found[role in WAYS] |= choice.silent | choice.appended
    return frozenset(found[True] - found[False])
