"""The name of a result's file as a dialect wants it."""

from __future__ import annotations

import re
import string
from datetime import datetime
from typing import Final

from gdtbridge.gdt.results import Identification
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.traits import FileCase

FILE_NAME_PARTS: Final = ("receiver", "sender", "number", "timestamp", "accession")
"""Placeholders of a pattern."""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def file_name(
    dialect: Dialect,
    ids: Identification,
    *,
    accession: str,
    number: str,
    moment: datetime,
    pattern: str | None = None,
) -> str:
    """Return the file name of a result, by the dialect's pattern unless another is given.

    ``number`` counts up (``001``) or stands for a number given later, ``moment`` is local time.
    Every other part is made of letters, digits, ``.``, ``_`` and ``-``; nothing of it can lead to
    another folder.
    """
    traits = dialect.traits
    parts = {
        "receiver": ids.receiver or traits.receiver,
        "sender": ids.sender or traits.sender,
        "timestamp": f"{moment:%Y%m%d%H%M%S}",
        "accession": accession.strip() or "x",
    }
    safe = {key: _UNSAFE.sub("_", part).lstrip(".") or "x" for key, part in parts.items()}
    name = (pattern or traits.file_name).format(**safe, number=number)
    if traits.file_case is FileCase.KEEP:
        return name
    return name.upper() if traits.file_case is FileCase.UPPER else name.lower()


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
    """Say whether results get names of their own; else the last must be collected first."""
    return "{accession" in pattern or "{timestamp" in pattern
