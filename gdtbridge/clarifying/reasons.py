"""Why something waits for a person, and how it is looked at: the table ``reasons.tsv``.

Each reason to hold (`HoldReason`) and each kind of what needs a person (`KINDS`) but those two that
only say that something is held has one row; a test holds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gdtbridge.tsv import table

HELD_KINDS: Final = frozenset({"held-exam", "correction-waiting"})
"""Kinds of what needs a person that say that something is held: its reason says more."""


class ReasonView(StrEnum):
    """How a reason is looked at."""

    ASSIGN = "assign"
    """Whose is it?"""
    SPLIT = "split"
    """An exam of several people: each part by itself."""
    CORRECT = "correct"
    """A device corrected what was sent."""
    SEEN = "seen"
    """There is nothing to decide; somebody has to know."""
    QUESTION = "question"
    """Did it arrive?"""
    NOTICE = "notice"
    """It is mended elsewhere."""


@dataclass(frozen=True, slots=True)
class ClarifyingReason:
    """A row of the table."""

    code: str
    is_hold: bool
    """Whether it is a `HoldReason`, else it is a kind of what needs a person."""
    view: ReasonView


def _reason(cells: list[str]) -> ClarifyingReason:
    code, origin, view = cells
    return ClarifyingReason(code, origin == "hold", ReasonView(view))


REASONS: Final[Mapping[str, ClarifyingReason]] = MappingProxyType(
    {one.code: one for one in map(_reason, table("clarifying/reasons.tsv"))}
)
"""Every reason by its code."""
