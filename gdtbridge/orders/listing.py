"""The ``.wl`` folder follows the database: a marked order's entry is written, changed or removed.

The mark is set by the transaction that changes an order and taken away when the folder has
followed; what is marked at a start is what a crash left undone. An order without a mark is never
looked at: an entry that somebody removed does not come back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import BridgeError
from gdtbridge.orders import changes, store
from gdtbridge.orders.model import ListingMark, Order
from worklist import WorklistError, WorklistFolder

log = logging.getLogger(__name__)


class OrderListing:
    """The entries of our orders in the worklist folder; callers hold the folder's lock."""

    def __init__(self, database: Database, worklist: WorklistFolder, clock: Clock) -> None:
        self._database = database
        self._worklist = worklist
        self._clock = clock

    def follow_all(self) -> None:
        """Let the folder follow every marked order; one that cannot be followed stays marked."""
        with self._database.read() as connection:
            marked = store.marked_orders(connection)
        for order in marked:
            try:
                self.follow(order)
            except WorklistError:
                log.warning("order %s: its entry is not up to date", order.accession_number)

    def follow(self, order: Order) -> None:
        """Let the folder say what ``order`` says; raise `worklist.WorklistError` if it cannot."""
        mark = order.mark
        if mark is None:
            return
        listed = self._worklist.by_study_uid(order.study_instance_uid)
        times: dict[str, float | None] = {}
        if mark is ListingMark.REMOVE:
            if listed is not None:
                self._worklist.remove(listed.AccessionNumber, study_uid=listed.StudyInstanceUID)
            times["unlisted_at"] = self._clock.utc()
        elif listed is not None:
            if listed != (entry := order.entry()):
                self._worklist.replace(entry)
                times["changed_at"] = self._clock.utc()
        elif mark is ListingMark.ADD and order.is_open:
            self._worklist.add(order.entry())
            if order.unlisted_at is not None:  # it was taken off before
                times = {"changed_at": self._clock.utc(), "unlisted_at": None}
        self._forget_mark(order, mark, times)

    def _forget_mark(
        self, order: Order, mark: ListingMark, times: Mapping[str, float | None]
    ) -> None:
        """Take the mark away; the folder has followed, so a failure is no failure of the order."""
        try:
            with self._database.write(synced=False) as connection:
                changes.forget_mark(connection, order.id, mark, **times)
        except BridgeError as error:
            log.warning("order %s: its mark stays: %s", order.accession_number, error)

    def take_off(self, order: Order) -> bool:
        """Remove what a failed `follow` may have written; return whether it is surely gone."""
        try:
            self._worklist.refresh()
            self._worklist.remove(order.accession_number, study_uid=order.study_instance_uid)
        except WorklistError:
            return False
        return True
