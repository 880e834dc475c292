"""How long a search by web may take, and how many that take long at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from gdtbridge.retrieve.query_keys import QueryRefused

SECONDS: Final = 20.0
"""What a search may take until it has found the page that was asked for."""
BROAD_SECONDS: Final = 1.0
"""A search that takes longer is broad: it looks at exam after exam of all there are."""
BROAD: Final = 2
"""Broad searches at a time: they have the processor, and pages and results would wait."""


class SearchTooBroad(QueryRefused):
    """A search found no whole page in its time; the text says what narrows it."""


class SearchesBusy(Exception):
    """A search is broad, and `BROAD` others are; later there is room for it."""


class BroadSearches:
    """Gives room to `BROAD` searches that take long, of all services together. Thread-safe."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(BROAD)

    def run(self, monotonic: Callable[[], float] = time.monotonic) -> SearchRun:
        """Return a search that begins now; whoever asked ends it."""
        return SearchRun(self._places, monotonic)


class SearchRun:
    """A search while it goes on: since when, and whether it has a place among the broad ones."""

    def __init__(self, places: threading.Semaphore, monotonic: Callable[[], float]) -> None:
        self._places, self._monotonic = places, monotonic
        self._begun, self._is_broad = monotonic(), False

    def __enter__(self) -> Self:
        """Return the search."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the search."""
        self.end()

    @property
    def seconds(self) -> float:
        """How long it has gone on."""
        return self._monotonic() - self._begun

    def is_late(self) -> bool:
        """Return whether it has had its time; raise `SearchesBusy` where it must not go on."""
        seconds = self.seconds
        if seconds > BROAD_SECONDS and not self._is_broad:
            if not self._places.acquire(blocking=False):
                raise SearchesBusy
            self._is_broad = True
        return seconds > SECONDS

    def end(self) -> None:
        """Give back its place, if it has one."""
        if self._is_broad:
            self._is_broad = False
            self._places.release()
