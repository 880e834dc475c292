"""The table of states: complete, in order, and what the documentation says."""

from __future__ import annotations

import re
from pathlib import Path

from gdtbridge.day import STATES, LineState


def test_every_state_has_a_look_in_the_order_of_the_code() -> None:
    """A state without a shape would be told by nothing."""
    assert list(STATES) == list(LineState)
    assert all(one.icon and one.role and one.chip for one in STATES.values())


def test_only_what_needs_a_person_is_loud() -> None:
    """One filled badge; everything else is an outline."""
    assert [one.state for one in STATES.values() if one.is_filled] == [LineState.NEEDS_YOU]


def test_the_documentation_has_every_state_in_order(project: Path) -> None:
    """The page for programmers says when each holds."""
    text = (project / "docs/reference/day.md").read_text("utf-8")
    section = text.partition("## States")[2].partition("\n## ")[0]
    rows = [
        re.findall(r"`([a-z-]+)`", line.split("|")[1])
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    assert [code for row in rows for code in row] == list(LineState)
