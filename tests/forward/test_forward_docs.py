"""What docs/reference/forward.md says of states and answers is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from gdtbridge.forward import CopyState
from gdtbridge.forward.model import STATE_TEXT
from gdtbridge.forward.outcome import StoreOutcome, meaning_of, meanings


def rows(project: Path, heading: str, name: str = "docs/reference/forward.md") -> list[list[str]]:
    """Return the cells of the first table below a heading."""
    text = (project / name).read_text("utf-8").partition(f"## {heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table is not None
    lines = table.group().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_state_is_told(project: Path) -> None:
    """In the reference, and in words on the page for the practice."""
    assert [row[0].strip("`") for row in rows(project, "State of a copy")] == list(CopyState)
    told = rows(project, "Was angekommen ist", "docs/praxis/weiterleiten.md")
    assert [row[0] for row in told] == [STATE_TEXT[state].split(" / ")[0] for state in CopyState]


def test_every_status_of_the_table_is_told(project: Path) -> None:
    """With what becomes of the object."""
    told = rows(project, "What becomes of an object by the answer")
    words = {
        StoreOutcome.SENT: "`sent`; a warning",
        StoreOutcome.AWAY: "the archive is left alone",
        StoreOutcome.FAILED: "`failed`; the other",
    }
    for row in meanings()[:-1]:
        cells = next(cells for cells in told if cells[1].startswith(words[row.outcome]))
        assert any(
            int(low, 16) <= row.first and row.last <= int(high or low, 16)
            for low, high in _ranges(cells[0])
        ), row


def _ranges(text: str) -> list[tuple[str, str]]:
    """Return first and last of each status ``0122``, ``A7xx`` and ``0115 to 0118``."""
    spread = re.sub(r"\b([0-9A-F]{1,2})(x{2,3})\b", _bounds, text)
    return re.findall(r"\b([0-9A-F]{4})(?: to ([0-9A-F]{4}))?", spread)


def _bounds(found: re.Match[str]) -> str:
    return f"{found[1]}{'0' * len(found[2])} to {found[1]}{'F' * len(found[2])}"


def test_every_status_means_something() -> None:
    """Whatever an archive answers."""
    assert {meaning_of(status).outcome for status in range(0x10000)} == set(StoreOutcome)
