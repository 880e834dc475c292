"""The spool: objects while they are being received, as Part 10 files under names of our own.

Nothing in it has been acknowledged. What lies there when the service starts was left by a crash,
and the devices will send it again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from pathlib import Path
from typing import BinaryIO, Final

from gdtbridge.durable.files import delete_leftovers

log = logging.getLogger(__name__)

_SUFFIX: Final = ".part"


class SpoolFile:
    """A file of the spool, open for writing until `close`; `remove` works at any time."""

    def __init__(self, folder: Path) -> None:
        """Make a new file that only we can read; raise `OSError`."""
        self.path = folder / f"{secrets.token_hex(16)}{_SUFFIX}"
        self._file: BinaryIO = open(self.path, "xb", opener=_private)  # noqa: SIM115

    def write(self, data: bytes) -> None:
        """Append ``data``; raise `OSError`."""
        self._file.write(data)

    def close(self) -> None:
        """Hand everything to the operating system; raise `OSError`. Nothing is synced."""
        self._file.close()

    def remove(self) -> None:
        """Close and delete the file, if it is still there."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def sweep(folder: Path) -> int:
    """Delete what a crash left in the spool; return how many files that were."""
    count = delete_leftovers(folder, prefix="", suffix=_SUFFIX)
    if count:
        log.warning("%d unacknowledged objects removed from the spool", count)
    return count
