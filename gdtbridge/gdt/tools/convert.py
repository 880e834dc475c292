"""Records of one version, written in another version, dialect or character set.

Fields keep their content; what changes is their form: order, grouping, lengths, version, character
set, dates that were ISO, the codes of the sex. What has no place in the target is named in the
losses, never dropped in silence; the original file stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.read.record import Line, Record
from gdtbridge.gdt.tables.dates import date_text, parse_date
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.fields import FIELDS, FieldType
from gdtbridge.gdt.tables.layouts import TEST_OBJECT, object_rows, record_end, record_start
from gdtbridge.gdt.tables.objects import HEADER_FIELDS, OBJECT_OF, ONCE, REQUEST_FIELDS
from gdtbridge.gdt.tables.options import RecordForm, ResultObjects
from gdtbridge.gdt.tables.patient_fields import SEX_READ, SEX_WRITTEN
from gdtbridge.gdt.tables.record_types import (
    BODY_RANK,
    FILE_GROUP,
    GROUPING,
    OBJECT_MARKS,
    TEST_GROUP,
)
from gdtbridge.gdt.tables.rows import ContentSource, FieldRow, RecordLayout, constant
from gdtbridge.gdt.write.encoder import Loss
from gdtbridge.gdt.write.record_writer import RecordContents, render
from gdtbridge.gdt.write.results import GdtFile

_REWRITTEN: Final = frozenset({"8000", "8100", "8004", "9206", "9218", "0001", "6226"})
"""Fields the target has its own content for, or does without."""

_RENAMED: Final[Mapping[str, str]] = MappingProxyType({"3632": "3623"})
"""The weight, which the example of GDT 2.1 misprints and some programs copied."""

_OF_A_TEST: Final = frozenset(
    {*TEST_GROUP, "8412", "8413", "8417", "8419", "8433", "7263", "7264", "7306"}
)
"""Fields of a test; those from 8412 on are of 3.0 and 3.5."""


def convert(records: Iterable[Record], dialect: Dialect, *, encoding: str | None = None) -> GdtFile:
    """Return the records in the dialect's form, ids of sender and receiver as they were.

    Raises :class:`GdtWriteError` where a record cannot be written, and for Medical Office, whose
    form has no place for other records than its own.
    """
    if dialect.options.form is RecordForm.MEDICAL_OFFICE:
        raise GdtWriteError(
            "9218",
            "In diese Form kann nicht umgewandelt werden; 3.1 kommt ihr nahe. / "
            "Nothing can be converted into this form; 3.1 comes close.",
        )
    parts = [_converted(record, dialect, encoding) for record in records]
    losses = dict.fromkeys(loss for part in parts for loss in part.losses)
    return GdtFile(b"".join(part.data for part in parts), tuple(losses))


def _converted(record: Record, dialect: Dialect, encoding: str | None) -> GdtFile:
    """Return one record."""
    losses: dict[str, None] = {}
    lines = _without_strays(record, losses)
    lines = [replace(line, id=_RENAMED.get(line.id, line.id)) for line in lines]
    fields = [(line.id, text) for line in lines for text in _contents(line, dialect, losses)]
    form = dialect.options.form
    rows = (
        _flat(fields, dialect) if form is RecordForm.FLAT else _in_objects(fields, record, dialect)
    )
    start = record_start(form, record.record_type)
    layout = RecordLayout("", "", (*start, *rows, *record_end(form, record.record_type)))
    rendered = render(dialect, layout, RecordContents({}), encoding)
    return GdtFile(rendered.data, (*losses, *rendered.losses))


def _without_strays(record: Record, losses: dict[str, None]) -> list[Line]:
    """Return the lines without fields of a test that belong to none, and of other persons.

    GDT 3.5 gives a height its unit in 8421; beside a test it would become that test's unit. The
    name in a doctor's object would become the patient's.
    """
    kept: list[Line] = []
    depth, opened = 0, None
    patient = frozenset(record.patient_lines)
    for line in record.lines:
        depth += (line.id in OBJECT_MARKS) - (line.id in OBJECT_MARKS.values())
        if line.id == TEST_GROUP[0]:
            opened = depth
        elif opened is not None and (depth < opened or _ends_group(line.id)):
            opened = None
        stray = record.record_type == "6310" and opened is None and line.id in TEST_GROUP
        if stray or (OBJECT_OF.get(line.id) == "Obj_Patient" and line not in patient):
            losses[f"{line.id} {Loss.UNSUPPORTED}"] = None
        elif not _is_attribute(line.id):
            kept.append(line)
    return kept


def _ends_group(field: str) -> bool:
    """Return whether a field is of the record's body, but of no test."""
    return field in BODY_RANK and field not in _OF_A_TEST


def _is_attribute(field: str) -> bool:
    """Return whether a field only names the object that follows, as in GDT 3.5."""
    known = FIELDS.get(field)
    return known is not None and known.name.startswith("Objektattribut")


def _contents(line: Line, dialect: Dialect, losses: dict[str, None]) -> Iterator[str]:
    """Yield the content of a field for the target, and note what it has no place for."""
    if line.id in _REWRITTEN | GROUPING or not line.value.strip():
        return
    if not line.id:
        losses[f"---- {Loss.UNSUPPORTED}"] = None
        return
    known = FIELDS.get(line.id)
    own = {"2.1"} if dialect.generation == "2.1" else {"3.0", "3.1"}
    if known is None or not known.versions & own:
        losses[f"{line.id} {Loss.FOREIGN}"] = None
    if line.id == "3110":
        sex = SEX_WRITTEN.get(SEX_READ.get(line.value.strip().upper()) or "")
        if sex is None:
            losses[f"3110 {Loss.NOT_REPRESENTABLE}"] = None
            return
        yield sex
        return
    is_date = known is not None and known.type is FieldType.DATE
    day = parse_date(line.value) if is_date else None
    yield line.value if day is None else date_text(day)


Pair = tuple[str, str]
"""Field number and content."""


def _ours(dialect: Dialect) -> tuple[FieldRow, ...]:
    """Return the rows of the header that say how the record is written."""
    rows = (FieldRow("9206", ContentSource.CHARSET), constant("9218", dialect.options.version))
    return tuple(row for row in rows if row.field not in dialect.options.omit)


def _flat(fields: Sequence[Pair], dialect: Dialect) -> list[FieldRow]:
    """Return the rows of 2.x in the order of its tables; groups stay together."""
    order = {"8315": -2, "8316": -1}
    ids = sorted((field for field in fields if field[0] in order), key=lambda one: order[one[0]])
    rest = [field for field in fields if field[0] not in order]
    keyed = zip(_ranks(rest), rest, strict=True)
    body = [field for _, field in sorted(keyed, key=lambda one: one[0])]
    rows = [constant(*field) for field in ids]
    return [*rows, *_ours(dialect), *(constant(*field) for field in body)]


def _ranks(fields: Sequence[Pair]) -> list[float]:
    """Return where each field belongs: members of a group with its first, others by the tables.

    A field no table has stays behind the one before it.
    """
    ranks: list[float] = []
    group: frozenset[str] = frozenset()
    last = float(BODY_RANK["9218"])
    for field, _ in fields:
        if field == TEST_GROUP[0]:
            group = frozenset(TEST_GROUP)
        elif field == FILE_GROUP[0]:
            group = frozenset(FILE_GROUP)
        elif field not in group and field in BODY_RANK:
            group = frozenset()
        start = TEST_GROUP[0] if TEST_GROUP[0] in group else FILE_GROUP[0]
        if group:
            last = BODY_RANK[start]
        elif field in {"6226", "6228"} or "6330" <= field <= "6399":
            last = BODY_RANK["6226" if field.startswith("62") else "6330"]
        elif field in BODY_RANK:
            last = BODY_RANK[field]
        ranks.append(last)
    return ranks


def _in_objects(fields: Sequence[Pair], record: Record, dialect: Dialect) -> list[FieldRow]:
    """Return the rows of 3.0 and 3.1: the objects that are there once, then the others in order."""
    form = dialect.options.form
    test = TEST_OBJECT[form]
    once: dict[str, list[FieldRow]] = {name: [] for name in ONCE}
    once["Obj_Kopfdaten"].extend(_ours(dialect))
    others: list[tuple[str, list[FieldRow]]] = []
    together = dialect.options.test_objects is ResultObjects.ONE
    starts = {FILE_GROUP[0]} if together else {FILE_GROUP[0], TEST_GROUP[0]}
    for field, text in fields:
        name = _object_of(field, record.record_type, others, test)
        row = constant(field, text)
        if name in once:
            once[name].append(row)
        elif others and others[-1][0] == name and field not in starts:
            others[-1][1].append(row)
        else:
            others.append((name, [row]))
    once["Obj_Kopfdaten"].sort(key=lambda row: HEADER_FIELDS.index(row.field))
    once["Obj_Anforderung"].sort(key=lambda row: (*REQUEST_FIELDS, *TEST_GROUP).index(row.field))
    rows = [row for name in ONCE for row in object_rows(form, name, once[name])]
    for name, inner in others:
        rows.extend(object_rows(form, name, inner) if name else inner)
    return rows


def _object_of(
    field: str, record_type: str, others: Sequence[tuple[str, list[FieldRow]]], test: str
) -> str:
    """Return the object a field belongs to, an empty name where it stands between objects."""
    if record_type == "6310" and field in _OF_A_TEST:
        within = bool(others) and others[-1][0] == test
        return test if within or field == TEST_GROUP[0] else ""
    return "Obj_Anforderung" if field in TEST_GROUP else OBJECT_OF.get(field, "")
