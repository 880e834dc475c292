"""Files that are there whole or not at all, also after a power cut.

Content goes to a temporary name, is synced, gets its name, and the folder is synced: in any other
order a crash can leave the final name with nothing in it.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
from pathlib import Path

from worklist.errors import FolderError

TEMPORARY_PREFIX = ".gdtbridge-"
TEMPORARY_SUFFIX = ".part"
"""A temporary name starts and ends like this: neither ``*.wl`` nor visible."""

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF)


def temporary_in(folder: Path) -> Path:
    """Return a fresh temporary name."""
    return folder / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}{TEMPORARY_SUFFIX}"


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet; raises ``FileExistsError`` and keeps the other one."""
    temporary = temporary_in(path.parent)
    try:
        _write(temporary, data)
        _name_without_overwriting(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_over(path: Path, data: bytes, *, temporary: Path | None = None) -> None:
    """Write a file, replacing the one that has its name; two syncs."""
    temporary = temporary or temporary_in(path.parent)
    try:
        _write(temporary, data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _name_without_overwriting(temporary: Path, path: Path) -> None:
    if sys.platform == "win32":
        temporary.rename(path)
        return
    try:
        path.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here (a FAT stick, a share): the folder's lock keeps our processes apart.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        temporary.rename(path)


def delete(path: Path) -> bool:
    """Delete a file for good; false when it was not there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make the folder's names durable, where its file system knows how."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def delete_leftovers(folder: Path) -> None:
    """Delete temporary files of writers that died; the caller holds the lock all writers take."""
    with os.scandir(folder) as names:
        left = [
            name.path
            for name in names
            if name.name.startswith(TEMPORARY_PREFIX) and name.name.endswith(TEMPORARY_SUFFIX)
        ]
    for path in left:
        Path(path).unlink(missing_ok=True)


def probe_folder(path: Path) -> None:
    """Write, read back and delete a file in ``path``, which must exist.

    Raises :class:`FolderError` with a sentence for the person who has to repair it.
    """
    probe = temporary_in(path)
    content = secrets.token_bytes(32)
    try:
        write_new(probe.with_suffix(".probe"), content)
        returned = probe.with_suffix(".probe").read_bytes()
    except OSError as error:
        raise FolderError.of(path, error) from error
    finally:
        _forget(probe.with_suffix(".probe"))
    if returned != content:
        raise FolderError(
            path,
            "eine geschriebene Datei kommt verändert zurück. Datenträger prüfen.",
            "a file that was written comes back changed. Check the disk.",
        )


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FolderError.of(path.parent, error) from error
