"""The parts of the service as the page tells of them: one line for each kind of part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gdtbridge.health import PartState
from gdtbridge.web.pages.header import PART_AREAS, PATHS
from gdtbridge.web.pages.texts import Texts

OTHER: Final = "other"
"""The texts of a kind of part that has none of its own."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """One kind of part: its name, whether all of it works, and what that means for the practice."""

    kind: str
    name: str
    ok: bool
    waits: bool
    """Whether it works, and something of it waits within its patience."""
    meaning: str
    since: float | None
    broken: tuple[tuple[str, str], ...]
    """Which of it do not work, each with what it says of itself, for the IT."""
    path: str = ""


def part_lines(parts: Mapping[str, PartState], texts: Texts) -> Iterator[PartLine]:
    """Yield a line for each kind of part; ``outbox:gdt`` and ``outbox:haus`` are of one kind."""
    kinds: dict[str, dict[str, PartState]] = {}
    for name, state in parts.items():
        kinds.setdefault(name.partition(":")[0], {})[name] = state
    for kind, states in kinds.items():
        place = f"system.part.{kind if texts.has(f'system.part.{kind}.name') else OTHER}"
        broken = {name: state for name, state in states.items() if not state.ok}
        waits = not broken and any(one.waits for one in states.values())
        known = [one.since for one in (broken or states).values() if one.since is not None]
        yield PartLine(
            kind,
            texts(f"{place}.name", kind=kind),
            not broken,
            waits,
            texts(f"{place}.{'broken' if broken else 'waits' if waits else 'ok'}"),
            min(known) if broken and known else None,
            tuple((name.partition(":")[2], state.detail) for name, state in broken.items()),
            PATHS[PART_AREAS[kind]] if kind in PART_AREAS else "",
        )
