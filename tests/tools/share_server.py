"""The file system behind `tests.tools.share`: a program that mirrors a folder.

Called with the mount point, the folder, and a folder of orders from `Share.at`.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import Any

import mfusepy

HANGS = "hang"
PAUSE_SECONDS = 0.02


class Mirror(mfusepy.Operations):  # type: ignore[misc]
    """Does each call in the folder behind; the paths of FUSE begin with a slash."""

    use_ns = True

    def __init__(self, behind: Path, orders: Path) -> None:
        self._folder = behind
        self._orders = orders

    def _behind(self, path: str) -> Path:
        return self._folder / path.removeprefix("/")

    def _obey(self, call: str) -> None:
        """Do what `Share.at` asked of this kind of call: wait, or raise the error."""
        order, waits = self._orders / call, self._orders / f"{call}.waits"
        while (result := _content(order)) is not None:
            if result != HANGS:
                raise OSError(getattr(errno, result, errno.EIO), result)
            waits.touch()
            time.sleep(PAUSE_SECONDS)
        waits.unlink(missing_ok=True)

    def access(self, path: str, amode: int) -> int:
        self._obey("access")
        if not os.access(self._behind(path), amode):
            raise OSError(errno.EACCES, path)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        self._obey("chmod")
        self._behind(path).chmod(mode)
        return 0

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        self._obey("create")
        handle = os.open(self._behind(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        self._obey("create.done")
        return handle

    def flush(self, path: str, fh: int) -> int:
        self._obey("flush")
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._obey("fsync")
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self._obey("fsyncdir")
        return 0

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        self._obey("getattr")
        status = self._behind(path).lstat()
        names = ("mode", "nlink", "size", "uid", "gid")
        times = {f"st_{one}time": getattr(status, f"st_{one}time_ns") for one in "acm"}
        return {f"st_{name}": getattr(status, f"st_{name}") for name in names} | times

    def mkdir(self, path: str, mode: int) -> int:
        self._obey("mkdir")
        self._behind(path).mkdir(mode)
        return 0

    def open(self, path: str, flags: int) -> int:
        self._obey("open")
        return os.open(self._behind(path), flags)

    def opendir(self, path: str) -> int:
        self._obey("opendir")
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        self._obey("read")
        return os.pread(fh, size, offset)

    def readdir(self, path: str, fh: int) -> list[str]:
        self._obey("readdir")
        return [".", "..", *(one.name for one in self._behind(path).iterdir())]

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0

    def rename(self, old: str, new: str) -> int:
        self._obey("rename")
        self._behind(old).rename(self._behind(new))
        self._obey("rename.done")
        return 0

    def rmdir(self, path: str) -> int:
        self._obey("rmdir")
        self._behind(path).rmdir()
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        self._obey("statfs")
        status = os.statvfs(self._behind(path))
        names = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_files", "f_ffree", "f_frsize")
        return {name: getattr(status, name) for name in (*names, "f_namemax")}

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        self._obey("truncate")
        os.truncate(self._behind(path), length)
        return 0

    def unlink(self, path: str) -> int:
        self._obey("unlink")
        self._behind(path).unlink()
        self._obey("unlink.done")
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        self._obey("utimens")
        if times is None:
            self._behind(path).touch()
        else:
            os.utime(self._behind(path), ns=times)
        return 0

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._obey("write")
        written = os.pwrite(fh, data, offset)
        self._obey("write.done")
        return written


def _content(order: Path) -> str | None:
    try:
        return order.read_text() or HANGS
    except FileNotFoundError:
        return None


def serve(place: Path, behind: Path, orders: Path) -> None:
    """Be the file system until it is unmounted."""
    # With nothing remembered every call comes here: the kernel answers for no share that hangs.
    forget = {"attr_timeout": 0, "entry_timeout": 0, "negative_timeout": 0}
    mfusepy.FUSE(Mirror(behind, orders), str(place), foreground=True, nothreads=False, **forget)


if __name__ == "__main__":
    serve(*(Path(one) for one in sys.argv[1:4]))
