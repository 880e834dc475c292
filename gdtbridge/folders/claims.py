"""Whose file is it: claiming an order file, so that it is taken once and never overwritten.

A claim renames the file within its own folder: on every file system that is one step, nobody can
write a new order over it afterwards, and a file Windows has open cannot be claimed. The token in
the new name identifies the file for ever.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge.durable import FileStamp
from gdtbridge.durable.files import create, delete_leftovers, move_over, rename_new, sync_folder

_CLAIMED: Final = re.compile(r"\.gdtbridge-([0-9a-f]{16})-(.+)\.order", re.DOTALL)
_UNSAFE: Final = re.compile(r"[^\w .()+-]", re.ASCII)
_LONGEST: Final = 100

_ORDERS: Final = re.compile(r"(gdt|xdt|txt|\d{3})", re.IGNORECASE | re.ASCII)
"""Extensions orders have; the number counts up."""
_FOREIGN: Final = re.compile(r"[.~@#].*|thumbs\.db|desktop\.ini|.*~", re.IGNORECASE | re.DOTALL)
"""Hidden and temporary files and those of operating systems and of storage boxes."""

SWEEP_AGE: Final = 3600.0
"""Seconds after which nobody is copying any more."""
MAX_BYTES: Final = 10 * 1024 * 1024
"""Bytes an order file may have."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file nobody else takes; ``name`` is what it was called, made of safe characters."""

    path: Path
    token: str
    name: str

    def stamp(self) -> FileStamp:
        """Return its stamp now."""
        return FileStamp.of(self.path.lstat())


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a watched folder: an order, or one claimed before."""

    path: Path
    stamp: FileStamp
    claimed: Claimed | None


def is_order(name: str) -> bool:
    """Return whether a file of that name may be an order."""
    _, dot, extension = name.rpartition(".")
    return bool(dot and _ORDERS.fullmatch(extension)) and not _FOREIGN.fullmatch(name)


def safe_name(name: str) -> str:
    """Return a file's name in letters every database and file system has, at most 100."""
    stem, dot, extension = _UNSAFE.sub("_", name).rpartition(".")
    return f"{stem[: _LONGEST - len(extension) - 1]}{dot}{extension}"[-_LONGEST:] or "_"


def look(folder: Path) -> Iterator[Found]:
    """Yield the order files of a folder; raises `OSError` when it is out of reach."""
    with os.scandir(folder) as entries:
        for entry in entries:
            claimed = _claimed(Path(entry.path))
            if claimed is None and not is_order(entry.name):
                continue
            try:
                if entry.is_file(follow_symlinks=False):
                    stamp = FileStamp.of(Path(entry.path).lstat())
                    yield Found(Path(entry.path), stamp, claimed)
            except FileNotFoundError:
                continue


def _claimed(path: Path) -> Claimed | None:
    match = _CLAIMED.fullmatch(path.name)
    return Claimed(path, match[1], match[2]) if match else None


def claim(path: Path, name: str | None = None) -> Claimed:
    """Make the file ours; raises `FileNotFoundError` when somebody else was faster.

    Raises another `OSError` while its writer holds it.
    """
    token = secrets.token_hex(8)
    name = name or safe_name(path.name)
    claimed = Claimed(path.with_name(f".gdtbridge-{token}-{name}.order"), token, name)
    rename_new(path, claimed.path)
    return claimed


def adopt(name: str, data: bytes, spool: Path) -> Claimed:
    """Put a copy of a file from elsewhere into our own folder; it is durable when this returns."""
    token, name = secrets.token_hex(8), safe_name(name)
    temporary = spool / f"{token}.part"
    create(temporary, data)
    claimed = Claimed(spool / f".gdtbridge-{token}-{name}.order", token, name)
    rename_new(temporary, claimed.path)
    sync_folder(spool)
    return claimed


def sweep(spool: Path) -> None:
    """Remove what calls that died while copying left behind."""
    delete_leftovers(spool, prefix="", older_than=SWEEP_AGE)


def read(path: Path) -> bytes:
    """Return the content, of too large a file a byte more than it may have."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def file_away(claimed: Claimed, target: Path) -> None:
    """Move a claimed file to another folder, which may be on another file system.

    After a crash the file is at its claimed name, at both or at the target; doing it again is
    harmless.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    move_over(claimed.path, target, temporary=target.with_name(f".{claimed.token}.part"))
