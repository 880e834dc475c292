"""The check list of a case in the words of the pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gdtbridge.picture_labels import REASONS, Asked, LabelState
from gdtbridge.sample_audit.model import CaseOutcome, CaseSheet, CheckRow, RowPart
from gdtbridge.web.pages.texts import Texts

SHAPES: Final = MappingProxyType(
    {
        LabelState.PRESENT: ("check", "ok"),
        LabelState.MISSING: ("triangle-alert", "need"),
        LabelState.LOOK: ("circle-question-mark", ""),
    }
)
"""Shape and colour role of each state."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the check list: item, state, what the pictures say, what to do."""

    item: str
    word: str
    shape: str
    role: str
    told: Sequence[str]
    advice: str


def shown_rows(sheet: CaseSheet, texts: Texts, asked: Asked = Asked.SAMPLE) -> list[ShownRow]:
    """Return the check list of a case, as it is asked for in a sample audit or otherwise."""
    count = len(sheet.chosen) or len(sheet.pictures)
    return [_row(row, count, texts, asked) for row in sheet.rows]


def _row(row: CheckRow, count: int, texts: Texts, asked: Asked) -> ShownRow:
    shape, role = SHAPES[row.state]
    if not row.is_asked_by(asked) and row.state is LabelState.MISSING:
        role = ""
    told = [_told(part, count, texts) for part in row.parts]
    if row.organs and row.state is not LabelState.PRESENT:
        told.append(texts("sample.organs", organs=texts.half(row.organs)))
    if not row.is_asked_by(asked):
        told.append(texts("sample.for_constancy"))
    is_missing = row.state is LabelState.MISSING
    advice = texts.half(row.item.advice) if is_missing and row.item.advice else ""
    word = texts(f"sample.states.{row.state}")
    return ShownRow(texts.half(row.item.name), word, shape, role, told, advice)


def _told(part: RowPart, count: int, texts: Texts) -> str:
    said = [part.value, texts.half(REASONS[part.why]) if part.why else ""]
    return f"{'; '.join(filter(None, said))} ({_where(part.pictures, count, texts)})"


def _where(pictures: Sequence[int], count: int, texts: Texts) -> str:
    if len(pictures) == count:
        return texts("sample.every", n=count)
    return texts("sample.some", n=len(pictures), numbers=", ".join(map(str, pictures)))


def loud_sentences(sheet: CaseSheet, texts: Texts) -> list[str]:
    """Return what nobody may overlook, in sentences."""
    count = len(sheet.chosen) or len(sheet.pictures)
    parts = (part for row in sheet.rows for part in row.parts if part.is_loud)
    said = [_told(part, count, texts) for part in parts]
    others = [one.number for one in sheet.pictures if one.names_another]
    if others:
        numbers = ", ".join(map(str, others))
        said.append(texts("sample.names_another", n=len(others), numbers=numbers))
    return said


def summary(sheet: CaseSheet, texts: Texts) -> tuple[str, str, str]:
    """Return shape, colour role and words of a case in the list of cases."""
    if sheet.outcome is not CaseOutcome.FOUND:
        return "triangle-alert", "need", texts(f"sample.outcomes.{sheet.outcome}")
    if sheet.missing:
        items = ", ".join(texts.half(row.item.name) for row in sheet.missing)
        return "triangle-alert", "need", texts("sample.lacking", items=items)
    if sheet.is_loud or any(row.organs and row.state is LabelState.LOOK for row in sheet.rows):
        return "circle-question-mark", "", texts("sample.to_look_at")
    return "check", "ok", texts("sample.complete")


def held_in(sheets: Iterable[CaseSheet], texts: Texts) -> str:
    """Return how much is handed in: ``23 Bilder, 1 Clip, 5 Messblätter``."""
    counts: Counter[str] = Counter()
    for sheet in sheets:
        counts.update(f"{one.kind}s" for one in sheet.chosen)
        counts["reports"] += len(sheet.reports)
    words = {"images": "pictures", "clips": "clips", "reports": "reports"}
    said = [texts(f"sample.{word}", n=counts[kind]) for kind, word in words.items() if counts[kind]]
    return ", ".join(said) or texts("sample.pictures", n=0)
