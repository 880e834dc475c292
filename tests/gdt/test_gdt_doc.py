"""The documentation says what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.gdt import CHARSETS, DIALECTS, FIELDS, WARNINGS
from gdtbridge.gdt.dialects import FITS, Dialect, Fit, Layout, Numbers, Row, Source
from gdtbridge.gdt.text import Loss


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    """Return docs/gdt.md."""
    return (project / "docs" / "gdt.md").read_text(encoding="utf-8")


def row_of(dialect: Dialect, layout: Layout, row: Row) -> str:
    """Return one row of a dialect's table in the documentation."""
    content = f"`{row.text}`" if row.source is Source.CONSTANT else row.source.value
    if row.source is Source.SENDER:
        content = f"{content}, default `{layout.sender}`"
    if row.source is Source.RECEIVER:
        content = f"{content}, default `{layout.receiver}`"
    limit = dialect.limit(row.field)
    fit = FITS.get(row.field, Fit.WHOLE)
    more = "" if row.source is Source.CONSTANT else f"{limit}, {fit.value}"
    return f"| {row.field} | {FIELDS[row.field].name} | {content} | {more} |"


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
@pytest.mark.parametrize("kind", ["study", "order_answer", "values"])
def test_dialects_are_documented_field_by_field(text: str, dialect: Dialect, kind: str) -> None:
    """Each record of each dialect has its table, in the order of the file."""
    layout: Layout = getattr(dialect, kind)
    rows = [row_of(dialect, layout, row) for row in (*layout.head, *layout.each, *layout.tail)]
    assert "\n".join(rows) in text
    assert f"`{dialect.name}`" in text


def test_warnings_are_documented(text: str) -> None:
    """Each code is there with its English sentence."""
    for code, message in WARNINGS.items():
        assert f"| `{code}` | {message.split(' / ')[1]} |" in text


@pytest.mark.parametrize("word", [*Loss, *CHARSETS, *(style.value for style in Numbers)])
def test_losses_sets_and_numbers_are_documented(text: str, word: str) -> None:
    """Each kind of loss, character set and way to write a number is named."""
    assert word in text
