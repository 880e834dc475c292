"""The file system behind `tests.tools.power`: a program that keeps a disk in memory.

Called with the mount point and the journal, which it reads at the start, and to which it adds each
step before it answers.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import mfusepy

from tests.tools.power_journal import Disk, Node, Step, dump, full_mark, parts_of, read_journal

BLOCK = 4096
ROOM = 1 << 24
"""Blocks of a disk that is never full."""
REMEMBER_SECONDS = 3600.0


class PowerDisk(mfusepy.Operations):  # type: ignore[misc]
    """Serves a disk; the handle of an open file is its number."""

    use_ns = True

    def __init__(self, journal: Path) -> None:
        self._disk = Disk()
        for _, step in read_journal(journal):
            self._disk.do(step)
        self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND)
        self._full = full_mark(journal)

    def _do(self, call: str, *arguments: Any) -> None:
        step = Step(call, arguments)
        os.write(self._journal, dump(step))
        self._disk.do(step)

    def _need_room(self) -> None:
        if self._full.exists():
            raise OSError(errno.ENOSPC, "the disk is full")

    def _node(self, path: str) -> Node:
        node = self._disk.root
        for name in parts_of(path):
            found = node.names.get(name)
            if found is None:
                raise OSError(errno.ENOENT, path)
            node = found
        return node

    def _place(self, path: str) -> tuple[int, str]:
        """Return the number of the folder and the name in it."""
        parent, _, name = path.rpartition("/")
        return self._node(parent or "/").number, name

    def _make(self, path: str, mode: int) -> int:
        number = len(self._disk.nodes)
        self._need_room()
        self._do("make", *self._place(path), number, mode)
        self._touch(number)
        return number

    def _touch(self, number: int) -> None:
        self._disk.nodes[number].modified_ns = time.time_ns()

    def access(self, path: str, amode: int) -> int:
        self._node(path)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        node = self._node(path)
        self._do("chmod", node.number, stat.S_IFMT(node.mode) | stat.S_IMODE(mode))
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        return 0

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        return self._make(path, stat.S_IFREG | stat.S_IMODE(mode))

    def flush(self, path: str, fh: int) -> int:
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._do("sync", fh)
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self._do("sync", self._node(path).number)
        return 0

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        node = self._node(path)
        times = {f"st_{one}time": node.modified_ns for one in "acm"}
        return times | {
            "st_mode": node.mode,
            "st_nlink": 1,
            "st_size": len(node.data),
            "st_uid": os.getuid(),
            "st_gid": os.getgid(),
        }

    def link(self, target: str, source: str) -> int:
        self._do("link", self._node(source).number, *self._place(target))
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        self._make(path, stat.S_IFDIR | stat.S_IMODE(mode))
        return 0

    def open(self, path: str, flags: int) -> int:
        return self._node(path).number

    def opendir(self, path: str) -> int:
        return self._node(path).number

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._disk.nodes[fh].data[offset : offset + size])

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self._node(path).names]

    def release(self, path: str, fh: int) -> int:
        return 0

    def rename(self, old: str, new: str) -> int:
        self._do("rename", *self._place(old), *self._place(new))
        return 0

    def rmdir(self, path: str) -> int:
        if self._node(path).names:
            raise OSError(errno.ENOTEMPTY, path)
        self._do("unlink", *self._place(path))
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        blocks = {f"f_{name}": ROOM for name in ("bavail", "bfree", "blocks")}
        inodes = {f"f_{name}": ROOM for name in ("favail", "ffree", "files")}
        return blocks | inodes | {"f_bsize": BLOCK, "f_frsize": BLOCK, "f_namemax": 255}

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        number = self._node(path).number
        self._do("truncate", number, length)
        self._touch(number)
        return 0

    def unlink(self, path: str) -> int:
        self._do("unlink", *self._place(path))
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        self._node(path).modified_ns = times[1] if times else time.time_ns()
        return 0

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        if offset + len(data) > len(self._disk.nodes[fh].data):
            # What has its place is written there. Were it refused, the pages that SQLite has mapped
            # of its -shm would be lost unseen, and with them what was committed.
            self._need_room()
        self._do("write", fh, offset, bytes(data))
        self._touch(fh)
        return len(data)


def serve(place: Path, journal: Path) -> None:
    """Be the file system until it is unmounted."""
    # Nobody else changes the disk, so that the kernel may remember what it knows of it.
    remember = {"attr_timeout": REMEMBER_SECONDS, "entry_timeout": REMEMBER_SECONDS}
    options: dict[str, Any] = {"foreground": True, "nothreads": True, "fsname": "powerdisk"}
    mfusepy.FUSE(PowerDisk(journal), str(place), **options, **remember)


if __name__ == "__main__":
    serve(*(Path(one) for one in sys.argv[1:3]))
