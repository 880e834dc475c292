"""The evidence side by side: what differs, what is the same, what one source alone says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from gdtbridge.clarifying.model import (
    CellStanding,
    CellValue,
    ComparedCell,
    ComparedRow,
    EvidenceField,
    EvidenceSource,
    EvidenceTable,
)
from gdtbridge.people import Patient, agree, are_written_alike


@dataclass(frozen=True, slots=True)
class SourceWord:
    """What one source says: of whom, for which order, when (local times)."""

    patient: Patient
    order_number: str = ""
    day: date | None = None
    time: tuple[datetime, datetime] | None = None


def compare(words: Mapping[EvidenceSource, SourceWord]) -> EvidenceTable:
    """Return the table of what sources say; the first one is what the others are held against.

    A row differs where two of those who say something say it otherwise. Names differ as people
    read them: another spelling is none. What one source alone says is all rows.
    """
    rows, same, alone = [], [], []
    bare = len(words) == 1
    for field in EvidenceField:
        said = {source: _said(word, field) for source, word in words.items()}
        known = {source: value for source, value in said.items() if value is not None}
        if not known:
            continue
        if bare or field is EvidenceField.TIME:
            rows.append(ComparedRow(field, tuple(ComparedCell(said[one]) for one in words)))
        elif len(known) == 1:
            ((source, value),) = known.items()
            alone.append((field, value, source))
        elif all(_alike(field, words, one, other) for one in known for other in known):
            same.append((field, next(iter(known.values()))))
        else:
            rows.append(ComparedRow(field, tuple(_cells(field, words, said))))
    return EvidenceTable(tuple(words), tuple(rows), tuple(same), tuple(alone))


def _said(word: SourceWord, field: EvidenceField) -> CellValue | None:
    patient = word.patient
    found: dict[EvidenceField, CellValue | None] = {
        EvidenceField.NAME: patient.listed_name,
        EvidenceField.BIRTH_DATE: patient.birth_date or patient.birth_date_as_sent,
        EvidenceField.NUMBER: patient.id,
        EvidenceField.SEX: patient.sex or "",
        EvidenceField.ORDER_NUMBER: word.order_number,
        EvidenceField.DAY: word.day,
        EvidenceField.TIME: word.time,
    }
    return found[field] or None


def _cells(
    field: EvidenceField,
    words: Mapping[EvidenceSource, SourceWord],
    said: Mapping[EvidenceSource, CellValue | None],
) -> Iterator[ComparedCell]:
    """Yield the cells of a row that differs: those that agree with most others are the same."""
    known = [source for source, value in said.items() if value is not None]
    agreeing = {
        one: sum(_alike(field, words, one, other) for other in known if other != one)
        for one in known
    }
    most = max(agreeing.values())
    for source, value in said.items():
        differs = source in agreeing and (agreeing[source] < most or not most)
        if value is None:
            yield ComparedCell(None)
        else:
            yield ComparedCell(value, CellStanding.DIFFERS if differs else CellStanding.SAME)


def _alike(
    field: EvidenceField,
    words: Mapping[EvidenceSource, SourceWord],
    one: EvidenceSource,
    other: EvidenceSource,
) -> bool:
    first, second = words[one], words[other]
    if field is EvidenceField.NAME:
        return _alike_names(first.patient, second.patient)
    return _said(first, field) == _said(second, field)


def _alike_names(one: Patient, other: Patient) -> bool:
    """Return whether two names are one, whatever the birth dates are."""
    first = Patient("", one.family_name, one.given_name)
    second = Patient("", other.family_name, other.given_name)
    return agree(first, second) and are_written_alike(first, second)
