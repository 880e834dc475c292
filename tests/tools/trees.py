"""What a folder holds, to show that nothing in it was made or changed."""

from __future__ import annotations

from pathlib import Path


def tree_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size in bytes and time of change in nanoseconds of all below ``folder``, by path."""
    return {
        str(path.relative_to(folder)): (status.st_size, status.st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        for status in [path.lstat()]
    }
