"""Orders in the hands of people: looked at, corrected, taken off the list, and brought back.

Whoever edits says what is to change of the order as it is at that moment, under the lock of the
worklist folder: two people never undo each other's work unseen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gdtbridge.database import Database
from gdtbridge.errors import NotFound, TooLate
from gdtbridge.orders import store
from gdtbridge.orders.beside import NOTHING_BESIDE, WrittenBeside
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.model import Order, OrderRequest, OrderState, WantedOrder
from worklist import Entry, WorklistFolder

log = logging.getLogger(__name__)

UNKNOWN: Final = "Kein Auftrag mit dieser Auftragsnummer. / No order with this accession number."
OFF_THE_LIST: Final = (
    "Der Auftrag steht nicht mehr auf der Liste. / The order is not on the list any more."
)
STANDS: Final = (
    "Der Auftrag wurde inzwischen geändert und bleibt, wie er ist. / The order was changed "
    "meanwhile and stays as it is."
)


@dataclass(frozen=True, slots=True)
class EditedOrder:
    """An order before and after somebody corrected it."""

    before: Order
    after: Order


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """The entry an order would get, and what a person should know of it (German / English)."""

    entry: Entry
    remarks: tuple[str, ...] = ()


class OrderEditor:
    """Reads, corrects, cancels and restores orders of the database. Thread-safe."""

    def __init__(self, book: OrderBook, database: Database, worklist: WorklistFolder) -> None:
        self._book = book
        self._database = database
        self._worklist = worklist

    def read(self, accession_number: str) -> Order:
        """Return an order, open or not; raise `NotFound`."""
        with self._database.read() as connection:
            order = store.order_by_number(connection, accession_number)
        if order is None:
            raise NotFound(UNKNOWN)
        return order

    def draft(self, request: OrderRequest) -> DraftEntry:
        """Return the entry a request would get; raise `OrderError`. Nothing is written."""
        return DraftEntry(*self._book.check(WantedOrder(request)))

    def edit(
        self,
        accession_number: str,
        wanted: Callable[[Order], OrderRequest],
        beside: WrittenBeside = NOTHING_BESIDE,
    ) -> EditedOrder:
        """Let an order say what ``wanted`` makes of it as it is now, with what is ``beside`` it.

        Raises `NotFound`, `TooLate` where nobody waits any more, `OrderError` for a wrong field,
        and whatever ``wanted`` or ``beside`` raises; then nothing is changed.
        """
        with self._book.writing():
            order, entry = self._waiting(accession_number)
            request = wanted(order)
            asked = WantedOrder(request, reference=order.reference)
            after = self._book.change(entry, asked, beside)
        log.info("order %s changed", accession_number)
        return EditedOrder(order, after)

    def remove(self, accession_number: str, revision: str = "") -> Order:
        """Take an order off the list; return it as it was.

        With a ``revision`` (`Order.revision`) only where the order still is as it was looked at.
        Raises `NotFound`, or `TooLate` where nobody waits any more or somebody changed it.
        """
        with self._book.writing():
            order, _ = self._waiting(accession_number)
            _must_stand(order, revision)
            self._book.close(order, OrderState.CANCELLED)
        log.info("order %s cancelled", accession_number)
        return order

    def restore(self, accession_number: str) -> Order:
        """Bring an order back that was cancelled; return it. One that waits stays as it is.

        Raises `NotFound`, or `TooLate` where it ended in another way.
        """
        with self._book.writing():
            order = self.read(accession_number)
            if order.is_open:
                return order
            if order.state is not OrderState.CANCELLED or order.scheduled is None:
                raise TooLate(OFF_THE_LIST)
            restored = self._book.reopen(order)
        log.info("order %s restored", accession_number)
        return restored

    def _waiting(self, accession_number: str) -> tuple[Order, Entry]:
        order = self.read(accession_number)
        entry = self._worklist.by_study_uid(order.study_instance_uid)
        if entry is None or not order.is_open or order.arrived:
            raise TooLate(OFF_THE_LIST)
        return order, entry


def _must_stand(order: Order, revision: str) -> None:
    if revision and order.revision != revision:
        raise TooLate(STANDS)
