"""Judging an order file before it is claimed: whether the file is whole, and for us."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gdtbridge.gdt.errors import NotGdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.read.structure import what_is_missing

RESULT: Final = "6310"


class FileCondition(Enum):
    """Condition of a file in a folder of orders."""

    WHOLE = auto()
    PARTIAL = auto()
    """Perhaps still being written."""
    FOREIGN = auto()
    """A result on its way to somebody else: not touched."""


@dataclass(frozen=True, slots=True)
class FileJudgement:
    """Condition of a file; ``reason`` tells a person what a file that stays partial lacks."""

    condition: FileCondition
    reason: str = ""


_WHOLE: Final = FileJudgement(FileCondition.WHOLE)


def judge(data: bytes, *, own_sender: str = "") -> FileJudgement:
    """Return the condition of a file with these bytes; raises nothing for the content.

    ``own_sender`` is our own GDT id (8316) where our results go to the same folder.
    """
    try:
        records = read_records(data)
    except NotGdtError as error:
        return FileJudgement(FileCondition.PARTIAL, str(error))
    if all(_is_foreign(record, own_sender) for record in records):
        return FileJudgement(FileCondition.FOREIGN)
    if reason := what_is_missing(data, records):
        return FileJudgement(FileCondition.PARTIAL, reason)
    return _WHOLE


def _is_foreign(record: Record, own_sender: str) -> bool:
    sender = (record.first("8316") or "").strip()
    return record.record_type == RESULT or bool(own_sender and sender == own_sender)
