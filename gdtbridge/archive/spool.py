"""The spool: objects while they are being received, as Part 10 files under names of our own.

Nothing in it has been acknowledged. What lies there when the service starts was left by a crash,
and the devices will send it again, or the folder it came from still has it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from gdtbridge.archive.model import SpooledDataset
from gdtbridge.archive.store import NO_ROOM
from gdtbridge.dataset.part10 import file_meta
from gdtbridge.dataset.sop_classes import is_storage
from gdtbridge.dataset.values import is_uid
from gdtbridge.durable.files import delete_leftovers
from gdtbridge.errors import (
    NotUnderstood,
    OutOfResources,
    ProcessingFailure,
    SopClassNotSupported,
    StoreError,
)

log = logging.getLogger(__name__)

START_BYTES: Final = 64 * 1024
"""How much of a dataset is kept in memory: whose it is stands there, and a small one whole."""

Piece: TypeAlias = bytes | bytearray | memoryview

_SUFFIX: Final = ".part"
_GATHERED: Final = 32 * 1024
"""Bytes of small fragments that go to the operating system together."""


class SpoolFile:
    """A file of the spool, hashed as it is written; `remove` works at any time."""

    def __init__(self, folder: Path, meta: bytes = b"") -> None:
        """Make a new file that only we can read and that begins with ``meta``; raise `OSError`."""
        self.path = folder / f"{secrets.token_hex(16)}{_SUFFIX}"
        self._file: BinaryIO = open(self.path, "xb", _GATHERED, opener=_private)  # noqa: SIM115
        self._digest = hashlib.sha256()
        self._meta = meta
        self._start = bytearray()
        self._size = 0
        self._file.write(meta)

    def write(self, data: Piece) -> None:
        """Append a piece of the dataset; raise `OSError`."""
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)
        if (missing := START_BYTES - len(self._start)) > 0:
            self._start += data[:missing]

    def finish(self) -> SpooledDataset:
        """Hand everything to the operating system; raise `OSError`. Nothing is synced."""
        self._file.flush()
        digest = self._digest.hexdigest()
        return SpooledDataset(self._file, digest, self._size, self._meta, bytes(self._start))

    def let_go(self) -> None:
        """Close the file, which is somebody else's now."""
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


def spooled_meta(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Return what an object's file begins with, whoever brought it; raise a `StoreError`.

    Refused are UIDs that are none, and what is of no storage SOP class.
    """
    if not is_uid(sop_class) or not is_uid(sop_instance):
        raise NotUnderstood("a UID that is none")
    if not is_storage(sop_class):
        raise SopClassNotSupported("not a storage SOP class")
    return file_meta(sop_class, sop_instance, transfer_syntax)


def failure_of(error: OSError) -> StoreError:
    """Return what writing into the spool means for the object (PS3.4 B.2.3)."""
    if error.errno in NO_ROOM:
        return OutOfResources(f"spool: {error.strerror}")
    return ProcessingFailure(f"spool: {error.strerror}")
