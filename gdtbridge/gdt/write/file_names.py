"""The name of a result's file as a dialect wants it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.options import FileCase
from gdtbridge.gdt.write.results import Identification

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
    options = dialect.options
    parts = {
        "receiver": ids.receiver or options.receiver,
        "sender": ids.sender or options.sender,
        "timestamp": f"{moment:%Y%m%d%H%M%S}",
        "accession": accession.strip() or "x",
    }
    safe = {key: _UNSAFE.sub("_", part).lstrip(".") or "x" for key, part in parts.items()}
    name = (pattern or options.file_name).format(**safe, number=number)
    if options.file_case is FileCase.KEEP:
        return name
    return name.upper() if options.file_case is FileCase.UPPER else name.lower()
