"""A record for people and programs: a table, and the JSON of ``gdt show --json``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.read.record import GdtWarning, Line, Record
from gdtbridge.gdt.tables.fields import FIELDS
from gdtbridge.gdt.tables.record_types import RECORD_TYPES
from gdtbridge.gdt.text import printable, visible
from gdtbridge.people import Patient

_NAME_WIDTH: Final = 44
_CONTENT_WIDTH: Final = 40
_NARROWEST: Final = 72
_INDENT: Final = 12
"""Columns before a name: line and field number."""

_UNKNOWN_TYPE: Final = "unbekannte Satzart / unknown record type"
_SEX: Final[Mapping[str, str]] = MappingProxyType(
    {"M": "männlich / male", "F": "weiblich / female", "O": "divers / other"}
)
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


def record_to_text(record: Record, *, colour: bool = False, width: int | None = None) -> str:
    """Return a record as text: record type, patient, a table of fields, and the warnings.

    The table has line, field, German name and content. ``width`` are the columns of a terminal (72
    at least), nothing is wider; without it each field takes one line. Contents are shown without
    control characters: a file cannot drive the terminal.
    """
    page = _page(record, width, colour=colour)
    lines = [page.paint(_BOLD, text) for text in _wrapped(_title(record), page.width)]
    lines += [*_wrapped(_person(record.patient), page.width), *_table(record, page)]
    warnings = findings_to_text(record.warnings, page.width)
    lines += (page.paint(_YELLOW, text) for text in warnings)
    return "\n".join(lines) + "\n"


def findings_to_text(found: Sequence[GdtWarning], width: int | None = None) -> list[str]:
    """Return the findings, those of one kind and sentence together with their line numbers."""
    kinds: dict[tuple[str, str], list[int]] = {}
    for one in found:
        places = kinds.setdefault((one.message, one.code), [])
        places.extend(() if one.line is None else (one.line,))
    shown = []
    for (message, code), places in kinds.items():
        shown += _wrapped(f"{_places(places)}{message} [{code}]", width)
    return shown


def _wrapped(text: str, width: int | None) -> list[str]:
    """Return a sentence on lines no wider than a terminal, on one where there is none."""
    if width is None:
        return [text]
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)


@dataclass(frozen=True, slots=True)
class _TerminalTable:
    """The table of fields on a terminal: its colour, its width (None: any), that of the names."""

    colour: bool
    width: int | None
    names: int

    def paint(self, code: str, text: str) -> str:
        """Return the text, in colour where there is any."""
        return f"{code}{text}{_RESET}" if self.colour else text

    @property
    def room(self) -> int | None:
        """Return the columns of a content beside its name."""
        return None if self.width is None else self.width - _INDENT - self.names - 2


def _page(record: Record, width: int | None, *, colour: bool) -> _TerminalTable:
    """Return a page on which names take no more room than they need."""
    names = min(max(len(_name(line.id)) for line in record.lines), _NAME_WIDTH)
    if width is not None:
        width = max(width, _NARROWEST)
        contents = [len(_content(line)) for line in record.lines]
        beside = max((size for size in contents if size <= _CONTENT_WIDTH), default=0)
        names = min(names, width - _INDENT - 2 - beside)
    return _TerminalTable(colour, width, names)


def _title(record: Record) -> str:
    """Return one line about the record."""
    known = RECORD_TYPES.get(record.record_type)
    name = known.name if known else _UNKNOWN_TYPE
    version = f"GDT {printable(record.version)}" if record.version else "ohne Version / no version"
    return f"{printable(record.record_type)} {name} ({version}, {record.encoding})"


def _person(patient: Patient) -> str:
    """Return one line about the patient."""
    born = f"* {patient.german_birth_date}" if patient.birth_date else ""
    sex = _SEX.get(patient.sex or "", "")
    parts = (patient.id or "ohne Nummer / no number", patient.listed_name, born, sex)
    return f"Patient {' · '.join(part for part in parts if part)}"


def _table(record: Record, page: _TerminalTable) -> Iterator[str]:
    """Yield the lines of the table; neighbours of one number are laid out alike."""
    for _, neighbours in groupby(record.lines, key=lambda line: line.id):
        lines = list(neighbours)
        if page.room is None or all(len(_content(line)) <= page.room for line in lines):
            for line in lines:
                name = _shortened(_name(line.id), page.names)
                yield f"{_start(line, page)}{name:<{page.names}}  {_content(line)}".rstrip(" ")
        else:
            yield from _below(lines, page, (page.width or 0) - _INDENT)


def _below(lines: Sequence[Line], page: _TerminalTable, room: int) -> Iterator[str]:
    """Yield a name, and below it contents that are too wide to stand beside it."""
    for index, line in enumerate(lines):
        pieces = _folded(_content(line), room)
        first, *more = (_name(line.id), *pieces) if index == 0 else pieces
        yield f"{_start(line, page)}{first}".rstrip(" ")
        yield from (f"{' ' * _INDENT}{piece}".rstrip(" ") for piece in more)


def _start(line: Line, page: _TerminalTable) -> str:
    """Return the number of a line and of its field."""
    return f"{page.paint(_DIM, f'{line.line:>4}')}  {line.id or '----'}  "


def _name(field: str) -> str:
    """Return the German name of a field."""
    if not field:
        return "kein Feld / no field"
    known = FIELDS.get(field)
    return known.name if known else "unbekannt / unknown"


def _shortened(name: str, width: int) -> str:
    """Return a name that fits."""
    return name if len(name) <= width else name[: width - 1] + "…"


def _content(line: Line) -> str:
    """Return a content on one line."""
    return " ⏎ ".join(map(visible, line.value.split("\n")))


def _folded(text: str, width: int) -> list[str]:
    """Return a text in pieces, broken at blanks; its columns stay columns."""
    return textwrap.wrap(text, width, drop_whitespace=False, break_on_hyphens=False) or [""]


def _places(numbers: Sequence[int]) -> str:
    """Return where findings belong: "Zeile / line 3: ", "Zeilen / lines 3, 5-9: "."""
    if not numbers:
        return ""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    shown = ", ".join("-".join(map(str, span)) for span in spans)
    return f"Zeile / line {shown}: " if shown.isdigit() else f"Zeilen / lines {shown}: "
