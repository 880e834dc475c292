"""Checks on the build of a record: length, objects, end; signs that a file is still written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gdtbridge.gdt.read.raw_lines import RawLine
from gdtbridge.gdt.read.record import GdtWarning, Line, Record, gdt_warning
from gdtbridge.gdt.tables.patient_fields import (
    BIRTH_DATES,
    FAMILY_NAMES,
    GIVEN_NAMES,
    PATIENT_IDS,
)
from gdtbridge.gdt.tables.record_types import (
    OBJECT_MARKS,
    RECORD_ENDS,
    RECORD_LENGTHS,
    RECORD_TYPES,
)

_PATIENT: Final = {
    one[0]: frozenset(one) for one in (PATIENT_IDS, FAMILY_NAMES, GIVEN_NAMES, BIRTH_DATES)
}
"""The standard's fields of number, name and birth date, each with those that may stand for it."""

SHORTEST_LINE: Final = 9
"""Bytes of a line without content. A record that lacks fewer only counted wrongly."""


def structure_warnings(group: Sequence[RawLine]) -> Iterator[GdtWarning]:
    """Yield the warnings about length, objects and end of one record."""
    lines = [line for line in group if not line.blank]
    yield from _length_warnings(lines)
    yield from _object_warnings(lines)
    yield from _end_warnings(lines)


def _number(line: RawLine) -> int:
    """Return the content as a number, -1 when it is none."""
    text = line.content.strip()
    return int(text) if text.isdigit() and len(text) < 12 else -1


def _length_warnings(lines: Sequence[RawLine]) -> Iterator[GdtWarning]:
    """Check 8100 (8004 in 3.1): the bytes of the record, each line with CR LF.

    Records that were edited by hand keep the sum of the declared lengths.
    """
    stated = [line for line in lines if line.id in RECORD_LENGTHS]
    if not stated:
        return
    if _number(stated[0]) == sum(line.size for line in lines):
        return
    by_lines = sum(line.size if line.declared is None else line.declared for line in lines)
    same = _number(stated[0]) == by_lines
    yield gdt_warning("record-length-by-lines" if same else "record-length-wrong", stated[0].number)


def _object_warnings(lines: Sequence[RawLine]) -> Iterator[GdtWarning]:
    """Check 8002/8003 (the end repeats the name) and 8200/8201 (the end counts the lines)."""
    open_objects: list[tuple[int, RawLine]] = []
    for index, line in enumerate(lines):
        if line.id in OBJECT_MARKS:
            open_objects.append((index, line))
        elif line.id in OBJECT_MARKS.values():
            start = open_objects.pop() if open_objects else None
            if start is None or not _closes(start[1], line):
                yield gdt_warning("object-mismatch", line.number)
            elif line.id == "8201" and _number(line) != index - start[0] + 1:
                yield gdt_warning("object-count-wrong", line.number)
    for _, line in open_objects:
        yield gdt_warning("object-open", line.number)


def _closes(start: RawLine, end: RawLine) -> bool:
    """Return whether the end belongs to that start: 8003 repeats the name, 8201 counts."""
    named = end.id == "8003"
    return OBJECT_MARKS[start.id] == end.id and (
        not named or start.content.strip() == end.content.strip()
    )


def _end_warnings(lines: Sequence[RawLine]) -> Iterator[GdtWarning]:
    """Check 8001 (names the record type again) and 8202 (counts the lines of the record)."""
    start = next(i for i, line in enumerate(lines) if line.id == "8000")
    for index, line in enumerate(lines):
        if line.id == "8001" and line.content.strip() != lines[start].content.strip():
            yield gdt_warning("end-mismatch", line.number)
        if line.id == "8202" and _number(line) != index - start + 1:
            yield gdt_warning("line-count-wrong", line.number)


def what_is_missing(data: bytes, records: Sequence[Record]) -> str:
    """Return why the records read from ``data`` are not all of them; empty when they are."""
    if any(map(_lacks_end, records)):
        return "Dem Satz fehlt das Satzende (8001, 8202). / The record has no end (8001, 8202)."
    if _is_shorter(records[-1]):  # of those before it the next one is the end
        return "Der Satz ist kürzer, als Feld 8100 sagt. / The record is shorter than 8100 says."
    if not _ends_whole(data, records[-1]):
        return "Die letzte Zeile bricht ab. / The last line ends in the middle."
    return ""


def is_miscounted(data: bytes, records: Sequence[Record]) -> bool:
    """Return whether nothing speaks against whole records but the count (8100) of the last.

    Whole is a record with a line end, the end of its objects, and all its type must have of the
    patient: what breaks off earlier is a piece.
    """
    last = records[-1]
    ends = _ends_whole(data, last) and not any(map(_lacks_end, records))
    return ends and _is_shorter(last) and _says_whom(last)


def _says_whom(record: Record) -> bool:
    """Return whether a record has the patient's fields that are mandatory for its type."""
    known = RECORD_TYPES.get(record.record_type)
    wanted = known.mandatory & _PATIENT.keys() if known is not None else frozenset(_PATIENT)
    ids = {line.id for line in record.lines if line.value.strip()}
    return all(ids.intersection(_PATIENT[field]) for field in wanted)


def _is_shorter(record: Record) -> bool:
    """Return whether a record without an end of its own has fewer bytes than it says, by a line."""
    if any(line.id in RECORD_ENDS.values() for line in record.lines):
        return False
    by_lines = sum(_declared(line) for line in record.lines)
    return _stated(record) >= max(by_lines, len(record.data)) + SHORTEST_LINE


def _stated(record: Record) -> int:
    """Return the bytes a record says it has, 0 where it does not say."""
    said = next((line.value.strip() for line in record.lines if line.id in RECORD_LENGTHS), "")
    return int(said[:9]) if said.isdecimal() else 0


def _lacks_end(record: Record) -> bool:
    """Return whether a record with objects has no end."""
    ids = {line.id for line in record.lines}
    return any(mark in ids and end not in ids for mark, end in RECORD_ENDS.items())


def _declared(line: Line) -> int:
    """Return the bytes a line says it has, or those it has where that is less or unreadable."""
    said = line.raw[:3]
    return max(int(said) if said.isdigit() else 0, len(line.raw) + 2)


def _ends_whole(data: bytes, last: Record) -> bool:
    """Return whether the last line has its line end, or else all that it or 8100 declares."""
    if data.rstrip(b"\x1a\0 ").endswith((b"\n", b"\r")):
        return True
    line, whole = last.lines[-1].raw, len(last.data)
    declared = int(line[:3]) if line[:3].isdigit() else 0
    return declared in {len(line), len(line) + 2} or _stated(last) in {whole, whole + 2}
