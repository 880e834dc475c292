"""Which delivered files practice software has collected: the strongest sign of an imported result.

A file whose name is gone from the folder, which is the proven place, was collected. Nothing says so
of a folder that cannot be listed, is another one, or does not answer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.outbox import collection_store as store
from gdtbridge.outbox.destination_folder import DestinationFolder

SHORTEST_SECONDS: Final = 3.0
LONGEST_SECONDS: Final = 60.0
"""Between two looks; the longer the newest file has been lying, the longer."""
_PATIENCE: Final = 20
"""A file that has been lying for so many seconds is looked for after one more."""
_SHARE_OF_TIME: Final = 20
"""Listing takes at most one part of so many of the time."""
MOST: Final = 1000
"""Files looked for at once, the newest."""


class CollectionWatch:
    """Looks now and then into the folder of one destination; used by its worker alone."""

    def __init__(self, folder: DestinationFolder) -> None:
        self._folder = folder
        self._next_look = 0.0  # monotonic

    def look(self, in_folder: Callable[[], AbstractContextManager[None]]) -> None:
        """Note what was collected since the last look; most calls do nothing.

        ``in_folder`` is entered as long as the folder is touched, which may hang.
        """
        began = self._folder.clock.monotonic()
        if began < self._next_look:
            return
        self._next_look = began + SHORTEST_SECONDS
        now = self._folder.clock.utc()
        with self._folder.database.read() as connection:
            since = now - store.DAYS * DAY_SECONDS
            lying = store.uncollected(connection, self._folder.destination, since, MOST)
        if not lying:
            return
        with in_folder():
            there = self._folder.drop.listed(self._folder.journal)
        took = self._folder.clock.monotonic() - began
        pause = max((now - lying[0].delivered_at) / _PATIENCE, took * _SHARE_OF_TIME)
        self._next_look = began + took + min(max(pause, SHORTEST_SECONDS), LONGEST_SECONDS)
        if there is None:  # as soon as the folder is back, what was collected meanwhile is seen
            self._next_look = began + took + SHORTEST_SECONDS
            return
        gone, seen = [], set[str]()
        for one in lying:  # the newest first: its name may have been another's before
            name = one.final_name.casefold()
            if name in seen or name not in there:
                gone.append(one.id)
            seen.add(name)
        if gone:
            with self._folder.database.write(synced=False) as connection:
                store.collected(connection, gone, now)
