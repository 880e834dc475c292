"""Conformance of a record to a dialect: the findings of ``gdt check``.

The reader tolerates; this says what an importer that goes by the tables may refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.read.charset_detection import ANSI, DOS, UTF_8
from gdtbridge.gdt.read.record import GdtWarning, Line, Record
from gdtbridge.gdt.tables.charsets import CHARSETS
from gdtbridge.gdt.tables.dates import partial_date_text
from gdtbridge.gdt.tables.dialects import ENTRY_FIELDS, Dialect
from gdtbridge.gdt.tables.fields import FIELDS, FieldType
from gdtbridge.gdt.tables.options import VERSIONS, PatientIdRule, RecordForm
from gdtbridge.gdt.tables.patient_fields import BIRTH_DATES, NUMBER_ELSEWHERE, SEX_WRITTEN
from gdtbridge.gdt.tables.record_types import (
    FILE_GROUP,
    FREE_PAIRS,
    GROUPING,
    MANDATORY_IN_3,
    OBJECT_MARKS,
    RECORD_ENDS,
    RECORD_TYPES,
    TEST_GROUP,
)
from gdtbridge.tsv import sentences

CHECK_FINDINGS: Final = sentences("gdt/tools/findings.tsv")
"""Code to sentence; the line's field is added to a message."""

_OBJECT_START: Final[Mapping[RecordForm, str]] = MappingProxyType(
    {
        RecordForm.COUNTED_OBJECTS: "8200",
        RecordForm.NAMED_OBJECTS: "8002",
        RecordForm.MEDICAL_OFFICE: "8002",
    }
)
"""The field that starts an object, by form; a flat record has no objects."""

_TYPES: Final[Mapping[FieldType, re.Pattern[str]]] = MappingProxyType(
    {
        FieldType.NUM: re.compile(r"\d+", re.ASCII),
        FieldType.DATE: re.compile(r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])[12]\d{3}", re.ASCII),
        FieldType.TIME: re.compile(r"([01]\d|2[0-3])[0-5]\d[0-5]\d", re.ASCII),
    }
)
"""Patterns of contents by type; numbers with decimals depend on the dialect."""


def check_record(record: Record, dialect: Dialect) -> tuple[GdtWarning, ...]:
    """Return the findings an importer of that dialect may refuse, in the order of the lines.

    Codes are those of ``CHECK_FINDINGS``; a message names the field, never its content. The
    record's own warnings are not repeated.
    """
    found = [
        *_record_findings(record, dialect),
        *_missing(record, dialect),
        *_order(record, dialect),
    ]
    for line in record.lines:
        if line.id:
            found.extend(_line_findings(line, record, dialect))
    return tuple(sorted(found, key=lambda one: (one.line or 0, one.code)))


def tolerated(record: Record, dialect: Dialect) -> tuple[GdtWarning, ...]:
    """Return the record's own warnings, without those of what the dialect wants just so."""
    wanted = {"charset-utf-8"} if dialect.options.encoding in UTF_8 else set()
    return tuple(one for one in record.warnings if one.code not in wanted)


def _finding(code: str, line: int | None = None, field: str = "") -> GdtWarning:
    """Return one finding; the field's number stands before its sentence."""
    return GdtWarning(
        line, code, f"{field}: {CHECK_FINDINGS[code]}" if field else CHECK_FINDINGS[code]
    )


def _record_findings(record: Record, dialect: Dialect) -> Iterator[GdtWarning]:
    """Yield the findings about type, version, form and character set of a record."""
    known = RECORD_TYPES.get(record.record_type)
    if known is None or dialect.generation not in known.versions:
        yield _finding("type-unknown", None, "8000")
    if record.version is not None and not _reads(dialect, record.version):
        yield _finding("version-differs", _line_of(record, "9218", "0001"), "9218")
    start = _OBJECT_START.get(dialect.options.form, "")
    own = {start, OBJECT_MARKS.get(start), RECORD_ENDS.get(start)}
    for mark in sorted(GROUPING - own):
        if record.first(mark) is not None:
            yield _finding("form-differs", _line_of(record, mark), mark)
    yield from _charset(record, dialect)


def _reads(dialect: Dialect, version: str) -> bool:
    """Return whether an importer reads a version: of its own form, in 2.1 earlier ones too."""
    allowed = VERSIONS[dialect.options.form]
    return version in allowed and (
        dialect.options.form is not RecordForm.FLAT or version <= dialect.options.version
    )


def _line_of(record: Record, *fields: str) -> int | None:
    """Return where the first of these fields stands."""
    return next((line.line for line in record.lines if line.id in fields), None)


def _charset(record: Record, dialect: Dialect) -> Iterator[GdtWarning]:
    """Yield the findings about the character set; seven bits are right in any."""
    wanted = CHARSETS[dialect.options.encoding]
    declares = any(row.field == "9206" for row in dialect.layouts.study.rows)
    declared = record.first("9206")
    ascii_only = all(line.value.isascii() for line in record.lines)
    if declared is None and declares and not ascii_only:
        yield _finding("charset-undeclared", None, "9206")
    if declared is not None and declares and declared.strip() not in {wanted.code, "1"}:
        yield _finding("charset-differs", _line_of(record, "9206"), "9206")
    families = [family for family in (ANSI, DOS, UTF_8) if wanted.name in family]
    fits = any(record.encoding in family for family in families)
    if not ascii_only and not fits:
        yield _finding("charset-differs")


def _missing(record: Record, dialect: Dialect) -> Iterator[GdtWarning]:
    """Yield the mandatory fields that are not there."""
    present = {line.id for line in record.lines}
    if NUMBER_ELSEWHERE in present:
        present.add("3000")
    for field in sorted(_mandatory(record.record_type, dialect) - present):
        yield _finding("field-missing", None, field)


def _mandatory(record_type: str, dialect: Dialect) -> frozenset[str]:
    """Return the fields the version demands, without those the dialect leaves out."""
    known = RECORD_TYPES.get(record_type)
    form = dialect.options.form
    if known is None or not known.mandatory:
        return frozenset({"8000"})
    if form is RecordForm.MEDICAL_OFFICE:
        return frozenset({"8000", "9218", "3000", "8001"})
    fields = known.mandatory
    if form is RecordForm.COUNTED_OBJECTS:
        fields = fields | MANDATORY_IN_3.get(record_type, frozenset()) | {"8202"}
    if form is RecordForm.NAMED_OBJECTS:
        more = MANDATORY_IN_3.get(record_type, frozenset())
        fields = (fields | more | {"8001"}) - {"8100"}
    return fields - set(dialect.options.omit)


def _order(record: Record, dialect: Dialect) -> Iterator[GdtWarning]:
    """Yield fields of a flat record that stand before one they follow in the tables.

    Tests, attachments and free categories start again with their first field.
    """
    known = RECORD_TYPES.get(record.record_type)
    if dialect.options.form is not RecordForm.FLAT or dialect.options.order or known is None:
        return
    rank = {field: index for index, field in enumerate(known.fields)}
    last = -1
    for line in record.lines:
        here = rank.get(line.id)
        if here is None:
            continue
        if here < last and not _restarts(line.id, known.fields[last]):
            yield _finding("field-order", line.line, line.id)
            continue
        last = here


def _restarts(field: str, last: str) -> bool:
    """Return whether ``field`` starts a group again that ``last`` was in."""
    if field in {TEST_GROUP[0], FILE_GROUP[0]}:
        return last in (TEST_GROUP if field == TEST_GROUP[0] else FILE_GROUP)
    return field in FREE_PAIRS and last in FREE_PAIRS


def _line_findings(line: Line, record: Record, dialect: Dialect) -> Iterator[GdtWarning]:
    """Yield the findings about one field."""
    content = line.value
    if not content.strip():
        yield _finding("content-empty", line.line, line.id)
        return
    if len(content) > dialect.limit(line.id):
        yield _finding("content-long", line.line, line.id)
    yield from _place(line, record, dialect)
    if not _fits_type(line, dialect):
        yield _finding("content-invalid", line.line, line.id)
    digits = content.isascii() and content.strip().isdigit()
    if line.id == "3000" and dialect.options.patient_id is PatientIdRule.DIGITS and not digits:
        yield _finding("patient-id-invalid", line.line, line.id)


def _place(line: Line, record: Record, dialect: Dialect) -> Iterator[GdtWarning]:
    """Yield whether version and record type have the field."""
    if line.id in GROUPING:
        return
    known = FIELDS.get(line.id)
    own = {row.field for row in dialect.layouts.study.rows}
    wanted = "2.1" if dialect.generation == "2.1" else "3.0"
    if known is None or not ({wanted, dialect.generation} & known.versions or line.id in own):
        yield _finding("field-foreign", line.line, line.id)
        return
    type_ = RECORD_TYPES.get(record.record_type)
    flat = dialect.options.form is RecordForm.FLAT
    if flat and type_ and type_.fields and line.id not in (*type_.fields, *own):
        yield _finding("field-elsewhere", line.line, line.id)


def _fits_type(line: Line, dialect: Dialect) -> bool:
    """Return whether a content is what its field holds."""
    known = FIELDS.get(line.id)
    text = line.value.strip()
    if known is None or (dialect.options.entry and line.id in ENTRY_FIELDS):
        return True
    if known.type is FieldType.FLOAT:
        sign = re.escape(dialect.options.decimal_sign)
        return re.fullmatch(rf"[+-]?\d+({sign}\d+)?", text, re.ASCII) is not None
    if line.id == "3110":
        office = dialect.options.form is RecordForm.MEDICAL_OFFICE
        return text in (SEX_WRITTEN.values() if not office else "0123")
    if line.id in BIRTH_DATES and partial_date_text(text) == text != "":
        return True
    pattern = _TYPES.get(known.type)
    return pattern is None or pattern.fullmatch(text) is not None
