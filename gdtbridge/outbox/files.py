"""The few things done to a folder that may be a share, each durable or an `OSError`."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import Final

# From linux/fcntl.h and linux/fs.h, for renameat2.
_AT_FDCWD: Final = -100
_RENAME_NOREPLACE: Final = 1
_CANNOT_NOREPLACE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})

_CANNOT_SYNC_FOLDER: Final = frozenset(
    {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EACCES, errno.EPERM, errno.EBADF}
)
"""Network file systems refuse to sync a folder; their server does what it does."""


class Found(Enum):
    """What lies under a name."""

    NOTHING = auto()
    SAME = auto()
    """A file with exactly the expected bytes."""
    OTHER = auto()


def write_new(path: Path, content: bytes) -> None:
    """Create the file, which must not exist, with this content; it is on the disk afterwards."""
    with path.open("xb", buffering=0) as file:
        remaining = memoryview(content)
        while remaining:
            remaining = remaining[file.write(remaining) :]
        os.fsync(file.fileno())


def look(path: Path, expected: bytes) -> Found:
    """Compare what lies at ``path`` with ``expected``; only a plain file of that size is read."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != len(expected):
            return Found.OTHER
        return Found.SAME if path.read_bytes() == expected else Found.OTHER
    except FileNotFoundError:
        return Found.NOTHING


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable where its file system can."""
    if os.name == "nt":  # pragma: no cover - folders cannot be opened there
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDER:
            raise


def _find_renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    if os.name == "nt":  # pragma: no cover
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:  # pragma: no cover - neither Linux nor a C library that knows it
        return None
    function.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    )
    function.restype = ctypes.c_int
    found: Callable[[int, bytes, int, bytes, int], int] = function
    return found


_renameat2: Final = _find_renameat2()


def rename_new(source: Path, target: Path) -> None:
    """Give the file another name; raise `FileExistsError` rather than replace something.

    Where the file system cannot rename without replacing (NFS), a look comes first; what appears
    in the microseconds between would be replaced.
    """
    if _renameat2 is not None:
        names = os.fsencode(source), os.fsencode(target)
        if _renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _CANNOT_NOREPLACE:
            raise OSError(number, os.strerror(number))
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    source.rename(target)


def reason_of(error: OSError) -> str:
    """Return the error's symbol, such as ENOSPC; never a path, which may name a patient."""
    if error.errno is None:
        return type(error).__name__
    return errno.errorcode.get(error.errno, f"errno {error.errno}")
