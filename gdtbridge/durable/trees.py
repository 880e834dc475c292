"""Folders of others with all that is below them: walked and changed without following a link.

Whoever may write there may swap a folder for a link at any moment. On Linux every step is taken
from a folder that is open (openat(2)), so that nobody is led elsewhere, and no path is too long;
elsewhere each folder on the way is looked at first.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from gdtbridge.durable.files import FileStamp, rename_new, temporary_in
from gdtbridge.durable.mounts import Place, entered

MOST_FILES: Final = 200_000
"""Files and folders of a tree that are looked at."""
DEEPEST: Final = 16
"""Folders below each other that are entered."""

_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_FILE: Final = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # or opening a pipe would wait for its writer
)


def version_of(status: os.stat_result) -> FileStamp:
    """Return the stamp of a file of others: without its inode, which some shares number anew."""
    return FileStamp(status.st_size, status.st_mtime_ns, 0)


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A plain file below a folder: its path from there, with slashes, and which version it is."""

    name: str
    stamp: FileStamp

    @property
    def folder(self) -> str:
        """The folder it lies in, empty for the topmost."""
        return self.name.rpartition("/")[0]

    @property
    def last(self) -> str:
        """Its name in that folder."""
        return self.name.rpartition("/")[2]


@dataclass(slots=True)
class TreeListing:
    """What lies below a folder."""

    files: list[TreeFile] = field(default_factory=list)
    others: int = 0
    """Links, pipes, sockets and devices."""
    closed: dict[str, OSError] = field(default_factory=dict)
    """Folders that cannot be listed."""
    is_whole: bool = True
    """Whether there is no more than may be looked at."""


class FolderTree:
    """An open folder of others and what is below it; every method raises `OSError`."""

    def __init__(self, root: Path, place: Place) -> None:
        """Take the path of a folder that is open, and where that is."""
        self.root = root
        self.place = place
        self._folder = ""
        self._path = root
        self._descriptor = -1

    @property
    def is_local(self) -> bool:
        """Whether it lies on a disk of this machine, as far as the system tells."""
        return not self.place.network and not self.place.vague

    def let_go(self) -> None:
        """Close the folder below that was entered last."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._folder, self._path, self._descriptor = "", self.root, -1

    def inside(self, folder: str) -> Path:
        """Return a path to a folder below, good until the next call; no part may be a link."""
        if folder != self._folder:
            self.let_go()
            path, descriptor = self.root, -1
            for part in folder.split("/") if folder else ():
                above = descriptor
                try:
                    path, descriptor = _entered(path / part)
                finally:
                    if above >= 0:
                        os.close(above)
            self._folder, self._path, self._descriptor = folder, path, descriptor
        return self._path

    def path_of(self, name: str) -> Path:
        """Return a path to a file below, good until the next call."""
        folder, _, last = name.rpartition("/")
        return self.inside(folder) / last

    def made(self, folder: str) -> Path:
        """Return a path to a folder below, making it and those above it."""
        above = ""
        for part in folder.split("/"):
            with suppress(FileExistsError):
                (self.inside(above) / part).mkdir()
            above = f"{above}/{part}" if above else part
        return self.inside(folder)

    def open(self, name: str) -> BinaryIO:
        """Open a plain file for reading; what is none is refused (``EINVAL``, ``ELOOP``)."""
        path = self.path_of(name)
        if not _NO_LINK and path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        descriptor = os.open(path, _FILE | _NO_LINK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return os.fdopen(descriptor, "rb")

    def remove(self, file: TreeFile, suffix: str) -> bool:
        """Delete a file if it is still the version that is meant; return whether it was.

        It gets a temporary name that ends in ``suffix`` first, so that nobody puts another one
        under the name between the look and the deletion. A crash in between leaves that name.
        """
        path = self.path_of(file.name)
        temporary = temporary_in(path.parent).with_suffix(suffix)
        rename_new(path, temporary)
        if version_of(temporary.lstat()) == file.stamp:
            temporary.unlink()
            return True
        _give_back(temporary, path)
        return False

    def move(self, file: TreeFile, folder: str, name: str) -> bool:
        """Move a file into a folder below, if it is still the version that is meant.

        Returns whether it was. Raises `FileExistsError` rather than replace something there.
        """
        target = os.open(self.made(folder), _FOLDER) if sys.platform == "linux" else -1
        try:
            place = Path(f"/proc/self/fd/{target}") if target >= 0 else self.root / folder
            source = self.path_of(file.name)
            rename_new(source, place / name)
            if version_of((place / name).lstat()) == file.stamp:
                return True
            _give_back(place / name, source)
            return False
        finally:
            if target >= 0:
                os.close(target)

    def listing(
        self, enters: Callable[[str], bool], takes: Callable[[str], bool], heard: Callable[[], None]
    ) -> TreeListing:
        """Return what lies below, as far as ``enters`` (folders) and ``takes`` (files) say.

        Both are told paths from the topmost folder. ``heard`` is called as the folder answers. What
        vanishes meanwhile is left out; that the topmost folder cannot be listed is raised.
        """
        found = TreeListing()
        folders, left = [""], MOST_FILES
        while folders:
            folder = folders.pop()
            try:
                entries = list(self._entries(folder, left))
            except OSError as error:
                if not folder:
                    raise
                if not isinstance(error, FileNotFoundError):
                    found.closed[folder] = error
                continue
            left -= len(entries)
            for name, entry in entries:
                _note(found, folders, name, entry, enters, takes)
            if left <= 0:
                found.is_whole = False
                break
            heard()
        return found

    def _entries(self, folder: str, most: int) -> Iterator[tuple[str, os.DirEntry[str]]]:
        with os.scandir(self.inside(folder)) as entries:
            for number, entry in enumerate(entries):
                if number >= most:
                    break
                yield (f"{folder}/{entry.name}" if folder else entry.name), entry


def _note(
    found: TreeListing,
    folders: list[str],
    name: str,
    entry: os.DirEntry[str],
    enters: Callable[[str], bool],
    takes: Callable[[str], bool],
) -> None:
    """Note what an entry of a folder that is open is."""
    with suppress(FileNotFoundError):
        if entry.is_symlink():
            found.others += 1
        elif entry.is_dir(follow_symlinks=False):
            if enters(name):
                if name.count("/") < DEEPEST:
                    folders.append(name)
                else:
                    found.is_whole = False
        elif not entry.is_file(follow_symlinks=False):
            found.others += 1
        elif takes(name):
            stamp = version_of(entry.stat(follow_symlinks=False))
            found.files.append(TreeFile(name, stamp))


@contextmanager
def opened_tree(folder: Path) -> Iterator[FolderTree]:
    """Yield a folder of others, open for the length of the block; raise `OSError`."""
    with entered(folder) as (root, place):
        tree = FolderTree(root, place)
        try:
            yield tree
        finally:
            tree.let_go()


def _entered(path: Path) -> tuple[Path, int]:
    """Return a folder that is no link, as a path and an open descriptor (-1: none is needed)."""
    if sys.platform != "linux":
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return path, -1
    descriptor = os.open(path, _FOLDER | _NO_LINK)
    return Path(f"/proc/self/fd/{descriptor}"), descriptor


def _give_back(temporary: Path, path: Path) -> None:
    """Give another version that was put there meanwhile its name again, unless that is taken."""
    with suppress(FileExistsError):
        rename_new(temporary, path)
