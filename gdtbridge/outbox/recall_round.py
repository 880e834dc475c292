"""The files of one destination that are to come back: taken, settled, told to the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from gdtbridge.outbox import recall_store, store
from gdtbridge.outbox.destination_folder import DestinationFolder
from gdtbridge.outbox.model import RecallResult

log = logging.getLogger(__name__)

IN_USE: Final = "in use and will be taken back later"
_ENDED: Final = {
    RecallResult.TAKEN: "was taken back out of the folder",
    RecallResult.COLLECTED: "could not be taken back: it was collected",
}


class RecallRound:
    """Takes files of one destination back; used by its worker alone."""

    def __init__(self, folder: DestinationFolder) -> None:
        self._folder = folder

    def go(self, in_folder: Callable[[], AbstractContextManager[None]]) -> set[str] | None:
        """Take back what is to come back; return whom that concerns, None where nothing was.

        ``in_folder`` is entered as long as the folder is touched, which may hang. Destinations that
        are concerned have something to do now.
        """
        with self._folder.database.read() as connection:
            wanted = recall_store.to_recall(connection, self._folder.destination)
            shared = {one.id for one in wanted if recall_store.is_shared(connection, one)}
        if not wanted:
            return None
        found = dict.fromkeys(shared, RecallResult.TAKEN)
        with in_folder():
            alone = [one for one in wanted if one.id not in shared]
            found |= self._folder.drop.recall(alone, self._folder.journal)
        concerned: set[str] = set()
        waiting: list[int] = []
        with self._folder.database.write() as connection:
            for number, result in found.items():
                if result is RecallResult.LATER:
                    _, noted = store.attempts(connection, number)
                    store.change(connection, number, last_error=IN_USE)
                    waiting += [number] if noted != IN_USE else []
                    continue
                taken, now = result is RecallResult.TAKEN, self._folder.clock.utc()
                concerned |= recall_store.end(connection, number, now, taken=taken)
        told = {number: _ENDED[one] for number, one in found.items() if one in _ENDED}
        for number, what in (told | dict.fromkeys(waiting, f"is {IN_USE}")).items():
            log.warning("outbox %s: message %d %s", self._folder.destination, number, what)
        return concerned
