"""Claiming order files: an order is taken once, and its file never overwritten.

A claim renames the file within its own folder: on every file system that is one step, nobody can
write a new order over it afterwards, and a file Windows has open cannot be claimed. The token in
the new name identifies the file for ever.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge.durable import FileStamp
from gdtbridge.durable.files import create, delete_leftovers, move_over, rename_new, sync_folder

_CLAIMED: Final = re.compile(r"\.gdtbridge-([0-9a-f]{16})-(.+)\.order", re.DOTALL)
_UNSAFE: Final = re.compile(r"[^\w .()+-]", re.ASCII)
_LONGEST: Final = 100

HIDDEN: Final = re.compile(r"[.~@#$].*|thumbs\.db|desktop\.ini", re.IGNORECASE | re.DOTALL)
"""Hidden and temporary files and those of operating systems and of storage boxes."""
_UNASKED: Final = FileStamp(0, 0, 0)
"""Stamp of a file whose name says that it is none of ours: nothing is asked of it."""

SWEEP_AGE: Final = 3600.0
"""Seconds after which nobody is copying any more."""
MAX_BYTES: Final = 10 * 1024 * 1024
"""Bytes an order file may have."""


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """An order file renamed so that nobody else takes the order.

    ``token`` identifies the file for ever; ``name`` is its former name in safe characters.
    """

    path: Path
    token: str
    name: str

    def stamp(self) -> FileStamp:
        """Return the stamp of the file now; raise `OSError`."""
        return FileStamp.of(self.path.lstat())


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file in a watched folder; ``fits`` says whether its name is an order's.

    ``claimed`` is set for one that was claimed before.
    """

    path: Path
    stamp: FileStamp
    claimed: ClaimedFile | None
    fits: bool = True


def safe_name(name: str) -> str:
    """Return a file's name in letters every database and file system has, at most 100."""
    stem, dot, extension = _UNSAFE.sub("_", name).rpartition(".")
    return f"{stem[: _LONGEST - len(extension) - 1]}{dot}{extension}"[-_LONGEST:] or "_"


def look(folder: Path, takes_name: Callable[[str], bool]) -> Iterator[SeenFile]:
    """Yield the files of a folder that are not hidden, and the claimed ones.

    ``takes_name`` says whether a name is an order's. Raises `OSError` when the folder is out of
    reach.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            claimed = _claimed(Path(entry.path))
            if claimed is None and HIDDEN.fullmatch(entry.name):
                continue
            fits = claimed is not None or takes_name(entry.name)
            try:
                if entry.is_file(follow_symlinks=False):
                    stamp = FileStamp.of(Path(entry.path).lstat()) if fits else _UNASKED
                    yield SeenFile(Path(entry.path), stamp, claimed, fits)
            except FileNotFoundError:
                continue


def _claimed(path: Path) -> ClaimedFile | None:
    match = _CLAIMED.fullmatch(path.name)
    return ClaimedFile(path, match[1], match[2]) if match else None


def claim(path: Path, name: str | None = None) -> ClaimedFile:
    """Claim the file; raise `FileNotFoundError` when somebody else was faster.

    Raises another `OSError` while a writer holds the file. ``name`` is the name to remember.
    """
    claimed = _new_claim(path.parent, name or safe_name(path.name))
    rename_new(path, claimed.path)
    return claimed


def give_back(claimed: ClaimedFile, path: Path) -> None:
    """Give a file that is not ours its name again; raise `FileExistsError` while that is taken."""
    rename_new(claimed.path, path)


def _new_claim(folder: Path, name: str) -> ClaimedFile:
    token = secrets.token_hex(8)
    return ClaimedFile(folder / f".gdtbridge-{token}-{name}.order", token, name)


def adopt(name: str, data: bytes, spool: Path) -> ClaimedFile:
    """Write a copy of a file, claimed and durable, into the folder ``spool``; raise `OSError`."""
    claimed = _new_claim(spool, safe_name(name))
    temporary = spool / f"{claimed.token}.part"
    create(temporary, data)
    rename_new(temporary, claimed.path)
    sync_folder(spool)
    return claimed


def sweep(spool: Path) -> None:
    """Delete copies in ``spool`` that calls left unfinished more than an hour ago."""
    delete_leftovers(spool, prefix="", older_than=SWEEP_AGE)


def read(path: Path) -> bytes:
    """Return the content of a file, at most `MAX_BYTES` and one more; raise `OSError`."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def file_away(claimed: ClaimedFile, target: Path) -> None:
    """Move a claimed file to ``target``, making the target's folder; raise `OSError`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sync_folder(target.parent.parent)  # or a new folder is gone with the power, and all in it
    move_over(claimed.path, target, temporary=target.with_name(f".{claimed.token}.part"))
