"""Looking into a folder of others again and again: shares announce no changes.

Everything that may hang happens in a thread of its own, so that a share that hangs keeps nobody
else waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from typing import Final, Generic, TypeVar

from gdtbridge.durable import FileStamp
from gdtbridge.health import STALE_SECONDS, PartState, not_heard_of_for
from gdtbridge.logs import describe

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.05
HANG_SECONDS: Final = 3.0
"""Whoever was not heard of for so long at the stop hangs, and is not waited for."""

K = TypeVar("K", bound=Hashable)


class FileAges(Generic[K]):
    """How long each file of a folder has not changed, in seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._since: dict[K, tuple[FileStamp, float]] = {}

    def look(self, found: Iterable[tuple[K, FileStamp]], now: float) -> dict[K, float]:
        """Return the age of each file's present version; files that are gone are forgotten."""
        before, self._since = self._since, {}
        for name, found_stamp in found:
            stamp, since = before.get(name, (found_stamp, now))
            self._since[name] = (found_stamp, since if stamp == found_stamp else now)
        return {name: now - since for name, (_, since) in self._since.items()}


class FolderLooker(ABC):
    """Looks into one folder from `start` until `stop`."""

    def __init__(self, what: str, monotonic: Callable[[], float]) -> None:
        """Watch ``what``, as the log names it."""
        self._what = what
        self._monotonic = monotonic
        self._away = ""
        self._heard_at = monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=what, daemon=True)

    @abstractmethod
    def look(self) -> int:
        """Take every file that is ready; return how many were."""

    @abstractmethod
    def _told(self) -> PartState:
        """Return the state of the watching while the folder answers and is there."""

    def _pause(self) -> float:
        """Return how many seconds pass before the next look."""
        return LOOK_SECONDS

    def start(self) -> None:
        """Begin with what is there already."""
        self._thread.start()

    def tell_to_stop(self) -> None:
        """End after the file at hand."""
        self._stopping.set()

    def stop(self, timeout: float) -> None:
        """End after the file at hand; a thread that hangs in a share is left behind at once."""
        self.tell_to_stop()
        if self._thread.ident is None:
            return
        deadline = time.monotonic() + timeout
        while self._thread.is_alive() and time.monotonic() < deadline and not self._hangs:
            self._thread.join(PAUSE_SECONDS)
        if self._thread.is_alive():
            log.warning("%s: still busy at the stop, left behind", self._what)

    @property
    def _hangs(self) -> bool:
        return self._monotonic() - self._heard_at > HANG_SECONDS

    def _heard(self) -> None:
        """Note that the folder answers."""
        self._heard_at = self._monotonic()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may be better
                log.error("%s failed, trying again: %s", self._what, describe(error))
            self._stopping.wait(self._pause())

    def state(self) -> PartState:
        """Return the state of the watching; touches no folder and waits for nobody."""
        silent = self._monotonic() - self._heard_at
        if silent > STALE_SECONDS:
            return not_heard_of_for(silent)
        if self._away:
            return PartState(ok=False, detail=f"the folder is away: {self._away}")
        return self._told()

    def _note_away(self, reason: str) -> None:
        if self._away != reason:
            log.warning("%s: away (%s), waiting for it", self._what, reason)
        self._away = reason

    def _note_there(self) -> None:
        if self._away:
            log.info("%s: back again", self._what)
        self._away = ""
