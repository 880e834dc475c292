"""The pattern of a result's file name: which placeholders there are, and what makes one valid."""

from __future__ import annotations

import string
from typing import Final

FILE_NAME_PARTS: Final = ("receiver", "sender", "number", "timestamp", "accession")
"""Placeholders of a pattern."""


def checked_pattern(pattern: str) -> str:
    """Return a pattern made of the known placeholders; raise ValueError with what would be right.

    ``{number}`` stands as it is, the others may be cut (``{sender:.4}``).
    """
    problem = f"{', '.join(FILE_NAME_PARTS)}; kein Pfad / no path"
    try:
        parts = {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
        right = bool(pattern) and not {"/", "\\"} & set(pattern) and parts <= set(FILE_NAME_PARTS)
        if right and "{number" not in pattern.replace("{number}", ""):
            pattern.format(**dict.fromkeys(FILE_NAME_PARTS, "x"))
            return pattern
    except ValueError as error:
        raise ValueError(problem) from error
    raise ValueError(problem)


def names_apart(pattern: str) -> bool:
    """Return whether a pattern names each result differently; else each waits for the last."""
    return "{accession" in pattern or "{timestamp" in pattern
