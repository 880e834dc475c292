"""Names in a pick-up folder: which are looked at, and those we give ourselves."""

from __future__ import annotations

import os
import re
from typing import Final

from gdtbridge.durable.files import PREFIX
from gdtbridge.folders.claims import HIDDEN

TAKEN: Final = "gdtbridge-taken"
"""Folder below for files that were taken, with ``after = "move"``."""
REFUSED: Final = "gdtbridge-refused"
"""Folder below for files that were not, each beside a text that says why."""
LEAVING: Final = ".picked"
"""How a file's name ends while it is removed; a crash leaves it, and the next look takes it."""

_FOREIGN_FOLDERS: Final = frozenset({TAKEN, "system volume information", "lost+found"})
_UNFINISHED: Final = re.compile(r".*\.(?:part|tmp|temp|filepart|crdownload|partial)", re.I | re.S)
"""Files that a program copies or downloads under another name first."""
_LONGEST: Final = 240
"""Bytes of a name; file systems have room for 255."""


def enters(name: str) -> bool:
    """Return whether the folder of that path may hold files for us."""
    last = name.rpartition("/")[2]
    return HIDDEN.fullmatch(last) is None and name.casefold() not in _FOREIGN_FOLDERS


def takes(name: str) -> bool:
    """Return whether the file of that path is looked at."""
    last = name.rpartition("/")[2]
    if last.startswith(PREFIX) and last.endswith(LEAVING):
        return True
    return HIDDEN.fullmatch(last) is None and _UNFINISHED.fullmatch(last) is None


def is_refused(name: str) -> bool:
    """Return whether a path is that of a file we have put aside, or of its text."""
    return name.startswith(f"{REFUSED}/")


def fitting(name: str, more: str = "") -> str:
    """Return a file's name with ``more`` before its extension, short enough for a text beside."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(os.fsencode(extension)) > 16:
        stem, dot, extension = name, "", ""
    room = _LONGEST - len(os.fsencode(f"{more}{dot}{extension}"))
    return f"{os.fsdecode(os.fsencode(stem)[:room])}{more}{dot}{extension}"
