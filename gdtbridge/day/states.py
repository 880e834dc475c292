"""How each state of a line looks: ``states.tsv``, its rows in the order of `LineState`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gdtbridge.day.model import LineState
from gdtbridge.tsv import table


@dataclass(frozen=True, slots=True)
class StateLook:
    """How a state looks: a shape, a role of colour, and whether it is filled; never colour alone.

    ``chip`` names the states that are filtered and counted as one.
    """

    state: LineState
    icon: str
    role: str
    is_filled: bool
    chip: str


def _rows() -> Mapping[LineState, StateLook]:
    return MappingProxyType(
        {
            LineState(code): StateLook(LineState(code), icon, role, filled == "yes", chip)
            for code, icon, role, filled, chip in table("day/states.tsv")
        }
    )


STATES: Final = _rows()
"""By state, in the order in which they are looked for."""
RANKS: Final = MappingProxyType({state: rank for rank, state in enumerate(STATES)})
"""The place of each state in that order."""
