"""A record for people and programs: a table, and the JSON of ``gdt show --json``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gdtbridge.gdt.fields import FIELDS
from gdtbridge.gdt.record_types import RECORD_TYPES
from gdtbridge.gdt.records import GdtWarning, Line, Patient, Record
from gdtbridge.gdt.text import printable

_NAME_WIDTH: Final = 44
_BOLD, _DIM, _YELLOW, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[0m"


def record_to_json(record: Record) -> dict[str, object]:
    """Return the record as JSON can hold it; a line that is no field has an empty ``id``."""
    return {
        "record_type": record.record_type,
        "version": record.version,
        "encoding": record.encoding,
        "fields": [
            {"id": line.id, "value": line.value, "line": line.line} for line in record.lines
        ],
        "patient": _patient(record.patient),
        "warnings": [
            {"line": warning.line, "code": warning.code, "message": warning.message}
            for warning in record.warnings
        ],
    }


def _patient(patient: Patient) -> dict[str, str | None]:
    """Return the patient, the birth date as YYYY-MM-DD."""
    return {
        "id": patient.id,
        "family_name": patient.family_name,
        "given_name": patient.given_name,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "sex": patient.sex,
    }


def record_to_text(record: Record, *, colour: bool = False) -> str:
    """Return a table (line, field, German name, content), then the warnings.

    Contents are shown without control characters: a file cannot drive the terminal.
    """
    lines = [_title(record), *map(_row, record.lines)]
    if colour:
        lines[0] = f"{_BOLD}{lines[0]}{_RESET}"
        lines[1:] = [f"{_DIM}{row[:4]}{_RESET}{row[4:]}" for row in lines[1:]]
    lines += _warnings(record, colour=colour)
    return "\n".join(lines) + "\n"


def _title(record: Record) -> str:
    """Return one line about the record."""
    known = RECORD_TYPES.get(record.record_type)
    name = known.name if known else "unbekannte Satzart / unknown record type"
    version = printable(record.version or "-")
    kind = printable(record.record_type)
    return f"{kind} {name} (GDT {version}, {record.encoding})"


def _row(line: Line) -> str:
    """Return one line of the table."""
    known = FIELDS.get(line.id)
    name = known.name if known else ""
    if len(name) > _NAME_WIDTH:
        name = name[: _NAME_WIDTH - 1] + "…"
    value = " ⏎ ".join(map(printable, line.value.split("\n")))
    return f"{line.line:>4}  {line.id or '----'}  {name:<{_NAME_WIDTH}}  {value}".rstrip()


def _warnings(record: Record, *, colour: bool) -> Iterator[str]:
    """Yield the warnings, one line each."""
    start, end = (_YELLOW, _RESET) if colour else ("", "")
    for warning in record.warnings:
        yield f"{start}{_place(warning)}{warning.message} [{warning.code}]{end}"


def _place(warning: GdtWarning) -> str:
    """Return where a warning belongs."""
    return "" if warning.line is None else f"Zeile / line {warning.line}: "
