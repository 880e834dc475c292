"""Orders: from a request to an entry on the worklist, and off it again."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound, ProcessingFailure
from gdtbridge.orders import store as order_store
from gdtbridge.orders.entries import EntryMaker, Identity
from gdtbridge.orders.model import OrderRequest, OrderState, PlacedOrder
from gdtbridge.outbox import Message, Outbox
from gdtbridge.people import are_two
from gdtbridge.results.routing import Routing
from gdtbridge.settings import Settings
from worklist import AccessionNumbers, Entry, FolderError, WorklistFolder, is_stale

log = logging.getLogger(__name__)

WORKLIST_ADDED: Final = "worklist_added"
DOUBLE_CLICK_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class CleanUp:
    """How many entries left the worklist, and why."""

    expired: int
    arrived: int


class OrderDesk:
    """Places, changes and removes orders; one click counts once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        outbox: Outbox,
        worklist: WorklistFolder,
        routing: Routing,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._database = database
        self._outbox = outbox
        self._worklist = worklist
        self._clock = clock
        self.entries = EntryMaker(settings.worklist, routing, clock)
        with database.read() as connection:
            highest = order_store.highest_number(connection) or "0"
        floor = int("".join(c for c in highest if c.isdigit()) or 0)
        self.numbers = AccessionNumbers(worklist.path, floor=floor)

    def place(self, request: OrderRequest) -> PlacedOrder:
        """Put a patient on the worklist; return what is there already on a double click.

        Raises `OrderError` when a field is wrong, and then nothing is written.
        """
        draft = self.entries.make(request, self.entries.blank())
        self.entries.must_be_writable(draft)
        try:
            with self._worklist.lock():
                known = self._same_click(draft)
                if known is not None:
                    return PlacedOrder(self._corrected(known, request), repeated=True)
                number = self.numbers.next()
                entry = self.entries.make(request, self.entries.blank(number))
                self._worklist.add(entry)
                self._remember(entry)
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error
        self._outbox.wake()
        log.info("order %s placed for station %s", number, entry.ScheduledStationAETitle)
        return PlacedOrder(entry, repeated=False)

    def _same_click(self, draft: Entry) -> Entry | None:
        now = self._clock.utc()
        since, until = now - DOUBLE_CLICK_SECONDS, now + DOUBLE_CLICK_SECONDS
        with self._database.read() as connection:
            numbers = order_store.orders_between(connection, draft, since, until)
        found = (self._worklist.get(number) for number in numbers)
        same = (entry for entry in found if entry is not None and _may_be_one(entry, draft))
        return next(same, None) or self._cut_off(draft)

    def _cut_off(self, draft: Entry) -> Entry | None:
        """Return the entry of a click that ended before it was remembered, and remember it."""
        for entry in self._worklist.entries():
            created = entry.created or entry.scheduled
            age = abs((self._clock.local() - created).total_seconds())
            same = _wish(entry) == _wish(draft) and _may_be_one(entry, draft)
            if age > DOUBLE_CLICK_SECONDS or not same:
                continue
            with self._database.read() as connection:
                known = order_store.order_by_number(connection, entry.AccessionNumber)
            if known is None:
                self._remember(entry)
                return entry
        return None

    def _remember(self, entry: Entry) -> None:
        try:
            with self._database.write() as connection:
                order_store.insert_order(connection, entry, self._clock.utc())
                self.announce(connection, entry)
        except BaseException:
            self._worklist.remove(entry.AccessionNumber)
            raise

    def announce(self, connection: Connection, entry: Entry) -> None:
        """Tell the webhook of a new entry, in the transaction that makes it an order."""
        if self._settings.webhooks.worklist_added:
            self._outbox.put(
                connection,
                Message(
                    kind="webhook",
                    destination=WORKLIST_ADDED,
                    key=entry.AccessionNumber,
                    name=WORKLIST_ADDED,
                    payload=b"",
                ),
            )

    def get(self, accession_number: str) -> Entry:
        """Return an entry of the worklist; raise `NotFound`."""
        entry = self._worklist.get(accession_number)
        if entry is None:
            raise NotFound(
                "Kein Eintrag mit dieser Auftragsnummer. / No entry with this accession number."
            )
        return entry

    def all(self) -> tuple[Entry, ...]:
        """Return everything on the worklist."""
        return self._worklist.entries()

    def change(self, accession_number: str, request: OrderRequest) -> Entry:
        """Replace what an entry says; its accession number and Study Instance UID stay."""
        try:
            with self._worklist.lock():
                return self._corrected(self.get(accession_number), request)
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error

    def _corrected(self, old: Entry, request: OrderRequest) -> Entry:
        """Return the entry as ``request`` wants it, written when that differs."""
        request = replace(request, scheduled=request.scheduled or old.scheduled)
        identity = Identity(old.AccessionNumber, old.StudyInstanceUID, old.created)
        entry = self.entries.make(request, identity)
        if entry != old:
            self.entries.must_be_writable(entry)
            self._worklist.replace(entry)
        # Also when the list has it already: an earlier attempt may have ended between the two.
        with self._database.write() as connection:
            order_store.change_order(connection, entry)
        return entry

    def cancel(self, accession_number: str) -> None:
        """Take an entry off the worklist; raise `NotFound`."""
        try:
            with self._worklist.lock():
                self._remove(self.get(accession_number), OrderState.CANCELLED)
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error

    def _remove(self, entry: Entry, state: OrderState) -> None:
        self._worklist.remove(entry.AccessionNumber, study_uid=entry.StudyInstanceUID)
        with self._database.write() as connection:
            order_store.set_order_state(connection, entry.AccessionNumber, state)

    def clean(self) -> CleanUp:
        """Remove our entries whose day is over or whose study is here.

        One that cannot be removed is left for the next time and keeps no other on the list.
        """
        counts = Counter(self._clean_one(entry) for entry in self._worklist.entries())
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
            with self._worklist.lock():
                if self._worklist.by_study_uid(entry.StudyInstanceUID) != entry:
                    return OrderState.ORDERED
                self._remove(entry, state)
        except FolderError:
            log.warning("order %s cannot be removed, trying again", entry.AccessionNumber)
            return OrderState.ORDERED
        return state

    def _state_of(self, entry: Entry) -> OrderState:
        with self._database.read() as connection:
            if order_store.has_arrived(connection, entry):
                return OrderState.DONE
        min_age = timedelta(hours=self._settings.worklist.min_age_hours)
        stale = is_stale(entry, self._clock.local(), min_age=min_age)
        return OrderState.EXPIRED if stale else OrderState.ORDERED


def _may_be_one(one: Entry, other: Entry) -> bool:
    """Return whether two entries of one patient number are not clearly for two persons."""
    return not are_two(one.patient, other.patient)


def _wish(entry: Entry) -> tuple[str, str, str]:
    """Return what makes two clicks one: patient, procedure and station."""
    return (
        entry.PatientID,
        entry.RequestedProcedureDescription,
        entry.ScheduledStationAETitle,
    )
