"""The decision table: whole, without a row that says nothing, and as the documents have it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from gdtbridge.exams.decision_table import (
    COLUMNS,
    RULES,
    Known,
    Number,
    Ordered,
    People,
    Performed,
    Situation,
    Uids,
    When,
    Word,
    rule_for,
)
from gdtbridge.exams.hold_reasons import HELD_TEXT, HoldReason
from gdtbridge.settings import ExamSettings

DASH = "\N{EN DASH}"
SETTINGS = tuple(
    ExamSettings.model_validate(
        {"without_number": without, "unknown_number": unknown, "several_orders": several}
    )
    for without, unknown, several in product(("hold", "order"), ("send", "hold"), ("hold", "send"))
)


def situations() -> Iterator[Situation]:
    """Yield every situation there can be: without a number an order agrees or contradicts."""
    for values in product(Word, People, Uids, Number, Ordered, Known, When, Performed):
        one = Situation(*values)
        nameless = one.number is Number.NONE and one.word is Word.NONE
        if one.order in {Ordered.AGREES, Ordered.CONTRADICTS} and not nameless:
            continue
        if one.order in {Ordered.SAME, Ordered.TWO, Ordered.OTHER, Ordered.SEVERAL} and nameless:
            continue
        yield one


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_situation_has_a_row(settings: ExamSettings) -> None:
    """Nothing is left to chance."""
    assert all(rule_for(one, settings) in RULES for one in situations())


def test_every_row_decides_something() -> None:
    """A row that those before it cover would be a mistake somebody believes in."""
    reached = {rule_for(one, settings).name for one in situations() for settings in SETTINGS}
    assert reached == {rule.name for rule in RULES}


def test_every_reason_to_hold_is_told() -> None:
    """A person reads why; no reason of the table is without a sentence."""
    assert set(HELD_TEXT) == set(HoldReason)
    assert {rule.reason for rule in RULES} - {None} <= set(HELD_TEXT)


@pytest.mark.parametrize("word", [Word.NONE, Word.WITHDRAWN])
def test_nobody_said_a_number_and_two_are_named(word: Word) -> None:
    """Without a person's word nothing is sent where anything names another person or number."""
    sent = [
        one
        for one in situations()
        if one.word is word and rule_for(one, ExamSettings()).reason is None
    ]
    assert not [one for one in sent if one.people is not People.ONE or one.uids is Uids.TAKEN]
    assert not [one for one in sent if one.number is not Number.FITS or one.date is When.FAR]
    assert {one.step for one in sent} <= {Performed.NONE, Performed.SAME}
    assert {one.order for one in sent} <= {Ordered.NONE, Ordered.SAME}
    unordered = {one.known for one in sent if one.order is Ordered.NONE}
    assert unordered <= {Known.NOTHING, Known.SAME}


def test_the_documents_have_the_table(project: Path) -> None:
    """``docs/reference/whose-exam.md`` says what the code does, row by row."""
    text = (project / "docs" / "reference" / "whose-exam.md").read_text("utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.count("|") == 13]
    cells = [tuple(cell.strip(" `").replace(DASH, "-") for cell in row) for row in rows]
    assert cells[0] == ("rule", *COLUMNS, "setting", "outcome", "reason")
    told = [tuple(cell.replace("`, `", "|") for cell in row) for row in cells[2:]]
    assert told == [
        (
            rule.name,
            *(cell.replace("|", ", ") for cell in rule.cells),
            rule.setting,
            "send" if rule.reason is None else "hold",
            str(rule.reason or "-"),
        )
        for rule in RULES
    ]


def test_the_documents_have_every_word(project: Path) -> None:
    """Each word a cell may hold is explained."""
    text = (project / "docs" / "reference" / "whose-exam.md").read_text("utf-8")
    columns = (Word, People, Uids, Number, Ordered, Known, When, Performed)
    words = [word for column in columns for word in column]
    assert [word for word in words if f"| `{word}` |" not in text] == []
