"""The stamp of a file: what changes when somebody writes to the file."""

from __future__ import annotations

import os
from dataclasses import dataclass


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
