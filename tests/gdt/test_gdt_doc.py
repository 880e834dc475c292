"""The documentation says what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.gdt.read.record import WARNINGS
from gdtbridge.gdt.tables.charsets import CHARSETS
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.evidence import EVIDENCE
from gdtbridge.gdt.tables.fields import FIELDS
from gdtbridge.gdt.tables.options import FILE_NAME_PARTS, NumberFormat
from gdtbridge.gdt.tables.practice_dialects import CHANGES
from gdtbridge.gdt.tables.record_types import RECORD_TYPES, RecordType
from gdtbridge.gdt.tables.rows import FITS, ContentSource, FieldFit, FieldRow, RecordLayout
from gdtbridge.gdt.tools.conformance import CHECK_FINDINGS
from gdtbridge.gdt.write.encoder import Loss

SHOWN = ("gdt21", "medistar", "gdt30", "gdt31", "medical-office")
"""Dialects whose records are documented field by field: one of each form and way of values."""


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    """Return docs/reference/gdt.md."""
    return (project / "docs" / "reference" / "gdt.md").read_text(encoding="utf-8")


def row_of(dialect: Dialect, layout: RecordLayout, row: FieldRow) -> str:
    """Return one row of a dialect's table in the documentation."""
    content = f"`{row.text}`" if row.source is ContentSource.CONSTANT else row.source.value
    if row.source is ContentSource.SENDER:
        content = f"{content}, default `{layout.sender}`"
    if row.source is ContentSource.RECEIVER:
        content = f"{content}, default `{layout.receiver}`"
    limit = dialect.width(row)
    fit = FITS.get(row.field, FieldFit.WHOLE)
    more = "" if row.source is ContentSource.CONSTANT else f"{limit}, {fit.value}"
    return f"| {row.field} | {FIELDS[row.field].name} | {content} | {more} |"


def rows_of(dialect: Dialect, layout: RecordLayout) -> list[str]:
    """Return the table of one record."""
    return [row_of(dialect, layout, row) for row in layout.rows]


def options_row(dialect: Dialect) -> str:
    """Return a dialect's row of the table of options."""
    options = dialect.options
    width = dialect.limit(options.comment_field)
    cells = (
        f"`{dialect.name}`",
        dialect.title,
        options.version,
        options.form.value,
        "yes" if any(row.field == "9206" for row in dialect.layouts.study.rows) else "no",
        f"`{options.encoding}`",
        f"`{options.receiver}`",
        options.values.value,
        f"{options.comment_field}, {width}",
        "yes" if options.attachments else "no",
        options.link.value,
        f"`{options.file_name}`, {options.file_case.value}",
    )
    return f"| {' | '.join(cells)} |"


def evidence_of(software: str) -> str:
    """Return the section of one software in the documentation."""
    rows = [row for row in EVIDENCE if row.software == software]
    lines = [f"| {row.statement} | {row.state} | {_source(row.source)} |" for row in rows]
    head = f"#### {software}: `{rows[0].dialect}`"
    return "\n".join([head, "", "| statement | state | source |", "|---|---|---|", *lines, ""])


def _source(source: str) -> str:
    """Return a source as the page shows it."""
    return f"<{source}>" if source.startswith("http") else source


def type_row(type_: RecordType) -> str:
    """Return a record type's row."""
    mandatory = " ".join(sorted(type_.mandatory)) or "not public"
    if type_.mandatory and "2.1" not in type_.versions:
        mandatory = f"{mandatory} (since 3.0)"
    return f"| {type_.number} | {type_.name} | {mandatory} |"


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("kind", ["study", "values"])
def test_records_are_documented_field_by_field(text: str, name: str, kind: str) -> None:
    """Each record has its table, in the order of the file."""
    dialect = DIALECTS[name]
    assert "\n".join(rows_of(dialect, getattr(dialect.layouts, kind))) in text


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
def test_dialects_are_documented(text: str, dialect: Dialect) -> None:
    """What each dialect does, what is known of its software and what is assumed."""
    assert options_row(dialect) in text
    assert dialect.known
    assert dialect.assumed


@pytest.mark.parametrize("software", sorted({row.software for row in EVIDENCE}))
def test_the_exchange_with_each_software_is_documented(text: str, software: str) -> None:
    """What is known has a source, what is assumed has none, and the page shows both."""
    assert evidence_of(software) in text
    for row in EVIDENCE:
        assert (row.state, bool(row.source)) in {("known", True), ("assumed", False)}
        assert row.dialect in DIALECTS


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
def test_an_answer_differs_from_a_study_in_its_comment_only(dialect: Dialect) -> None:
    """So the documentation needs one table for both."""
    pairs = zip(dialect.layouts.study.rows, dialect.layouts.order_answer.rows, strict=True)
    differing = [one.field for one, other in pairs if one != other]
    assert differing == [dialect.options.comment_field]


def test_record_types_are_documented(text: str) -> None:
    """Each is there with its mandatory fields."""
    for type_ in RECORD_TYPES.values():
        assert type_row(type_) in text


@pytest.mark.parametrize("table", [WARNINGS, CHECK_FINDINGS], ids=["warnings", "judgements"])
def test_warnings_are_documented(text: str, table: dict[str, str]) -> None:
    """Each code is there with its English sentence."""
    for code, message in table.items():
        assert f"| `{code}` | {message.split(' / ')[1]} |" in text


@pytest.mark.parametrize("word", [*Loss, *CHARSETS, *(style.value for style in NumberFormat)])
def test_losses_sets_and_numbers_are_documented(text: str, word: str) -> None:
    """Each kind of loss, character set and way to write a number is named."""
    assert word in text


@pytest.mark.parametrize("key", sorted({*CHANGES, *FILE_NAME_PARTS}))
def test_what_a_practice_may_change_is_documented(text: str, key: str) -> None:
    """Each key of ``[dialects.NAME]`` has its row, each part of a file name its word."""
    assert f"| `{key}` |" in text or f"`{{{key}}}`" in text
