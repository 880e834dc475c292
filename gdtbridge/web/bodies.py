"""Bodies of requests: how large one may be, and files for those that are too large for memory.

Such a body lies in a nameless file on the disk of the archive until its call was answered; it is
gone when its client goes away, and after a crash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from gdtbridge.archive.spool import failure_of
from gdtbridge.errors import StoreError
from gdtbridge.settings import MEGABYTE

ROOM_INTERVAL: Final = 64 * MEGABYTE
"""How much of a body is kept before the disk is looked at again."""


@dataclass(frozen=True, slots=True)
class BodySpool:
    """Where large bodies lie: a folder, and who raises a `StoreError` where bytes find no room."""

    folder: Path
    room_for: Callable[[int], None]

    def begin(self, announced: int) -> SpooledBody:
        """Return the file of a body of so many bytes, 0 for not known; raise a `StoreError`.

        What is made of it needs as much again.
        """
        self.room_for(2 * announced)
        try:
            file = TemporaryFile("w+b", dir=self.folder)  # noqa: SIM115 - closed by its request
        except OSError as error:
            raise failure_of(error) from error
        return SpooledBody(self, file)


class SpooledBody:
    """A body while it comes in, as waitress's receivers want one.

    Once it cannot be kept the rest is dropped: ``failure`` says why, ``dropped`` counts bytes.
    """

    def __init__(self, spool: BodySpool, file: IO[bytes]) -> None:
        self._spool = spool
        self._file = file
        self._size = 0
        self._room_until = 0
        self.failure: StoreError | None = None
        self.dropped = 0

    def append(self, data: bytes) -> None:
        """Keep the next bytes."""
        if self.failure is None:
            try:
                self._keep(data)
            except StoreError as error:
                self._fail(error)
            except OSError as error:
                self._fail(failure_of(error))
        else:
            self.dropped += len(data)

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._room_until:
            self._spool.room_for(self._size)  # as much again, for what is made of it
            self._room_until = self._size + ROOM_INTERVAL
        self._file.write(data)

    def _fail(self, failure: StoreError) -> None:
        self.failure = failure
        self._file.close()

    def __len__(self) -> int:
        return self._size

    def getfile(self) -> IO[bytes]:
        """Return the whole body, to be read from its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class BodyRule:
    """Bytes a body may have; ``spool`` is where it lies, None for memory."""

    most: int
    spool: BodySpool | None = None
