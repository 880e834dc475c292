"""From bytes to records, tolerant of everything real files do.

Nothing is dropped: what is no field stays as a line with an empty ``id``. Whatever had to be
tolerated is a warning. Time is linear in the size of the input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from gdtbridge.gdt.errors import GdtError, NotGdtError
from gdtbridge.gdt.read.charset_detection import (
    DIN_66003,
    READABLE,
    CharsetChoice,
    choose,
    evidence,
    is_din_66003,
)
from gdtbridge.gdt.read.name_flaws import REPLACEMENT, name_flaw
from gdtbridge.gdt.read.raw_lines import RawLine, raw_lines
from gdtbridge.gdt.read.record import GdtWarning, Line, Record, gdt_warning
from gdtbridge.gdt.read.structure import structure_warnings
from gdtbridge.gdt.tables.dates import is_partial_date, parse_date, says_no_date
from gdtbridge.gdt.tables.fields import FIELDS
from gdtbridge.gdt.tables.patient_fields import (
    BIRTH_DATES,
    FAMILY_NAMES,
    GIVEN_NAMES,
    PATIENT_IDS,
    SEX,
    SEX_READ,
)
from gdtbridge.gdt.tables.record_types import RECORD_TYPES

MAX_BYTES: Final = 10 * 1024 * 1024
"""Bytes a file may have."""

BEGINNING: Final = 4096
"""Bytes in which a file says whom it is from and for."""

_NAMES: Final = (*FAMILY_NAMES, *GIVEN_NAMES)
_PATHS: Final = frozenset({"6305", "9154", "3619"})
"""Fields in which a brace or a backslash is what it is: paths, links, addresses of mail."""

_LOOK_AHEAD: Final = 20
"""Lines before the first record that are tolerated, blank ones not counted."""

_GDT_TYPE: Final = re.compile(rb" *63\d\d\s*")
_TYPE: Final = re.compile(rb"\s*\w{4}\s*")
"""A record type of any of the xDT formats; anything else behind 8000 is no start of a record."""

_LATIN9_VERSION: Final = re.compile(rb"0?3\.5\d*")
"""Field 0001 of the version whose only character set is ISO 8859-15."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def read_records(data: bytes, *, default_encoding: str | None = None) -> list[Record]:
    """Return the records of a GDT file; :class:`NotGdtError` for anything that is none.

    ``default_encoding`` is what the practice software writes when the file does not say (one of
    ascii, cp437, cp850, cp1252, iso8859-1, iso8859-15, utf-8).
    """
    if default_encoding is not None and default_encoding not in READABLE:
        raise GdtError("Unbekannter Zeichensatz. / Unknown character set.")
    if len(data) > MAX_BYTES:
        raise NotGdtError("Die Datei ist größer als 10 MB. / The file is larger than 10 MB.")
    if not data.strip():
        raise NotGdtError("Die Datei ist leer. / The file is empty.")
    if data.startswith(_UTF_16):
        raise NotGdtError(
            "Die Datei ist in UTF-16 geschrieben, das kein Zeichensatz von GDT ist. / "
            "The file is written in UTF-16, which is no character set of GDT."
        )
    return [_record(group, default_encoding) for group in _groups(raw_lines(data))]


def read_beginning(data: bytes) -> list[Record]:
    """Return the records in the beginning of a file, however long it is, in UTF-16 too.

    The last one breaks off. They tell whom a file is from and for; raises `NotGdtError`.
    """
    beginning = data[:BEGINNING]
    if beginning.startswith(_UTF_16):
        beginning = beginning[: len(beginning) // 2 * 2].decode("utf-16", "replace").encode()
    return read_records(beginning)


def _groups(lines: list[RawLine]) -> Iterator[list[RawLine]]:
    """Yield the lines of each record; a line 8000 starts one."""
    first = _first_record(lines)
    starts = [i for i in range(first, len(lines)) if _starts_record(lines[i])]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        group = lines[start:end]
        if start == first:
            before = (_demoted(line, "before-record") for line in lines[:first])
            group = [*before, *group]
        yield _without_tail(group)


def _starts_record(line: RawLine) -> bool:
    """Return whether a record starts here, be it of GDT or of LDT or BDT."""
    return line.id == "8000" and _TYPE.fullmatch(line.content) is not None


def _first_record(lines: list[RawLine]) -> int:
    """Return where the first record starts; refuse what has none or another kind of it."""
    written = (index for index, line in enumerate(lines) if not line.blank)
    for index in islice(written, _LOOK_AHEAD):
        line = lines[index]
        if _starts_record(line):
            if not _GDT_TYPE.fullmatch(line.content):
                raise NotGdtError(
                    "Die Satzart gehört nicht zu GDT (LDT oder BDT?). / "
                    "The record type is none of GDT (LDT or BDT?)."
                )
            if line.plausible or _are_fields(lines[index + 1 :]):
                return index
            break
        if b"\0" in line.raw:
            break
    raise NotGdtError("Das ist keine GDT-Datei. / This is not a GDT file.")


def _are_fields(lines: Sequence[RawLine]) -> bool:
    """Return whether these are fields, with whatever lengths, and not telephone numbers."""
    written = [line for line in lines if not line.blank]
    return 2 * sum(line.id in FIELDS for line in written) > len(written)


def _without_tail(group: list[RawLine]) -> list[RawLine]:
    """Return the record with everything behind its end marker (8001, 8202) demoted."""
    ends = [i for i, line in enumerate(group) if line.id in {"8001", "8202"}]
    if not ends:
        return group
    tail = (_demoted(line, "after-record") for line in group[ends[0] + 1 :])
    return [*group[: ends[0] + 1], *tail]


def _demoted(line: RawLine, flaw: str) -> RawLine:
    """Return ``line`` as one that is no field, blank ones as they are."""
    return line if line.blank else replace(line, id="", content=line.raw, flaw=flaw)


def _record(group: list[RawLine], default: str | None) -> Record:
    """Return one record with all its warnings."""
    choice = _charset(group, default)
    lines, flaws = _decoded(group, choice)
    record = Record(
        record_type=next(line.value.strip() for line in lines if line.id == "8000"),
        version=_version(lines),
        encoding=choice.codec,
        lines=lines,
        warnings=(),
        data=b"".join(line.raw + line.end for line in group),
    )
    warnings = [
        *_file_warnings(group, choice),
        *flaws,
        *structure_warnings(group),
        *_patient_warnings(record),
    ]
    if record.record_type not in RECORD_TYPES:
        warnings.append(gdt_warning("record-type-unknown", lines[0].line))
    return replace(record, warnings=tuple(sorted(warnings, key=lambda w: w.line or 0)))


def _charset(group: Sequence[RawLine], default: str | None) -> CharsetChoice:
    """Return the character set of a record; a byte order mark and GDT 3.5 have their own."""
    fields = {line.id: line.content.strip() for line in reversed(group)}
    if group[0].marked:
        default = "utf-8"
    elif _LATIN9_VERSION.fullmatch(fields.get("0001", b"")):
        default = "iso8859-15"
    declared = fields.get("9206")
    text = evidence(line.content for line in group)
    if declared == b"1" and not text and is_din_66003(fields.get(name, b"") for name in _NAMES):
        return CharsetChoice("ascii", "charset-din-66003")
    return choose(text, None if declared is None else declared.decode("ascii", "replace"), default)


def _decoded(
    group: Iterable[RawLine], choice: CharsetChoice
) -> tuple[tuple[Line, ...], list[GdtWarning]]:
    """Return the lines in text, and the warnings that belong to one line each."""
    lines, warnings = [], []
    codec = choice.codec
    seven_bit = choice.flaw == "charset-din-66003"
    for part in group:
        if part.flaw is not None:
            warnings.append(gdt_warning(part.flaw, part.number))
        if part.blank:
            continue
        try:
            value = part.content.decode(codec)
        except UnicodeDecodeError:
            value = part.content.decode(codec, "replace")
            warnings.append(gdt_warning("undecodable", part.number))
        else:
            if flaw := _text_flaw(part.id, value):
                warnings.append(gdt_warning(flaw, part.number))
        if seven_bit and part.id not in _PATHS:
            value = value.translate(DIN_66003)
        lines.append(Line(part.id, value, part.number, part.raw))
    return tuple(lines), warnings


def _text_flaw(field: str, text: str) -> str | None:
    """Return the code of what somebody before us did to a text, most of all to a name."""
    if field in _NAMES:
        return name_flaw(text)
    return "replacement-character" if REPLACEMENT in text else None


def _version(lines: Iterable[Line]) -> str | None:
    """Return field 9218, 0001 in GDT 3.5."""
    found = {line.id: line.value.strip() for line in reversed(tuple(lines))}
    return found.get("9218") or found.get("0001") or None


def _file_warnings(group: Sequence[RawLine], choice: CharsetChoice) -> Iterator[GdtWarning]:
    """Yield the warnings about line ends and character set."""
    if group[0].marked:
        yield gdt_warning("byte-order-mark")
    if choice.flaw is not None:
        yield gdt_warning(choice.flaw)
    if any(line.end not in {b"\r\n", b""} for line in group):
        yield gdt_warning("line-end")
    if not group[-1].end and not group[-1].blank:
        yield gdt_warning("line-end-missing", group[-1].number)


def _patient_warnings(record: Record) -> Iterator[GdtWarning]:
    """Yield the warnings about number, birth date and sex of the patient."""
    ids = [line for line in record.lines if line.id == PATIENT_IDS[0]]
    if not record.patient.id:
        yield gdt_warning("patient-id-missing")
    for line in ids[1:]:
        if line.value.strip() != ids[0].value.strip():
            yield gdt_warning("patient-id-differs", line.line)
    for line in record.lines:
        value = line.value.strip()
        if line.id in BIRTH_DATES and not _is_birth_date(value):
            yield gdt_warning("birth-date-invalid", line.line)
        if line.id == SEX and value and value.upper() not in SEX_READ:
            yield gdt_warning("sex-unknown", line.line)


def _is_birth_date(text: str) -> bool:
    """Return whether a birth date says a day, a part of one, or nothing."""
    return says_no_date(text) or is_partial_date(text) or parse_date(text) is not None
