"""Is it all there, and is it for us? What can be said of an order file before it is claimed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gdtbridge.gdt import NotGdtError, Record, read_records, what_is_missing

RESULT: Final = "6310"


class Fitness(Enum):
    """What to do with a file."""

    WHOLE = auto()
    PARTIAL = auto()
    """It may still be being written."""
    FOREIGN = auto()
    """A result on its way to somebody else: not touched."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """``reason`` tells a person, should a partial file stay so."""

    fitness: Fitness
    reason: str = ""


_WHOLE: Final = Judgement(Fitness.WHOLE)


def judge(data: bytes, *, own_sender: str = "") -> Judgement:
    """Return whether the file is complete.

    ``own_sender`` is our own GDT id (8316) where our results go to the same folder.
    """
    try:
        records = read_records(data)
    except NotGdtError as error:
        return Judgement(Fitness.PARTIAL, str(error))
    if all(_is_foreign(record, own_sender) for record in records):
        return Judgement(Fitness.FOREIGN)
    if reason := what_is_missing(data, records):
        return Judgement(Fitness.PARTIAL, reason)
    return _WHOLE


def _is_foreign(record: Record, own_sender: str) -> bool:
    sender = (record.first("8316") or "").strip()
    return record.record_type == RESULT or bool(own_sender and sender == own_sender)
