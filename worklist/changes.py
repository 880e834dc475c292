"""What changed in the folder since it was last looked at, as the kernel tells (inotify(7)).

Only of a folder on a disk of this machine: shares do not tell of what others write.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final, Self

from gdtbridge.durable.mounts import entered

if sys.platform == "linux":
    from inotify_simple import INotify, flags

    _TOLD: Final = (
        flags.CREATE | flags.DELETE | flags.MOVED_FROM | flags.MOVED_TO
        | flags.MODIFY | flags.CLOSE_WRITE | flags.ATTRIB
    )  # fmt: skip
    _LOST: Final = flags.Q_OVERFLOW | flags.IGNORED | flags.UNMOUNT

FULL_SECONDS: Final = 60.0
"""How often all files are looked at even so."""
LOCAL: Final = frozenset(
    ("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs", "tmpfs", "overlay")
)
"""File systems of which the kernel sees every change."""


class FolderChanges:
    """Tells which names in a folder may mean something else than before.

    Used by one thread at a time.
    """

    def __init__(self, folder: Path) -> None:
        """Tell of ``folder``, which need not be there yet."""
        self._folder = folder
        self._identity = (0, 0)
        self._watch: FolderWatch | None = None
        self._full_at = 0.0

    def names(self) -> set[str] | None:
        """Return the names of what changed since the last call; None where anything may have.

        Raises `OSError` where the folder is not there.
        """
        status = self._folder.stat()
        identity = status.st_dev, status.st_ino
        is_due = time.monotonic() - self._full_at >= FULL_SECONDS
        if self._watch is None or self._identity != identity or is_due:
            self._begin(identity)
            return None
        changed = self._watch.changed()
        if changed is None:
            self._begin(identity)
        return changed

    def _begin(self, identity: tuple[int, int]) -> None:
        """Watch from now on; what is there is looked at after this."""
        self.close()
        self._watch = FolderWatch.of(self._folder)
        self._identity = identity
        self._full_at = time.monotonic()

    def close(self) -> None:
        """Watch no longer."""
        if self._watch is not None:
            self._watch.close()
        self._watch = None


class FolderWatch:
    """The kernel's list of changes in one folder; only Linux keeps one."""

    def __init__(self, told: INotify) -> None:
        self._told = told

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Watch a folder; None where the kernel would not see every change."""
        if sys.platform != "linux":
            return None
        with entered(folder) as (opened, place):
            if place.kind not in LOCAL:
                return None
            try:
                watch = cls(INotify(nonblocking=True, closefd=False))
            except OSError:  # too many already: the folder is looked at as a share is
                return None
            try:
                watch._told.add_watch(opened, _TOLD)
            except OSError:
                watch.close()
                return None
            return watch

    def changed(self) -> set[str] | None:
        """Return the names of what changed; None where some may not have been told."""
        events = self._told.read(timeout=0)
        if any(event.mask & _LOST for event in events):
            return None
        return {event.name for event in events if event.name}

    def close(self) -> None:
        """Watch no longer; so does who has no reference left."""
        if not self._told.closed:
            os.close(self._told.fileno())
            self._told.close()

    __del__ = close
