"""The name of a result's file as a dialect wants it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from gdtbridge.gdt.dialects import Dialect
from gdtbridge.gdt.results import Identification
from gdtbridge.gdt.traits import FileCase

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def file_name(
    dialect: Dialect, ids: Identification, *, accession: str, number: int, moment: datetime
) -> str:
    """Return the file name of a result.

    ``number`` counts up (``.001``), ``moment`` is local time. Every part is made of letters,
    digits, ``.``, ``_`` and ``-``; nothing of it can lead to another folder.
    """
    traits = dialect.traits
    parts = {
        "receiver": ids.receiver or traits.receiver,
        "sender": ids.sender or traits.sender,
        "number": f"{number:03}",
        "timestamp": f"{moment:%Y%m%d%H%M%S}",
        "accession": accession.strip() or "x",
    }
    safe = {key: _UNSAFE.sub("_", part).lstrip(".") or "x" for key, part in parts.items()}
    name = traits.file_name.format(**safe)
    if traits.file_case is FileCase.KEEP:
        return name
    return name.upper() if traits.file_case is FileCase.UPPER else name.lower()


def is_fixed(dialect: Dialect) -> bool:
    """Say whether every result has the same name, so that the last must be collected first."""
    changing = ("{number", "{timestamp", "{accession")
    return not any(part in dialect.traits.file_name for part in changing)
