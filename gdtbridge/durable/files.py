"""Files that are there whole or not at all, also after a power cut.

Content goes to a temporary name, is synced, gets its name, and the folder is synced: in any other
order a crash can leave the final name with nothing in it. Every function raises `OSError`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import IO, Final, TypeAlias

from gdtbridge.durable.errors import FolderUnusable

PREFIX: Final = ".gdtbridge-"
"""Every temporary name in a folder that others read starts like this: hidden, and no order."""
SUFFIX: Final = ".part"

_CHUNK: Final = 1024 * 1024

_CANNOT_SYNC_FOLDER: Final = {
    errno.EINVAL,  # fsync(2): the file system has no such thing for folders
    errno.ENOTSUP,  # the same, of file systems that say so (POSIX); EOPNOTSUPP is this on Linux
    errno.EOPNOTSUPP,
    errno.ENOSYS,  # a FUSE server without fsyncdir
    errno.EBADF,  # old kernels, for a descriptor that is open for reading only
    errno.EACCES,  # SMB and NFS servers whose rights allow writing but not opening the folder
    errno.EPERM,
}
"""Answers of shares that have no durable folders; a failing disk answers EIO and is not here."""

# From linux/fcntl.h and linux/fs.h, for renameat2.
_AT_FDCWD: Final = -100
_RENAME_NOREPLACE: Final = 1
_CANNOT_NOREPLACE: Final = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}
_CANNOT_LINK: Final = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size in bytes, time of change in nanoseconds, and inode of one version of a file."""

    size: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStamp:
        """Return the stamp in the result of a ``stat`` call."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


class FileComparison(Enum):
    """What lies under a name, compared with expected bytes."""

    NOTHING = auto()
    SAME = auto()
    """A plain file with exactly the expected bytes."""
    OTHER = auto()


def create(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file that must not exist yet and sync it, but not its folder.

    ``mode`` is what its permissions become where it is given, whatever the umask says.
    """
    with path.open("xb", buffering=0) as file:
        _share(file, mode)
        remaining = memoryview(data)
        while remaining:
            remaining = remaining[file.write(remaining) :]
        sync_file(file)


def write_new(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a file that must not exist yet; raise `FileExistsError` and keep the other one."""
    temporary = temporary_in(path.parent)
    try:
        create(temporary, data, mode)
        if not _renamed_by_kernel(temporary, path) and not _linked(temporary, path):
            _look_and_rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_over(
    path: Path, data: bytes, *, temporary: Path | None = None, mode: int | None = None
) -> None:
    """Write a file, replacing the one that has its name; two syncs.

    ``temporary`` is a fixed temporary name, of which a crash leaves one file at most.
    """
    temporary = temporary or temporary_in(path.parent)
    try:
        with temporary.open("wb") as file:
            _share(file, mode)
            file.write(data)
            sync_file(file)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def move_over(source: Path, target: Path, *, temporary: Path) -> None:
    """Move a file to another folder, perhaps of another file system, replacing ``target``.

    The copy is written to ``temporary`` beside the target. After a crash the file is at its source,
    at both names or at the target; moving it again is harmless.
    """
    with source.open("rb") as original, temporary.open("wb") as copy:
        while chunk := original.read(_CHUNK):
            copy.write(chunk)
        sync_file(copy)
    temporary.replace(target)
    sync_folder(target.parent)
    source.unlink(missing_ok=True)
    sync_folder(source.parent)


def forget_cached(file: IO[bytes]) -> None:
    """Have what was not read yet come from the disk and not from memory, where the system can.

    What is not synced stays in memory.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):  # a file system without it
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def delete(path: Path) -> bool:
    """Delete a file for good; return whether there was one."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_folder(path.parent)
    return True


def delete_same(path: Path, data: bytes) -> bool:
    """Delete a plain file if it has this content; return whether it had.

    It gets a temporary name first, so that nobody puts another one under the name between the look
    and the deletion. One that came before gets its name again, or keeps the temporary one where
    that is taken: then `FileExistsError` is raised.
    """
    if compare(path, data) is not FileComparison.SAME:
        return False
    temporary = temporary_in(path.parent)
    try:
        rename_new(path, temporary)
    except FileNotFoundError:
        return False
    if compare(temporary, data) is FileComparison.SAME:
        temporary.unlink()
        return True
    rename_new(temporary, path)
    return False


def _share(file: IO[bytes], mode: int | None) -> None:
    """Give an open file its mode; a share that has none (SMB) keeps its own."""
    if mode is not None and sys.platform != "win32":
        with suppress(OSError):
            os.fchmod(file.fileno(), mode)


def sync_file(file: IO[bytes]) -> None:
    """Make what was written to an open file durable."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the folder's names durable; of a share that has no such thing nothing is asked."""
    if sys.platform == "win32":
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


def temporary_in(folder: Path) -> Path:
    """Return a fresh temporary name in a folder: hidden, and of no kind others look for."""
    return folder / f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"


def rename_new(source: Path, target: Path) -> None:
    """Rename a file in one step; raise `FileExistsError` rather than replace something.

    Where the file system cannot rename without replacing (NFS), a look comes first; what appears
    in the microseconds between would be replaced.
    """
    if not _renamed_by_kernel(source, target):
        _look_and_rename(source, target)


def copy_new(source: Path, target: Path) -> None:
    """Copy a file with its times, whole and synced or not at all; the folder is made.

    Raises `FileExistsError` rather than replace something. Who copies many syncs the folder
    (`sync_folder`) when it is done.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_in(target.parent)
    try:
        shutil.copyfile(source, temporary)
        shutil.copystat(source, temporary)
        with temporary.open("rb+") as file:
            sync_file(file)
        rename_new(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


_SystemCall: TypeAlias = Callable[[int, bytes, int, bytes, int], int]
_libc: Final = None if sys.platform == "win32" else ctypes.CDLL(None, use_errno=True)
_renameat2: Final[_SystemCall | None] = getattr(_libc, "renameat2", None)
"""The system call; None where neither system nor C library knows it."""


def _renamed_by_kernel(source: Path, target: Path) -> bool:
    """Return whether the kernel renamed without replacing; false where it cannot."""
    if _renameat2 is None:
        return False
    names = os.fsencode(source), os.fsencode(target)
    if _renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_NOREPLACE) == 0:
        return True
    number = ctypes.get_errno()
    if number not in _CANNOT_NOREPLACE:
        raise OSError(number, os.strerror(number))
    return False


def _linked(source: Path, target: Path) -> bool:
    """Return whether ``target`` is a second name now; false where there are no hard links.

    Only for content nobody else takes: after a crash, or once a reader took the target away, the
    source still has it.
    """
    if sys.platform == "win32":
        return False
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        return False
    return True


def _look_and_rename(source: Path, target: Path) -> None:
    try:
        target.lstat()  # not `lexists`, for which a share that does not answer holds no file
    except FileNotFoundError:
        source.rename(target)
    else:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


NameNow: TypeAlias = Callable[[], str]


@contextmanager
def followed(path: Path) -> Iterator[NameNow]:
    """Yield what tells which name the file at ``path`` has by now, or had when it was deleted.

    It sees what processes of this machine do, on Linux; elsewhere the name is empty.
    """
    if not sys.platform.startswith("linux"):
        yield lambda: ""
        return
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    link = Path(f"/proc/self/fd/{descriptor}")
    try:
        yield lambda: link.readlink().name.removesuffix(" (deleted)")
    finally:
        os.close(descriptor)


def compare(path: Path, expected: bytes) -> FileComparison:
    """Compare what lies at ``path`` with ``expected``; only a plain file of that size is read."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != len(expected):
            return FileComparison.OTHER
        return FileComparison.SAME if path.read_bytes() == expected else FileComparison.OTHER
    except FileNotFoundError:
        return FileComparison.NOTHING


def read_plain(path: Path) -> bytes | None:
    """Return the bytes of a plain file; None where there is none, or something else."""
    try:
        return path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else None
    except FileNotFoundError:
        return None


def delete_leftovers(
    folder: Path,
    *,
    prefix: str = PREFIX,
    suffix: str = SUFFIX,
    older_than: float = 0.0,
    keep: AbstractSet[str] = frozenset(),
) -> int:
    """Delete temporary files of writers that died; return how many there were.

    Spared are those changed within ``older_than`` seconds, the names in ``keep``, and what cannot
    be deleted. Where writers may be alive, the caller holds the lock they take.
    """
    with os.scandir(folder) as entries:
        left = [
            Path(entry.path)
            for entry in entries
            if entry.name.startswith(prefix)
            and entry.name.endswith(suffix)
            and entry.name not in keep
        ]
    count = 0
    for path in left:
        with suppress(OSError):
            if not older_than or time.time() - path.lstat().st_mtime > older_than:
                path.unlink()
                count += 1
    return count


def probe_folder(folder: Path) -> None:
    """Write, rename, read back and delete a file in ``folder``, which must exist.

    Its names end in ``.tmp``, which importers of practice software leave alone. Raises
    `FolderUnusable` with a sentence for the person who has to repair the folder.
    """
    content = secrets.token_bytes(32)
    names = [folder / f"{PREFIX}check-{secrets.token_hex(8)}.tmp" for _ in range(2)]
    try:
        try:
            create(names[0], content)
            rename_new(*names)
            sync_folder(folder)
            returned = names[1].read_bytes()
        finally:
            for name in names:
                name.unlink(missing_ok=True)
    except OSError as error:
        raise FolderUnusable.of(folder, error) from error
    if returned != content:
        raise FolderUnusable(
            folder,
            "eine geschriebene Datei kommt verändert zurück. Datenträger prüfen.",
            "a file that was written comes back changed. Check the disk.",
        )


def reason_of(error: OSError) -> str:
    """Return the error's symbol, such as ENOSPC; never a path, which may name a patient."""
    if error.errno is None:
        return type(error).__name__
    return errno.errorcode.get(error.errno, f"errno {error.errno}")
