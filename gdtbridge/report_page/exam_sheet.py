"""From everything an exam has to its sheet: the values of all its reports, and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from types import MappingProxyType
from typing import Final, TypeAlias

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.people import Patient
from gdtbridge.report_page.compose import (
    KINDS,
    MAX_FACT,
    PURPOSE,
    of_patient,
    patient_line,
    said_facts,
    sheet_of,
    written_day,
)
from gdtbridge.report_page.sheet import ReportSheet, SheetFact, SheetGroup, SheetPicture
from gdtbridge.report_page.texts import page_text
from gdtbridge.sr import Report

TITLE: Final = "Untersuchung"
NO_VALUES: Final = "Das Gerät hat keine Messwerte gesendet."
OTHER_NAME: Final = (
    "Am Gerät waren andere Angaben zur Person eingegeben; in den Bildern können sie noch stehen."
)


ShownValue: TypeAlias = tuple[str, str, str]
"""Name, value and unit of a measurement, as a sheet has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSubject:
    """What a sheet says of an exam beside its values; what is not known is empty.

    ``day`` and ``time`` are those of the exam, local. ``is_corrected`` says that the device had
    another name, number or birth date.
    """

    patient: Patient
    procedure: str = ""
    day: date | None = None
    time: time | None = None
    device: str = ""
    """Manufacturer and model."""
    practice: str = ""
    order_number: str = ""
    study_instance_uid: str = ""
    is_corrected: bool = False


def exam_sheet_of(
    facts: SheetSubject,
    reports: Sequence[Report],
    catalogue: Catalogue,
    *,
    pictures: Sequence[SheetPicture] = (),
    notes: Sequence[str] = (),
    fetal_sex: bool = False,
    values: bool = True,
    earlier: Mapping[ShownValue, str] = MappingProxyType({}),
) -> ReportSheet:
    """Return the sheet of an exam: the values of its reports, its pictures below them.

    A value that several reports have in the same words stands once; of several reports each group
    says which one it is of. ``notes`` come before those of the reports, ``fetal_sex`` says whether
    the sex of a fetus is told, ``values`` whether values were wanted at all.
    ``earlier`` says of a value what it was before; it stands with its remarks.
    """
    patient, number = facts.patient, facts.order_number
    sheets = [
        sheet_of(one, catalogue, patient, number, fetal_sex=fetal_sex)
        for one in reports
        if one.has_results or not one.is_whole
    ]
    own = [OTHER_NAME] if facts.is_corrected else []
    if values and not sheets:
        own.append(NO_VALUES)
    of_reports = [note for sheet in sheets for note in sheet.notes]
    uid = page_text(facts.study_instance_uid, 64)
    return ReportSheet(
        title=_title(facts, reports),
        day=written_day(facts.day),
        patient=page_text(patient_line(patient), MAX_FACT),
        facts=(tuple(of_patient(patient)), tuple(_of_exam(facts))),
        groups=tuple(_with_earlier(_groups(sheets), earlier)),
        notes=tuple(dict.fromkeys((*own, *notes, *of_reports))),
        foot=(*PURPOSE, f"Erstellt von gdtbridge aus der Untersuchung {uid}".rstrip()),
        pictures=tuple(pictures),
    )


def _title(facts: SheetSubject, reports: Sequence[Report]) -> str:
    kinds = [KINDS[one.template] for one in reports if one.template in KINDS]
    return page_text(f"{TITLE} {facts.procedure or next(iter(kinds), '')}", MAX_FACT)


def _of_exam(facts: SheetSubject) -> Iterator[SheetFact]:
    moment = written_day(facts.day)
    if moment and facts.time is not None:
        moment += f", {facts.time:%H:%M} Uhr"
    yield from said_facts(
        ("Untersuchung", moment),
        ("Gerät", facts.device),
        ("Praxis", facts.practice),
        ("Auftragsnummer", facts.order_number),
    )


def _groups(sheets: Sequence[ReportSheet]) -> Iterator[SheetGroup]:
    """Yield what each report has that none before it has in the same group and words."""
    seen: set[object] = set()
    for at, sheet in enumerate(sheets, start=1):
        for group in sheet.groups:
            rows = tuple(one for one in group.rows if (group.name, one) not in seen)
            facts = tuple(one for one in group.facts if (group.name, one) not in seen)
            seen.update((group.name, one) for one in (*group.rows, *group.facts))
            if rows or facts:
                name = f"{group.name} (Bericht {at})" if len(sheets) > 1 else group.name
                yield replace(group, name=name, rows=rows, facts=facts)


def _with_earlier(
    groups: Iterable[SheetGroup], earlier: Mapping[ShownValue, str]
) -> Iterator[SheetGroup]:
    """Yield the groups, what a value was before among its remarks."""
    for group in groups:
        rows = (
            replace(row, remark="; ".join(filter(None, (row.remark, before))))
            if (before := earlier.get((row.name, row.value, row.unit)))
            else row
            for row in group.rows
        )
        yield replace(group, rows=tuple(rows))
