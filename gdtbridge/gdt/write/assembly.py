"""Putting a record together: empty objects go, lines are announced, objects and lines counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from gdtbridge.gdt.tables.record_types import OBJECT_MARKS

Field = tuple[str, str]
"""Field number and content, which is encoded and fits."""


def size(fields: Iterable[Field], bytes_of: Callable[[str], int] = len) -> int:
    """Return the bytes of these lines: those of each content, and nine more."""
    return sum(bytes_of(text) + 9 for _, text in fields)


def without_empty_objects(fields: Sequence[Field]) -> list[Field]:
    """Return the fields without objects that hold nothing."""
    kept: list[Field] = []
    for field in fields:
        if kept and OBJECT_MARKS.get(kept[-1][0]) == field[0]:
            kept.pop()
        else:
            kept.append(field)
    return kept


def announced(fields: Iterable[Field]) -> list[Field]:
    """Return the fields with each run of 6228 after a 6226 that counts it (GDT 3.0)."""
    found: list[Field] = []
    for field, run in groupby(fields, key=lambda one: one[0]):
        lines = list(run)
        if field == "6228":
            found.append(("6226", str(len(lines))))
        found.extend(lines)
    return found


def counted(fields: Sequence[Field]) -> list[Field]:
    """Return the fields with the lines of each object (8201) and of the record (8202) filled in.

    Both count their own first and last line.
    """
    found: list[Field] = []
    opened: list[int] = []
    for index, (field, text) in enumerate(fields):
        if field == "8200":
            opened.append(index)
        if field == "8201":
            found.append((field, str(index - opened.pop() + 1)))
        elif field == "8202":
            found.append((field, str(index + 1)))
        else:
            found.append((field, text))
    return found
