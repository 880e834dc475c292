"""Judging an order file before it is claimed: whether it is for us, and whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gdtbridge.folders.intake import OrderIntake
from gdtbridge.gdt.errors import NotGdtError
from gdtbridge.gdt.read.reader import read_beginning, read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.read.structure import is_miscounted, what_is_missing
from gdtbridge.gdt.tables.patient_fields import PATIENT_IDS
from gdtbridge.gdt.tables.record_types import RECORD_LENGTHS

NOT_GDT: Final = "kein GDT / no GDT"
CUT_OFF: Final = (
    "bricht ab, bevor der Empfänger (8315) kommt / ends before its receiver (8315) is named"
)


NOTHING_SAID: Final = "Feld 3000: Der Satz nennt keinen Patienten. / The record names no patient."


class FileCondition(Enum):
    """Condition of a file in a folder of orders."""

    WHOLE = auto()
    MISCOUNTED = auto()
    """Its structure is complete, its count (8100) says more: perhaps still being written."""
    PARTIAL = auto()
    """Perhaps still being written."""
    FOREIGN = auto()
    """Not for us: not touched."""


@dataclass(frozen=True, slots=True)
class FileJudgement:
    """Condition of a file; ``reason`` tells a person what it lacks or why it is left alone.

    ``is_ours`` says whether a file that stays partial may be refused: it is addressed to us.
    """

    condition: FileCondition
    reason: str = ""
    is_ours: bool = True


_WHOLE: Final = FileJudgement(FileCondition.WHOLE)
_OF_ALL: Final = OrderIntake(receivers=("*",))


def judge(data: bytes, intake: OrderIntake = _OF_ALL) -> FileJudgement:
    """Return the condition of a file with these bytes; raises nothing for the content.

    Without ``intake`` every order is for us, whoever it is addressed to.
    """
    try:
        records = read_records(data)
    except NotGdtError as error:
        return _unreadable(data, str(error), intake)
    if reason := _stranger(records, intake):
        return FileJudgement(FileCondition.FOREIGN, reason)
    if reason := what_is_missing(data, records):
        counted = is_miscounted(data, records)
        condition = FileCondition.MISCOUNTED if counted else FileCondition.PARTIAL
        return FileJudgement(condition, reason, is_ours=_names_receiver(records[-1]))
    if not _says_anything(records[-1]):
        return FileJudgement(FileCondition.PARTIAL, NOTHING_SAID)
    return _WHOLE


def _stranger(records: Sequence[Record], intake: OrderIntake) -> str:
    """Return why none of the records is for us; nothing where one is."""
    reasons = [intake.stranger(record) for record in records]
    return reasons[0] if all(reasons) else ""


def _names_receiver(record: Record) -> bool:
    """Return whether a record that breaks off got further than the place of its receiver."""
    return any(line.id in {"8315", *PATIENT_IDS} for line in record.lines)


def _says_anything(record: Record) -> bool:
    """Return whether a record counts itself, or got as far as its receiver or its patient."""
    return _names_receiver(record) or any(line.id in RECORD_LENGTHS for line in record.lines)


def _unreadable(data: bytes, problem: str, intake: OrderIntake) -> FileJudgement:
    """Return the judgement of what the reader refuses: ours where its head is GDT and for us."""
    try:
        reason = _stranger(read_beginning(data), intake)
    except NotGdtError:
        reason = NOT_GDT
    if reason:
        return FileJudgement(FileCondition.FOREIGN, reason)
    return FileJudgement(FileCondition.PARTIAL, problem)
