"""From a report to its sheet: names and units of the catalogue, everything in German."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.catalogue.chart_value import ChartValue, heading_of
from gdtbridge.catalogue.presentation import FINDINGS, OTHERS, present_all
from gdtbridge.catalogue.repeats import in_order
from gdtbridge.catalogue.statements import ChartStatement, present_statements
from gdtbridge.catalogue.untold import LOST as UNREAD
from gdtbridge.catalogue.untold import listed, untold_names
from gdtbridge.catalogue.wording import REPEAT
from gdtbridge.people import Patient
from gdtbridge.report_page.sheet import ReportSheet, SheetFact, SheetGroup, SheetRow
from gdtbridge.report_page.texts import page_text
from gdtbridge.sr import Report, plain, ucum
from gdtbridge.sr.rules import reason

MAX_NAME: Final = 200
MAX_UNIT: Final = 64
MAX_REMARK: Final = 300
MAX_FACT: Final = 120
MAX_LINE: Final = 5000
"""Characters; what is longer has ``…`` for its middle. A number is never cut."""

KINDS: Final[dict[str, str]] = {
    # Template Identifier (PS3.16) to what was examined
    "5000": "Geburtshilfe und Gynäkologie",
    "5100": "Gefäße",
    "5200": "Echokardiographie",
    "5220": "Kinderechokardiographie",
    "5300": "Echokardiographie",
}

PURPOSE: Final = (
    "Zweckbestimmung: gibt wieder, was das Gerät gemessen hat; bewertet nichts, kein Befund.",
    "Intended purpose: shows what the device measured; judges nothing and is no diagnosis.",
)
"""The intended purpose, at the foot of every page."""

LOST: Final = "Fehlt auf dieser Seite, weil es sich nicht lesen ließ"

IN_THE_NAME: Final = (REPEAT, "Bezeichnung", "Gruppe", "Lage", "Ort", "Seite", "Zu")
"""Remarks that say nothing where the name has their text."""


PLAIN_WITHOUT_WORD: Final = (
    REPEAT,
    "Ableitung",
    "Auswahl",
    "Bildmodus",
    "Flussrichtung",
    "Methode",
    "Phase",
    "Schnittebene",
    "Seite",
)
"""Remarks whose text says what it is: ``2D``, ``links``."""

_EXPONENT: Final = re.compile(r"(?<=[ms])[23](?!\w)")


def sheet_of(
    report: Report,
    catalogue: Catalogue,
    patient: Patient,
    accession: str,
    *,
    fetal_sex: bool = False,
) -> ReportSheet:
    """Return the page of a report as texts.

    ``patient`` is whose the practice says the exam is, ``accession`` the number of the order.
    ``fetal_sex`` says whether the sex of a fetus is told.
    """
    shown = present_all(report.measurements, catalogue)
    stated = present_statements(report, shown, fetal_sex=fetal_sex)
    ordered: list[ChartValue | ChartStatement] = [*in_order(shown), *stated]
    groups = tuple(_groups(sorted(ordered, key=lambda one: one.order)))
    report_uid = page_text(report.sop_uid, 64)
    return ReportSheet(
        title=_title(report, shown),
        day=written_day(report.exam_date),
        patient=page_text(patient_line(patient), MAX_FACT),
        facts=(tuple(of_patient(patient)), tuple(_of_exam(report, accession))),
        groups=groups,
        notes=(
            *_losses(report, catalogue),
            *_notes(report, groups, other_id=patient.id.strip() != report.patient_id.strip()),
        ),
        foot=(*PURPOSE, f"Erstellt von gdtbridge aus {report_uid or 'einem Bericht ohne UID'}"),
    )


# --- the head ------------------------------------------------------------------------------------


def _title(report: Report, shown: Sequence[ChartValue]) -> str:
    """Return the title: the kind of exam by the template, else by the only group there is."""
    kind = KINDS.get(report.template or "", "")
    groups = {one.group for one in shown} - {OTHERS, FINDINGS}
    if not kind and len(groups) == 1:
        (kind,) = groups
    return page_text(f"Messwerte {kind}", MAX_FACT)


def patient_line(patient: Patient) -> str:
    """Return name, birth date and number in one line."""
    born = f"* {patient.german_birth_date}" if patient.birth_date else ""
    number = f"Nr. {patient.id.strip()}" if patient.id.strip() else ""
    return ", ".join(part for part in (patient.listed_name, born, number) if part)


def of_patient(patient: Patient) -> Iterator[SheetFact]:
    """Yield name, birth date and number, as far as they are known."""
    yield from said_facts(
        ("Name", patient.listed_name),
        ("Geburtsdatum", patient.german_birth_date),
        ("Patientennummer", patient.id),
    )


def _of_exam(report: Report, accession: str) -> Iterator[SheetFact]:
    moment = written_day(report.exam_date)
    if moment and report.exam_time is not None:
        moment += f", {report.exam_time:%H:%M} Uhr"
    model = "" if report.model.casefold() in report.manufacturer.casefold() else report.model
    yield from said_facts(
        ("Untersuchung", moment),
        ("Gerät", f"{report.manufacturer} {model}"),
        ("Station", report.station),
        ("Auftragsnummer", accession),
    )


def said_facts(*facts: tuple[str, str]) -> Iterator[SheetFact]:
    """Yield words and texts fit for a page, without those that say nothing."""
    for word, text in facts:
        shown = page_text(text, MAX_FACT)
        if shown:
            yield SheetFact(word, shown)


def written_day(day: date | None) -> str:
    """Return ``15.01.2024``; empty for none."""
    return f"{day:%d.%m.}{day.year:04}" if day is not None else ""


# --- the values ----------------------------------------------------------------------------------


def _groups(ordered: Sequence[ChartValue | ChartStatement]) -> Iterator[SheetGroup]:
    for name, members in _headed(ordered):
        rows = tuple(_rows([one for one in members if isinstance(one, ChartValue)]))
        said = (_said(one) for one in members if isinstance(one, ChartStatement))
        alone = name == OTHERS and len(rows) == len(ordered)
        yield SheetGroup(
            "Messwerte" if alone else page_text(name, MAX_NAME),
            rows,
            tuple(fact for facts in said for fact in facts),
        )


def _headed(
    ordered: Sequence[ChartValue | ChartStatement],
) -> Iterator[tuple[str, list[ChartValue | ChartStatement]]]:
    """Yield what stands together and its heading; a finding with several things has its own."""
    for heading, together in groupby(ordered, key=lambda one: one.heading):
        members = list(together)
        if members[0].group != FINDINGS:
            yield heading, members
            continue
        for about, of_it in groupby(members, key=lambda one: one.about):
            named = list(of_it)
            if len(named) == 1:
                yield heading, named
            else:
                yield heading_of(members[0].subject, about), [_within(one, about) for one in named]


def _within(one: ChartValue | ChartStatement, about: str) -> ChartValue | ChartStatement:
    """Return a value or statement without the finding that the heading names."""
    if isinstance(one, ChartValue):
        return replace(one, whole=one.whole.removeprefix(f"{about}: "))
    where, _, label = one.name.removeprefix(about).partition(": ")
    return replace(one, name=label + where)


def _said(one: ChartStatement) -> Iterator[SheetFact]:
    """Yield a statement line by line; the label stands before the first."""
    word = page_text(_of_subject(one, one.name), MAX_NAME)
    for line in one.text.split("\n"):
        yield SheetFact(word, page_text(line, MAX_LINE))
        word = ""


def _rows(shown: Sequence[ChartValue]) -> Iterator[SheetRow]:
    """Yield the rows of one group; a name and remark that were there already get a number."""
    seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for one in shown:
        name, told = page_text(_of_subject(one, one.whole), MAX_NAME), _remarks(one)
        seen[one.name, told] += 1
        number = seen[one.name, told]
        name = f"{name} ({number})" if number > 1 else name
        repeated = any(remark.startswith(f"{REPEAT}: ") for remark in one.remarks)
        value, unit = one.spoken or (plain(one.value).replace(".", ","), one.unit)
        yield SheetRow(
            name=name,
            value=value,
            unit=_unit(unit if one.known else ucum.printed(unit)),
            remark=page_text("; ".join(told), MAX_REMARK),
            number=number + repeated,
        )


def _of_subject(one: ChartValue | ChartStatement, name: str) -> str:
    """Return a name without the child the heading names."""
    if one.subject and one.heading.startswith(one.subject):
        return "".join(name.rsplit(f", {one.subject}", 1))
    return name


def _unit(unit: str) -> str:
    """Return the unit with raised exponents: ``ml/m²``."""
    return page_text(_EXPONENT.sub(lambda match: "²³"[match[0] == "3"], unit), MAX_UNIT)


def _remarks(one: ChartValue) -> tuple[str, ...]:
    """Return the remarks in few words, none twice."""
    short: dict[str, None] = {}
    for remark in one.remarks:
        word, colon, text = remark.partition(": ")
        if one.spoken is not None and (text, word) == one.spoken:
            continue
        plain_text = bool(colon) and word in PLAIN_WITHOUT_WORD
        of_the_name = plain_text or word in IN_THE_NAME
        if of_the_name and text.casefold() in one.whole.casefold():
            continue
        short[text if plain_text else remark] = None
    return tuple(short)


# --- the notes -----------------------------------------------------------------------------------


def _notes(report: Report, groups: Sequence[SheetGroup], *, other_id: bool) -> Iterator[str]:
    if not report.has_results:
        yield "Der Bericht enthält keine Messwerte."
    if other_id:
        yield "Am Gerät war eine andere Patientennummer eingegeben."
    if report.not_measured:
        yield f"{_counted(report.not_measured)} „nicht gemessen“ übermittelt."
    if any(row.number > 1 for group in groups for row in group.rows):
        yield "„2 von 3“: der zweite von drei Werten derselben Größe, in der Folge der Messung."
    named = {one.rule for one in report.untold}
    told = (warning for warning in report.warnings if warning.code not in named)
    counts = Counter(warning.message.partition(" / ")[0] for warning in told)
    for message, count in counts.items():
        yield f"{message} ({count}-mal)" if count > 1 else message


def _losses(report: Report, catalogue: Catalogue) -> Iterator[str]:
    """Yield a sentence for each reason why numbers of the report are not on the page, by name."""
    for rule, names in untold_names(report, catalogue).items():
        why = LOST if rule == UNREAD else reason(rule).partition(" / ")[0].rstrip(".")
        shown = Counter({page_text(name, MAX_NAME): count for name, count in names.items()})
        yield f"{why[0].upper()}{why[1:]}: {listed(shown)}."


def _counted(count: int) -> str:
    return "Ein Wert wurde als" if count == 1 else f"{count} Werte wurden als"
