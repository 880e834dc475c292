"""A lock between processes, and between the threads of each of them."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from gdtbridge.durable.errors import FolderUnusable, LockBusy

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


PAUSE_SECONDS = 0.002


class FileLock:
    """An exclusive lock on a file that exists for nothing else; a thread may take it again.

    The operating system releases it when its holder dies.
    """

    def __init__(self, path: Path, *, timeout: float = 10.0) -> None:
        """Lock the file ``path``, waiting at most ``timeout`` seconds."""
        self._path = path
        self._timeout = timeout
        self._threads = threading.RLock()
        self._depth = 0
        self._descriptor = -1

    @contextmanager
    def hold(self) -> Iterator[bool]:
        """Hold the lock; the value says whether this is the outermost hold of this thread.

        Raises `LockBusy`, and another `FolderUnusable` when the file is out of reach.
        """
        deadline = time.monotonic() + self._timeout
        if not self._threads.acquire(timeout=self._timeout):
            raise LockBusy(self._path.parent)
        try:
            if self._depth == 0:
                self._descriptor = self._locked(deadline)
            self._depth += 1
            try:
                yield self._depth == 1
            finally:
                self._depth -= 1
                if self._depth == 0:
                    os.close(self._descriptor)
        finally:
            self._threads.release()

    def acquire_once(self) -> Callable[[], None]:
        """Lock other processes out now and return how to let them in again, from any thread.

        For who keeps its own threads apart. Raises `LockBusy`, and another `FolderUnusable`.
        """
        return partial(os.close, self._locked(time.monotonic()))

    def _locked(self, deadline: float) -> int:
        while True:
            descriptor = self._opened()
            try:
                _try_lock(descriptor)
                if self._is_still_there(descriptor):
                    return descriptor
            except OSError as error:
                os.close(descriptor)
                if not isinstance(error, BlockingIOError | PermissionError):
                    raise FolderUnusable.of(self._path.parent, error) from error
            else:
                os.close(descriptor)
            if time.monotonic() >= deadline:
                raise LockBusy(self._path.parent)
            time.sleep(PAUSE_SECONDS)

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o640)
        except OSError as error:
            raise FolderUnusable.of(self._path.parent, error) from error

    def _is_still_there(self, descriptor: int) -> bool:
        """Whether the locked file still has its name (somebody may have deleted it)."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False
