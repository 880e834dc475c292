"""The papers of a set that is handed in: its directory and the check list, in German."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gdtbridge.durable.clock import local_time
from gdtbridge.picture_labels import REASONS, Asked, LabelState
from gdtbridge.report_page import ReportSheet
from gdtbridge.report_page.sheet import SheetFact, SheetGroup
from gdtbridge.report_page.texts import page_text
from gdtbridge.sample_audit.model import CaseOutcome, CaseSheet, CheckRow, RowPart

LONGEST: Final = 200
"""Characters of a foreign text on paper."""
STATES: Final = {
    LabelState.PRESENT: "vorhanden",
    LabelState.MISSING: "fehlt",
    LabelState.LOOK: "selbst nachsehen",
}
OUTCOMES: Final = {
    CaseOutcome.NOTHING: "keine Bilder gefunden",
    CaseOutcome.SEVERAL: "mehrere Patienten dieses Namens: Nummer nötig",
}
ENCLOSE: Final = "aus der Praxissoftware beilegen"
LIMIT: Final = (
    "Diese Liste prüft, ob Angaben da sind, nicht ob die Untersuchung gut ist. "
    "Was im Bild geschrieben steht, liest gdtbridge nicht."
)


@dataclass(frozen=True, slots=True)
class WrittenCase:
    """A case as it was written into the set: its folder, its files, and what was left out."""

    sheet: CaseSheet
    folder: str = ""
    files: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


TITLES: Final = {Asked.SAMPLE: "KV-Stichprobe", Asked.CONSTANCY: "Konstanzprüfung"}


def directory_sheet(
    written: Sequence[WrittenCase], practice: str, today: date, asked: Asked
) -> ReportSheet:
    """Return the directory: each case with its files, and what is not there."""
    groups = [
        SheetGroup(_title(number, one.sheet), (), tuple(_listed(one, asked)))
        for number, one in enumerate(written, 1)
    ]
    return _sheet(f"{TITLES[asked]}: Verzeichnis", practice, today, groups, ())


def check_sheet(
    written: Sequence[WrittenCase], practice: str, today: date, asked: Asked
) -> ReportSheet:
    """Return the check list of every case, with who has seen the pictures."""
    groups = [
        SheetGroup(_title(number, one.sheet), (), tuple(_checked(one.sheet, asked)))
        for number, one in enumerate(written, 1)
    ]
    return _sheet(f"{TITLES[asked]}: Prüfliste", practice, today, groups, (LIMIT,))


def label_lines(sheet: CaseSheet, practice: str, device: str) -> tuple[str, ...]:
    """Return the lines of the strip below a picture: who, when, where, with what."""
    patient = sheet.patient
    named = [patient.listed_name, f"* {patient.german_birth_date}"] if patient is not None else []
    who = ", ".join(part for part in named if part.strip("* "))
    return (
        " · ".join(filter(None, (who, f"Untersuchung {sheet.case.day:%d.%m.%Y}"))),
        " · ".join(filter(None, (practice, device))),
        "Angaben aus den Bilddaten, nicht vom Gerät ins Bild geschrieben.",
    )


def _sheet(
    title: str,
    practice: str,
    today: date,
    groups: Sequence[SheetGroup],
    notes: tuple[str, ...],
) -> ReportSheet:
    return ReportSheet(
        title=title,
        day=f"{today:%d.%m.%Y}",
        patient=page_text(practice, LONGEST),
        facts=(
            (SheetFact("Praxis", page_text(practice, LONGEST)),) if practice else (),
            (SheetFact("Erstellt", f"{today:%d.%m.%Y} von gdtbridge"),),
        ),
        groups=tuple(groups),
        notes=notes,
        foot=("Vertraulich: Patientendaten.",),
    )


def _title(number: int, sheet: CaseSheet) -> str:
    who = sheet.patient.listed_name if sheet.patient is not None else ""
    who = sheet.heading or who or sheet.case.asked
    title = f"{number}. {who} · {sheet.case.day:%d.%m.%Y}"
    return page_text(f"{title} · {sheet.procedure}" if sheet.procedure else title, LONGEST)


def _facts(word: str, texts: Sequence[str]) -> Iterator[SheetFact]:
    for place, text in enumerate(texts):
        yield SheetFact(word if place == 0 else "", page_text(text, LONGEST))


def _listed(one: WrittenCase, asked: Asked) -> Iterator[SheetFact]:
    sheet = one.sheet
    if sheet.outcome is not CaseOutcome.FOUND:
        yield SheetFact("Bilder", OUTCOMES[sheet.outcome])
        return
    patient = sheet.patient
    if patient is not None:
        yield SheetFact("Geburtsdatum", patient.german_birth_date or "nicht bekannt")
        yield SheetFact("Patientennummer", page_text(patient.id, LONGEST))
    yield SheetFact("Ordner", one.folder)
    yield from _facts("Dateien", one.files)
    yield from _facts("Nicht dabei", one.problems)
    if asked is Asked.SAMPLE:
        yield SheetFact("Schriftlicher Befund", ENCLOSE)


def _checked(sheet: CaseSheet, asked: Asked) -> Iterator[SheetFact]:
    if sheet.outcome is not CaseOutcome.FOUND:
        yield SheetFact("Bilder", OUTCOMES[sheet.outcome])
        return
    count = len(sheet.chosen)
    for row in sheet.rows:
        if row.is_asked_by(asked):
            yield from _facts(row.item.german, [STATES[row.state], *_told(row, count)])
    if asked is Asked.CONSTANCY:
        return
    yield SheetFact("Befund, Untersucher, Indikation", ENCLOSE)
    case = sheet.case
    seen = "noch von niemandem"
    if case.seen_at is not None:
        seen = f"von {case.seen_by}, {local_time(case.seen_at):%d.%m.%Y, %H:%M} Uhr"
    yield SheetFact("Bilder gesehen", page_text(seen, LONGEST))


def _told(row: CheckRow, count: int) -> Iterator[str]:
    for part in row.parts:
        yield f"{part_text(part, count)}"


def part_text(part: RowPart, count: int) -> str:
    """Return in German what some of ``count`` pictures answer."""
    why = REASONS[part.why].partition(" / ")[0] if part.why else ""
    said = "; ".join(filter(None, (part.value, why)))
    if len(part.pictures) == count:
        where = "alle Bilder" if count > 1 else "1 Bild"
    else:
        where = f"Bild {', '.join(map(str, part.pictures))}"
    return f"{said} ({where})"
