"""Dates, texts and codes of a report as a chart gets them: a German label and German words.

Dates are TT.MM.JJJJ, a gestational age in words is told in weeks and days (``24+3 SSW``). What a
person wrote stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.catalogue.chart_value import ChartValue, heading_of
from gdtbridge.catalogue.presentation import BEFORE_LAST, FINDINGS, natural
from gdtbridge.catalogue.wording import fetus_word, finding_title, said
from gdtbridge.catalogue.words import german_word
from gdtbridge.dataset.values import to_date, to_time
from gdtbridge.sr.model import Code, Report, ReportStatement
from gdtbridge.sr.statement_table import row_of

STATEMENTS: Final = "Angaben"
"""Group of what a report says in words; what is said of a finding stands with its values."""

AFTER_KNOWN: Final = (999_998, 0, 1)

LABEL_LENGTH: Final = 120
"""Characters of a label; what is longer is cut."""

WRITTEN: Final = frozenset(
    {
        "Anamnese",
        "Bericht des Untersuchers",
        "Beschreibung",
        "Beurteilung",
        "Empfehlung",
        "Kommentar",
        "Nachtrag",
        "Schlussfolgerung",
        "Untersuchungsablauf",
        "Zusammenfassung",
    }
)
"""Labels of what a person writes: such a text stays as it is."""

_AGE: Final = re.compile(
    r"(?P<weeks>\d{1,2})\s*(?:w(?:ee)?k?s?|ssw|\+),?\s*(?P<days>[0-6])?\s*(?:d(?:ays?)?|t(?:age)?)?"
    r"(?:\s*ssw)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ChartStatement:
    """A date, text or code as the chart gets it; ``text`` may have several lines.

    ``subject`` and ``order`` are as those of a `ChartValue` and comparable with them. ``index`` is
    that of the statement in its report, ``about`` the finding it says something of.
    """

    name: str
    text: str
    group: str
    subject: str
    order: tuple[int, ...]
    index: int
    about: str = ""

    @property
    def heading(self) -> str:
        """Return what stands above the statements of its subject and group."""
        return heading_of(self.subject, self.group)


def present_statements(
    report: Report, values: Sequence[ChartValue], *, fetal_sex: bool
) -> tuple[ChartStatement, ...]:
    """Return what a report says in words for the chart: ``Plazenta, Fetus 1``, ``Vorderwand``.

    Each stands with the ``values`` of its subject. The sex of a fetus is told only where
    ``fetal_sex`` says so.
    """
    told = [
        _presented(one, at)
        for at, one in enumerate(report.statements)
        if fetal_sex or not one.fetal_sex
    ]
    places = {one.subject: one.order[0] for one in values} | {"": 0}
    for subject in sorted({one.subject for one in told} - places.keys(), key=natural):
        places[subject] = max(places.values()) + 1
    return tuple(replace(one, order=(places[one.subject], *one.order)) for one in told)


def _presented(one: ReportStatement, index: int) -> ChartStatement:
    group, order = STATEMENTS, AFTER_KNOWN
    if one.findings:  # behind the values of the finding
        group, order = FINDINGS, (BEFORE_LAST, one.findings[0].index, 2)
    subject = fetus_word(one.fetus) if one.fetus else ""
    label, text = statement_label(one), statement_text(one)
    return ChartStatement(label, text, group, subject, order, index, finding_title(one))


def statement_label(one: ReportStatement) -> str:
    """Return what a statement is about in German: finding, label, site, side, fetus, stage.

    Where only the beginning of the device's words is known they stand in brackets.
    """
    row = row_of(Code(one.code, one.scheme, one.name))
    word = row.german if row is not None else german_word(Code(one.code, one.scheme, one.name))
    label = word or one.name
    if row is not None and row.loose and one.name.casefold() != label.casefold():
        label = f"{label} ({one.name})"
    about = finding_title(one)
    where = " ".join(
        part
        for part in (
            "" if about else one.group,
            *(said(one, field) for field in ("label", "site", "topography", "laterality")),
        )
        if part and part.casefold() not in f"{about} {label}".casefold()
    )
    stage = said(one, "stage")
    fetus = fetus_word(one.fetus) if one.fetus else ""
    if about:
        label, where = f"{about}, {where}: {label}" if where else f"{about}: {label}", ""
    return ", ".join(part for part in (label, where, fetus, stage) if part)[:LABEL_LENGTH]


def statement_text(one: ReportStatement) -> str:
    """Return what a statement says in German, a person's own words as they are."""
    if one.kind == "CODE":
        value = Code(one.value_code, one.value_scheme, one.value)
        return german_word(value, _about(one)) or one.value
    if one.kind == "TIME":
        clock = to_time(one.value)
        return f"{clock:%H:%M}" if clock is not None else one.value
    if one.kind == "DATETIME" and to_date(one.value[:8]) is not None:
        clock = to_time(one.value[8:].partition("+")[0].partition("-")[0])
        day = _german_day(one.value[:8])
        return f"{day} {clock:%H:%M}" if clock is not None else day
    if _about(one) in WRITTEN:
        return one.value
    if to_date(one.value) is not None:
        return _german_day(one.value)
    word = german_word(Code("", "", one.value), _about(one))
    return _german_age(one.value) or word or one.value


def _about(one: ReportStatement) -> str:
    row = row_of(Code(one.code, one.scheme, one.name))
    return row.german if row is not None else ""


def _german_day(text: str) -> str:
    day = to_date(text)
    return f"{day:%d.%m.}{day.year:04}" if day is not None else text


def _german_age(text: str) -> str:
    """Return weeks and days (``24w3d``, ``24+3``) as ``24+3 SSW``; empty for anything else."""
    found = _AGE.fullmatch(text.strip())
    if found is None or (found["days"] is None and "w" not in text.casefold()):
        return ""
    return f"{int(found['weeks'])}+{found['days'] or 0} SSW"
