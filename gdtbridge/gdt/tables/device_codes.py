"""Field 8402 by kind of exam (``device_codes.tsv``, which names its sources)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gdtbridge.tsv import table

UNSPECIFIED: Final = "ALLG00"
"""The code of everything the table does not name (GDT 2.1 appendix B: unspecified)."""


@dataclass(frozen=True, slots=True)
class DeviceCodeRow:
    """One row: the exams of a modality, with one of the words where there are any, and the code."""

    modality: str
    words: tuple[str, ...]
    code: str
    meaning: str


def _row(cells: list[str]) -> DeviceCodeRow:
    modality, words, code, meaning = cells
    return DeviceCodeRow(modality, tuple(filter(None, words.split("|"))), code, meaning)


DEVICE_CODES: Final = tuple(map(_row, table("gdt/tables/device_codes.tsv")))


def has_word(description: str, words: Iterable[str]) -> bool:
    """Return whether a description has one of the words in it, whatever their case."""
    text = description.casefold()
    return any(word.casefold() in text for word in words)


def device_code(modality: str, description: str = "") -> str:
    """Return the code of an exam by its DICOM modality and the words of its description."""
    for row in DEVICE_CODES:
        if row.modality == modality and (not row.words or has_word(description, row.words)):
            return row.code
    return UNSPECIFIED
