"""Tables beside the modules that read them."""

from __future__ import annotations

import pytest

from gdtbridge.tsv import sentences, table


def test_a_table_has_the_cells_of_its_rows_and_no_comments() -> None:
    """Empty cells stay, also at the end of a row."""
    rows = list(table("gdt/tables/fields.tsv"))
    assert rows[0] == ["0102", "Softwareverantwortlicher (SV)", "str", "60", "2.1 3.0", "tables"]
    assert ["0193", "Patientenkennung (x.concept)", "str", "", "", "seen"] in rows
    assert {len(row) for row in rows} == {6}


def test_a_table_that_is_not_there_is_an_error() -> None:
    """An installation that lacks a table must not start with an empty one."""
    with pytest.raises(FileNotFoundError):
        list(table("gdt/tables/nothing.tsv"))


def test_sentences_are_german_then_english() -> None:
    """By their code."""
    found = sentences("gdt/read/warnings.tsv")
    assert found["blank-line"] == "Leere Zeile. / Blank line."
