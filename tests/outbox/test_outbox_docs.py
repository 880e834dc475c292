"""What docs/reference/outbox.md promises is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.outbox import NOT_MOUNTED, Message
from gdtbridge.outbox.calling import (
    CONNECT_SECONDS,
    LIFETIME_SECONDS,
    MOST_BODY,
    READ_SECONDS,
    TOTAL_SECONDS,
    WORTH_REPEATING,
)
from gdtbridge.outbox.gdt_drop import SWEEP_AGE
from gdtbridge.outbox.model import ALARM_SECONDS, DeliveryState
from gdtbridge.outbox.retry import LONGEST_RETRY
from gdtbridge.outbox.worker import MOST_ATTEMPTS
from gdtbridge.schema import outbox as table
from gdtbridge.settings import load_settings


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    """Return the document."""
    return (project / "docs" / "reference" / "outbox.md").read_text(encoding="utf-8")


def test_states(text: str) -> None:
    """The table of states has a row for each state, and no other."""
    section = text.partition("## States")[2].partition("##")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(DeliveryState)


@pytest.mark.parametrize(
    "promise",
    [
        f"1, 2, 4 … {LONGEST_RETRY:.0f} seconds",
        f"| {LIFETIME_SECONDS / 60:.0f} minutes |",
        f"at most {MOST_ATTEMPTS} times",
        f"{CONNECT_SECONDS:.0f} seconds to\nconnect",
        f"{READ_SECONDS:.0f} for each read, {TOTAL_SECONDS:.0f} in all",
        f"{MOST_BODY // 1024} KiB",
        ", ".join(map(str, sorted(WORTH_REPEATING))) + ", 5xx",
        f"`{NOT_MOUNTED}`",
    ],
)
def test_figures(text: str, promise: str) -> None:
    """The limits in the text are those of the code."""
    assert promise in text


def test_spelled_out_figures() -> None:
    """The figures the text spells out are five minutes and a day."""
    assert ALARM_SECONDS == 5 * 60
    assert SWEEP_AGE == 24 * 3600


def test_the_commands_for_questions_answer_them(text: str, tmp_path: Path) -> None:
    """The commands a person is told to use exist, show the questions and settle them."""
    environ = {"GDTBRIDGE_STORAGE__ROOT": str(tmp_path)}
    with open_core(load_settings(environ=environ)) as core, core.database.write() as connection:
        for key in "12":
            core.outbox.put(connection, Message("gdt", "gdt", key, f"A{key}.gdt", b""))
        connection.execute(table.update().values(state=DeliveryState.QUESTION, last_error="why"))

    def run(*arguments: str) -> str:
        assert f"gdtbridge outbox {arguments[0]}" in text
        done = CliRunner().invoke(main, ["outbox", *arguments], env=environ)
        assert done.exit_code == 0, done.output
        return done.output

    assert "Frage 1: Ist A1.gdt angekommen?" in run("list")
    run("arrived", "1")
    run("again", "2")
    assert "angekommen?" not in run("list")
    with open_core(load_settings(environ=environ)) as core, core.database.read() as connection:
        states = connection.execute(table.select().order_by(table.c.id)).all()
    assert [row.state for row in states] == [DeliveryState.DELIVERED, DeliveryState.PENDING]
