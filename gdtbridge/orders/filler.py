"""Orders of people and programs that wait for the answer: clicks, calls of the API, commands."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from gdtbridge.clock_jumps import earliest_local
from gdtbridge.database import Database
from gdtbridge.durable.clock import SteadyClock
from gdtbridge.errors import NotFound, ProcessingFailure, TooLate
from gdtbridge.orders import store
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.model import (
    Order,
    OrderRequest,
    OrderState,
    PlacedOrder,
    RecordOutcome,
    WantedOrder,
)
from worklist import Entry, FolderError, WorklistFolder, is_stale

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CleanUp:
    """How many entries left the worklist, and why."""

    expired: int
    arrived: int


class OrderFiller:
    """Places, changes, cancels and cleans up orders; one click counts once.

    IHE Radiology calls who does that the Order Filler (Scheduled Workflow). On an error nothing is
    written; `ProcessingFailure` tells that the worklist folder cannot be used.
    """

    def __init__(
        self,
        book: OrderBook,
        database: Database,
        worklist: WorklistFolder,
        clock: SteadyClock,
        *,
        min_age_hours: float,
    ) -> None:
        """Take an entry of yesterday for expired when it is ``min_age_hours`` old."""
        self._book = book
        self._database = database
        self._worklist = worklist
        self._clock = clock
        self._min_age = timedelta(hours=min_age_hours)

    def place(self, request: OrderRequest) -> PlacedOrder:
        """Put a patient on the worklist; return what is there already on a double click.

        Raises `OrderError` when a field is wrong.
        """
        outcome, order = self._book.take(WantedOrder(request))
        log.info("order %s %s for station %s", order.accession_number, outcome, order.station)
        repeated = outcome is RecordOutcome.UPDATED
        return PlacedOrder(order.entry(), repeated, order.patient)

    def get(self, accession_number: str) -> Entry:
        """Return an entry of the worklist; raise `NotFound`."""
        with _unusable_is_failure():
            entry = self._worklist.get(accession_number)
        if entry is None:
            raise NotFound(
                "Kein Eintrag mit dieser Auftragsnummer. / No entry with this accession number."
            )
        return entry

    def all(self) -> tuple[Entry, ...]:
        """Return everything on the worklist."""
        with _unusable_is_failure():
            return self._worklist.entries()

    def change(self, accession_number: str, request: OrderRequest) -> Entry:
        """Replace what an entry says; its accession number and Study Instance UID stay.

        Raises `NotFound` or `OrderError`.
        """
        with self._book.writing():
            entry = self.get(accession_number)
            return self._book.change(entry, WantedOrder(request)).entry()

    def cancel(self, accession_number: str) -> None:
        """Take an entry off the worklist; raise `NotFound`."""
        with self._book.writing():
            order = self._book.order_of(self.get(accession_number))
            self._book.close(order, OrderState.CANCELLED)

    def clean(self) -> CleanUp:
        """Remove our entries whose day is over or whose study is here.

        One that cannot be removed is left for the next time and keeps no other on the list. Orders
        whose entry somebody has removed end with their day as well.
        """
        self._book.reconcile()
        counts = Counter(self._clean_one(entry) for entry in self._worklist.entries())
        counts.update(self._end_unlisted())
        arrived, expired = counts[OrderState.DONE], counts[OrderState.EXPIRED]
        if arrived or expired:
            log.info("worklist cleaned: %d studies arrived, %d entries expired", arrived, expired)
        return CleanUp(expired=expired, arrived=arrived)

    def _clean_one(self, entry: Entry) -> OrderState:
        """Remove an entry that is over, unless somebody changed it; return its state now."""
        state = self._state_of(entry)
        if state is OrderState.ORDERED:
            return state
        try:
            with self._book.writing():
                if self._worklist.by_study_uid(entry.StudyInstanceUID) != entry:
                    return OrderState.ORDERED
                self._book.close(self._book.order_of(entry), state)
        except TooLate:  # it ended in this moment
            return OrderState.ORDERED
        except ProcessingFailure:
            log.warning("order %s cannot be removed, trying again", entry.AccessionNumber)
            return OrderState.ORDERED
        return state

    def _end_unlisted(self) -> Iterator[OrderState]:
        """End the open orders of days that are over that are not on the list; yield their state."""
        today = earliest_local(self._database, self._clock).date()
        with self._database.read() as connection:
            orders = store.open_orders_before(connection, today)
        for order in orders:
            if order.mark is None and not self._is_listed(order):
                yield self._end_one(order)

    def _end_one(self, order: Order) -> OrderState:
        """End an order that is not listed and over; return its state now."""
        state = self._state_of(order.entry())
        if state is OrderState.ORDERED:
            return state
        try:
            with self._book.writing():
                if not self._is_listed(order):
                    self._book.close(order, state)
        except (ProcessingFailure, TooLate):
            return OrderState.ORDERED
        return state

    def _is_listed(self, order: Order) -> bool:
        return self._worklist.by_study_uid(order.study_instance_uid) is not None

    def _state_of(self, entry: Entry) -> OrderState:
        with self._database.read() as connection:
            if store.has_arrived(connection, entry):
                return OrderState.DONE
        now = earliest_local(self._database, self._clock)
        stale = is_stale(entry, now, min_age=self._min_age)
        return OrderState.EXPIRED if stale else OrderState.ORDERED


@contextmanager
def _unusable_is_failure() -> Iterator[None]:
    """Raise `ProcessingFailure` where the worklist's folder cannot be used."""
    try:
        yield
    except FolderError as error:
        raise ProcessingFailure(str(error)) from error
