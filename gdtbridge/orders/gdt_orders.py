"""Orders that come as GDT records of files: each record counts once, each case has one entry."""

from __future__ import annotations

import logging

from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import file_store, store
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.cases import meant_orders, of_person
from gdtbridge.orders.model import (
    OrderRecord,
    OrderRequest,
    OrderState,
    RecordOutcome,
    TakenRecord,
    WantedOrder,
)
from gdtbridge.people import Patient

log = logging.getLogger(__name__)


class GdtOrders:
    """Places, changes and cancels the orders of the practice software's files (6302, 6303).

    A record that was taken before has the outcome it had then; what its first taking left undone
    on the worklist is finished. `ProcessingFailure` tells that the record is to be taken again.
    """

    def __init__(self, book: OrderBook, database: Database, clock: Clock) -> None:
        self._book = book
        self._database = database
        self._clock = clock

    def known(self, record: OrderRecord) -> TakenRecord | None:
        """Return what became of a record that was taken before."""
        with self._database.read() as connection:
            return file_store.noted(connection, record)

    def refuse(self, record: OrderRecord, reason: str) -> TakenRecord:
        """Remember that a record was refused."""
        return self._noted(record, TakenRecord(RecordOutcome.REFUSED, reason=reason))

    def show(self, record: OrderRecord) -> TakenRecord:
        """Remember that the studies a record asks for were named."""
        return self._noted(record, TakenRecord(RecordOutcome.SHOWN))

    def _noted(self, record: OrderRecord, taken: TakenRecord) -> TakenRecord:
        with self._database.write() as connection:
            known = file_store.noted(connection, record)
            return known or file_store.note(connection, record, taken, self._clock.utc())

    def check(self, record: OrderRecord, request: OrderRequest, reference: OrderReference) -> None:
        """Raise `OrderError` where `order` would for a wrong field; nothing is written."""
        self._book.check(WantedOrder(request, record, reference))

    def order(
        self,
        record: OrderRecord,
        request: OrderRequest,
        reference: OrderReference,
        remarks: tuple[str, ...] = (),
    ) -> TakenRecord:
        """Put a case on the worklist, or let the open order of the same case say what it says now.

        ``remarks`` say what a person should look at. Raises `OrderError` when a field is wrong, and
        then nothing is written.
        """
        wanted = WantedOrder(request, record, reference, remarks)
        taken = self.known(record)
        if taken is not None:
            self._book.finish(taken, wanted)
        else:
            outcome, order = self._book.take(wanted)
            taken = self.known(record) or TakenRecord(outcome, order.accession_number)
        log.info("order %s %s by file", taken.accession_number, taken.outcome)
        return taken

    def cancel(
        self, record: OrderRecord, patient: Patient, reference: OrderReference, procedure: str
    ) -> TakenRecord:
        """Take the case off the worklist; raise `OrderError` unless exactly one order is meant."""
        taken = self.known(record)
        if taken is not None:
            self._book.finish(taken)
        else:
            taken = self._cancel(record, patient, reference, procedure)
        log.info("order %s cancelled by file", taken.accession_number)
        return taken

    def _cancel(
        self, record: OrderRecord, patient: Patient, reference: OrderReference, procedure: str
    ) -> TakenRecord:
        with self._book.writing():
            with self._database.read() as connection:
                orders = store.orders_of(connection, patient.id)
            *further, meant = meant_orders(of_person(orders, patient), reference, procedure)
            for order in further:
                self._book.close(order, OrderState.CANCELLED)
            if meant.state is not OrderState.ORDERED:
                repeated = TakenRecord(RecordOutcome.REPEATED, meant.accession_number)
                return self._noted(record, repeated)
            self._book.close(meant, OrderState.CANCELLED, record)
        return TakenRecord(RecordOutcome.CANCELLED, meant.accession_number)

    def of_file(self, name: str, seconds: float) -> list[TakenRecord]:
        """Return what became of the last file of that name, if it came in the last seconds."""
        with self._database.read() as connection:
            return file_store.taken_since(connection, name, self._clock.utc() - seconds)
