"""Measurements as lines of German text: name, value and unit in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.gdt.write.encoder import wrap

_NARROWEST: Final = 16
"""Characters a name's column has at least; values so wide that less is left get their own line."""


@dataclass(frozen=True, slots=True)
class ValueCell:
    """One measurement in characters of the record's set; ``number`` has a decimal comma."""

    name: str
    number: str
    unit: str
    remarks: tuple[str, ...] = ()


def in_columns(cells: Sequence[ValueCell], width: int) -> list[tuple[str, ...]]:
    """Return the lines of each measurement, at most ``width`` wide where value and unit allow.

    A long name takes several lines, the value stands on the last of them. Remarks follow.
    """
    numbers = max((len(cell.number) for cell in cells), default=0)
    units = max((len(cell.unit) for cell in cells), default=0)
    longest = max((len(cell.name) for cell in cells), default=0)
    names = min(longest, width - numbers - units - 2)
    return [_lines(cell, names, numbers, width) for cell in cells]


def _lines(cell: ValueCell, names: int, numbers: int, width: int) -> tuple[str, ...]:
    """Return the lines of one measurement."""
    value = f"{cell.number:>{numbers}} {cell.unit}".rstrip(" ")
    if names < _NARROWEST and len(cell.name) > names:
        lines = [*wrap(cell.name, width), value.lstrip(" ")]
    else:
        *before, last = wrap(cell.name, max(names, 1))
        lines = [*before, f"{last:<{names}} {value}"]
    return (*lines, *(f"- {remark}" for remark in cell.remarks))
