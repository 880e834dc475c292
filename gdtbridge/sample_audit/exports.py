"""Sets that are being made, and lie ready to be fetched for a while."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound, TooLate

log = logging.getLogger(__name__)

BUSY: Final = (
    "Es wird gerade etwas zusammengestellt; bitte warten. / A set is being made; please wait."
)
GONE: Final = (
    "Das gibt es hier nicht mehr; bitte neu zusammenstellen. / It is not here any more; please "
    "make it anew."
)
HOUR_SECONDS: Final = 3600.0


class SetState(StrEnum):
    """How far a set is."""

    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


@dataclass(slots=True)
class MadeSet:
    """A set: its name among others, how far it is, and of whom it is."""

    key: str
    file_name: str
    """What it is saved as."""
    made_at: float
    """UTC seconds."""
    total: int
    """Cases."""
    done: int = 0
    state: SetState = SetState.MAKING
    size: int = 0
    """Bytes, once it is ready."""


@dataclass(slots=True)
class SampleExports:
    """The sets of the last hours, one made at a time. Thread-safe.

    What lies here is encrypted; the passwords are nowhere but with who was shown them.
    """

    folder: Path
    keep_seconds: float
    clock: Clock
    _sets: dict[str, MadeSet] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def begin(
        self, file_name: str, total: int, write: Callable[[Path, Callable[[int], None]], None]
    ) -> MadeSet:
        """Have a set written in the background; raise `TooLate` while another one is.

        ``write`` is given the file and what it tells of its progress.
        """
        with self._turn:
            if any(one.state is SetState.MAKING for one in self._sets.values()):
                raise TooLate(BUSY)
            made = MadeSet(secrets.token_hex(16), file_name, self.clock.utc(), total)
            self._sets[made.key] = made
        name = f"set-{made.key[:8]}"
        threading.Thread(target=self._make, args=(made, write), name=name, daemon=True).start()
        return made

    def _make(self, made: MadeSet, write: Callable[[Path, Callable[[int], None]], None]) -> None:
        path = self._path(made)

        def noted(done: int) -> None:
            made.done = done

        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write(path, noted)
            made.size = path.stat().st_size
            made.state = SetState.READY
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody must wait for ever
            log.error("a set of a sample audit could not be made: %s", type(error).__name__)
            path.unlink(missing_ok=True)
            made.state = SetState.FAILED

    def known(self, key: str) -> MadeSet:
        """Return a set; raise `NotFound` for one that is gone."""
        with self._turn:
            found = self._sets.get(key)
        if found is None:
            raise NotFound(GONE)
        return found

    def opened(self, key: str) -> BinaryIO:
        """Return the file of a set that is ready, which the caller closes; raise `NotFound`."""
        found = self.known(key)
        try:
            return self._path(found).open("rb")
        except OSError as error:
            raise NotFound(GONE) from error

    def all(self) -> list[MadeSet]:
        """Return what lies here, the newest first."""
        with self._turn:
            return sorted(self._sets.values(), key=lambda one: -one.made_at)

    def sweep(self) -> None:
        """Remove what is older than it may be, and files nobody knows: those of before a start."""
        limit = self.clock.utc() - self.keep_seconds
        with self._turn:
            over = [
                one
                for one in self._sets.values()
                if one.made_at <= limit and one.state is not SetState.MAKING
            ]
            for one in over:
                del self._sets[one.key]
            kept = {self._path(one) for one in self._sets.values()}
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path not in kept:
                    path.unlink(missing_ok=True)

    def _path(self, made: MadeSet) -> Path:
        return self.folder / f"{made.key}.zip"
