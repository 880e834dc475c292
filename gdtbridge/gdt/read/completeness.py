"""Completeness of a file: the signs that practice software is still writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gdtbridge.gdt.read.record import Line, Record
from gdtbridge.gdt.tables.record_types import RECORD_ENDS, RECORD_LENGTHS

SHORTEST_LINE: Final = 9
"""Bytes of a line without content. A record that lacks fewer only counted wrongly."""


def what_is_missing(data: bytes, records: Sequence[Record]) -> str:
    """Return why the records read from ``data`` are not all of them; empty when they are."""
    reasons = (_missing(record) for record in records)
    if reason := next((reason for reason in reasons if reason), ""):
        return reason
    if not _ends_whole(data, records[-1].lines[-1]):
        return "Die letzte Zeile bricht ab. / The last line ends in the middle."
    return ""


def _missing(record: Record) -> str:
    """Return the sign that lines are missing at the end of a record, empty when none."""
    stated = next((line.value.strip() for line in record.lines if line.id in RECORD_LENGTHS), "")
    by_lines = sum(_declared(line) for line in record.lines)
    if stated.isdecimal() and int(stated[:9]) >= max(by_lines, len(record.data)) + SHORTEST_LINE:
        return "Der Satz ist kürzer, als Feld 8100 sagt. / The record is shorter than 8100 says."
    ids = {line.id for line in record.lines}
    if any(mark in ids and end not in ids for mark, end in RECORD_ENDS.items()):
        return "Dem Satz fehlt das Satzende (8001, 8202). / The record has no end (8001, 8202)."
    return ""


def _declared(line: Line) -> int:
    """Return the bytes a line says it has, or those it has where that is less or unreadable."""
    said = line.raw[:3]
    return max(int(said) if said.isdigit() else 0, len(line.raw) + 2)


def _ends_whole(data: bytes, last: Line) -> bool:
    """Return whether the last line has its line end, or else all it declares."""
    if data.rstrip(b"\x1a\0 ").endswith((b"\n", b"\r")):
        return True
    return last.raw[:3].isdigit() and int(last.raw[:3]) in {len(last.raw), len(last.raw) + 2}
