"""Path of every order: decide, write one transaction, let the worklist folder follow.

A crash leaves a whole order or none: with the transaction come the order, how the practice software
names it, what became of its record, the webhook's message and the mark by which the next start
(or the next order) finishes the entry. Where the folder refuses, an order somebody waits for is
undone; that of a file stays, and its record is taken again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import ProcessingFailure, TooLate
from gdtbridge.orders import changes, file_store, store
from gdtbridge.orders.beside import NOTHING_BESIDE, WrittenBeside
from gdtbridge.orders.drafting import OrderDrafts, completed
from gdtbridge.orders.listing import OrderListing
from gdtbridge.orders.model import (
    IMAGES_SECONDS,
    AlreadyOrdered,
    ListingMark,
    Order,
    OrderProgress,
    OrderRecord,
    OrderState,
    RecordOutcome,
    TakenRecord,
    WantedOrder,
)
from gdtbridge.orders.patient_moves import note_former
from gdtbridge.orders.ports import OrderAnswerPort
from gdtbridge.outbox import Outbox
from gdtbridge.people import Patient
from gdtbridge.settings import Settings
from gdtbridge.webhooks import HouseEvent
from gdtbridge.webhooks.events import patient_facts
from worklist import AccessionNumbers, Entry, FolderError, StepStatus, WorklistError, WorklistFolder

log = logging.getLogger(__name__)

WORKLIST_ADDED: Final = "worklist_added"
CHANGED_HANDS: Final = (
    "Der Auftrag hat inzwischen anders geendet. / The order has ended in another way meanwhile."
)


def _added(order: Order) -> HouseEvent:
    """Return the event of a new entry, put in the transaction that makes the order."""
    facts = {
        "accession_number": order.accession_number,
        "study_instance_uid": order.study_instance_uid,
        "modality": order.modality,
        "station": order.station,
        "route": order.route,
        **patient_facts(order.patient),
    }
    return HouseEvent(WORKLIST_ADDED, order.accession_number, facts)


def _entered_beside(connection: Connection, order: Order, beside: WrittenBeside) -> Order:
    """Write what is to be beside an order; return it as it is in this transaction.

    Examinations begin and end without the lock of the worklist folder, so it may have changed.
    """
    now = next(iter(store.orders_by_id(connection, [order.id])), order)
    beside.enter(connection, now)
    return now


class OrderBook:
    """The orders in the database, and the worklist folder that follows them. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        outbox: Outbox,
        worklist: WorklistFolder,
        answers: OrderAnswerPort,
        clock: Clock,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._worklist = worklist
        self._clock = clock
        self._answers = answers
        self._drafts = OrderDrafts(settings, database, worklist, answers, clock)
        self._listing = OrderListing(database, worklist, clock)
        with database.read() as connection:
            highest = store.highest_number(connection) or "0"
        floor = int("".join(c for c in highest if c.isdigit()) or 0)
        self._numbers = AccessionNumbers(worklist.path, clock, floor=floor)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers out, and finish first what one that died left undone.

        Raises `ProcessingFailure` when the worklist folder cannot be used.
        """
        try:
            with self._worklist.lock():
                self._listing.follow_all()
                yield
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error

    def reconcile(self) -> None:
        """Finish what a crash left undone; a folder that is away is waited for."""
        try:
            with self.writing():
                pass
        except ProcessingFailure as error:
            log.warning("the worklist is not up to date, trying again: %s", error)

    def follow_marked(self) -> None:
        """Let the worklist follow what exams closed or opened again, where there is any."""
        with self._database.read() as connection:
            marked = store.marked_orders(connection)
        if marked:
            self.reconcile()

    # ------------------------------------------------------------------ an order is asked for

    def check(self, wanted: WantedOrder) -> tuple[Entry, tuple[str, ...]]:
        """Return the entry a new order would get, and what a person should know of it.

        Raises `OrderError` where `take` would; nothing is written.
        """
        wanted, draft = self._drafts.drafted(wanted)
        return draft, wanted.remarks

    def take(self, wanted: WantedOrder) -> tuple[RecordOutcome, Order]:
        """Place, correct or repeat what is ``wanted``; return what was done with which order.

        Raises `OrderError` when a field is wrong, and then nothing is written.
        """
        asked = wanted.request.patient
        self._drafts.drafted(wanted)  # what is wrong is told before anybody waits
        with self.writing():
            wanted, draft = self._drafts.drafted(wanted)  # the chart may have moved till now
            outcome, known = self._drafts.decide(wanted, draft)
            if known is None:
                order = self._place(wanted, draft, asked)
            elif outcome is RecordOutcome.UPDATED:
                order = self._correct(completed(wanted, known), known, self._drafts.listed(known))
            else:
                order = known
                with self._database.write() as connection:
                    self._note(connection, wanted.record, outcome, order)
        self._outbox.wake()
        return outcome, order

    def create(self, wanted: WantedOrder, beside: WrittenBeside) -> Order:
        """Place a new order and return it, with what is written ``beside`` it.

        Raises `AlreadyOrdered` where `take` would change or repeat an order, and `OrderError` when
        a field is wrong. Then, or where ``beside`` raises, nothing is written.
        """
        asked = wanted.request.patient
        self._drafts.drafted(wanted)  # what is wrong is told before anybody waits
        with self.writing():
            wanted, draft = self._drafts.drafted(wanted)  # the chart may have moved till now
            _, known = self._drafts.decide(wanted, draft)
            if known is not None:
                raise AlreadyOrdered(known)
            self._drafts.must_be_free(wanted.study_instance_uid)
            order = self._place(wanted, draft, asked, beside)
        self._outbox.wake()
        return order

    def _place(
        self,
        wanted: WantedOrder,
        draft: Entry,
        asked: Patient,
        beside: WrittenBeside = NOTHING_BESIDE,
    ) -> Order:
        """Enter and list a new order; ``asked`` is the patient it was asked for."""
        now = self._clock.utc()
        new = replace(
            Order.of(
                replace(draft, AccessionNumber=self._worklist.ask(self._numbers.next)),
                wanted.request.patient,
            ),
            ordered_at=now,
            mark=ListingMark.ADD,
            remarks=" ".join(wanted.remarks),
        )
        with self._database.write() as connection:
            order = replace(new, id=changes.insert_order(connection, new))
            if asked.id != order.patient.id:
                note_former(connection, order.study_instance_uid, asked)
            self._name(connection, wanted, RecordOutcome.PLACED, order)
            self._outbox.tell(connection, _added(order))
            beside.enter(connection, order)
            named = replace(order, reference=wanted.reference, route=wanted.route)
            self._tell(connection, named, OrderProgress.ACCEPTED)
        self._follow(order, before=None, waited=wanted.record is None, beside=beside)
        return order

    def _correct(
        self,
        wanted: WantedOrder,
        order: Order,
        listed: Entry | None,
        beside: WrittenBeside = NOTHING_BESIDE,
    ) -> Order:
        """Let an order say what ``wanted`` says; its accession number and Study UID stay."""
        entry = self._drafts.corrected(wanted, order, listed)
        mark = ListingMark.REPLACE if wanted.record is None else ListingMark.ADD
        asked = wanted.request.patient
        changed = replace(
            order.saying(entry, asked),
            mark=None if entry == listed else mark,
            remarks=" ".join(wanted.remarks),
        )
        if order.id:
            with self._database.write() as connection:
                now = _entered_beside(connection, order, beside)
                if not now.is_open:
                    raise TooLate(CHANGED_HANDS)
                changed = replace(
                    changed, step_status=now.step_status, mark=changed.mark or now.mark
                )
                changes.change_order(connection, changed)
                self._name(connection, wanted, RecordOutcome.UPDATED, changed)
            said_before = order.saying(listed or entry, order.patient)
            step = changed.step_status
            before = replace(said_before, step_status=step, mark=ListingMark.REPLACE)
            self._follow(changed, before=before, waited=wanted.record is None, beside=beside)
        elif entry != listed:  # only the list knows this order
            self._worklist.replace(entry)
        return changed

    def _name(
        self, connection: Connection, wanted: WantedOrder, outcome: RecordOutcome, order: Order
    ) -> None:
        """Enter how a record names its order, and what became of the record."""
        if wanted.record is not None:
            changes.set_reference(connection, order.id, wanted.reference, wanted.route)
            self._note(connection, wanted.record, outcome, order, wanted.remarks)

    def _note(
        self,
        connection: Connection,
        record: OrderRecord | None,
        outcome: RecordOutcome,
        order: Order,
        remarks: tuple[str, ...] = (),
    ) -> None:
        if record is not None:
            taken = TakenRecord(outcome, order.accession_number, " ".join(remarks))
            file_store.note(connection, record, taken, self._clock.utc())

    def _follow(
        self,
        order: Order,
        *,
        before: Order | None,
        waited: bool,
        beside: WrittenBeside = NOTHING_BESIDE,
    ) -> None:
        try:
            self._listing.follow(order)
        except WorklistError:
            if waited:
                self._undo(order, before, beside)
            raise

    def _undo(self, order: Order, before: Order | None, beside: WrittenBeside) -> None:
        """Take back what somebody is told has failed: the order, or what changed in it.

        A new order whose entry may still stand there is cancelled, so that it is removed later.
        """
        gone = before is None and self._listing.take_off(order)
        with self._database.write() as connection:
            if before is not None:
                changes.change_order(connection, before)
                changes.set_order_state(connection, before.accession_number, before.state)
                beside.take_back(connection, before)
                return
            self._outbox.untell(connection, _added(order))
            if gone:
                changes.delete_order(connection, order.id)
            else:
                changes.close_order(connection, order.id, OrderState.CANCELLED)

    # ------------------------------------------------------------------ a known entry or order

    def order_of(self, entry: Entry) -> Order:
        """Return the order of an entry on the worklist, with ``id`` 0 where there is none.

        The system before this one and other programs leave entries the database does not know.
        """
        with self._database.read() as connection:
            order = store.order_by_number(connection, entry.AccessionNumber)
        if order is None or order.study_instance_uid != entry.StudyInstanceUID:
            return Order.of(entry)
        return order

    def change(
        self, entry: Entry, wanted: WantedOrder, beside: WrittenBeside = NOTHING_BESIDE
    ) -> Order:
        """Let a listed entry and its order say what ``wanted`` says; within `writing`.

        Raises as `take`, and `TooLate` where it has ended.
        """
        wanted, _ = self._drafts.drafted(wanted)
        return self._correct(wanted, self.order_of(entry), entry, beside)

    def close(
        self,
        order: Order,
        state: OrderState,
        record: OrderRecord | None = None,
        beside: WrittenBeside = NOTHING_BESIDE,
    ) -> None:
        """End an order and take its entry off the list; within `writing`.

        Raises `TooLate` where it has ended otherwise since it was read.
        """
        if not order.id:
            self._worklist.remove(order.accession_number, study_uid=order.study_instance_uid)
            return
        with self._database.write() as connection:
            if _entered_beside(connection, order, beside).state is not order.state:
                raise TooLate(CHANGED_HANDS)
            due_at = self._images_due_at(order) if state is OrderState.EXPIRED else None
            changes.close_order(connection, order.id, state, due_at)
            self._note(connection, record, RecordOutcome.CANCELLED, order)
            if state is OrderState.CANCELLED:
                self._tell(connection, order, OrderProgress.CANCELLED)
        closed = replace(order, state=state, mark=ListingMark.REMOVE)
        waiting = replace(order, mark=None)
        self._follow(closed, before=waiting, waited=record is None, beside=beside)

    def reopen(self, order: Order) -> Order:
        """Let a cancelled order wait again, its entry back on the list; within `writing`."""
        with self._database.write() as connection:
            changes.restore_order(connection, order.id)
            self._tell(connection, order, OrderProgress.ACCEPTED)
        waiting = replace(order, state=OrderState.ORDERED, mark=ListingMark.ADD)
        self._follow(waiting, before=replace(order, mark=None), waited=True)
        return waiting

    def images_received(
        self, connection: Connection, study_instance_uid: str, patient_id: str
    ) -> None:
        """Tell of the first object of an order's study, if it is of the order's patient."""
        order = store.order_of_study(connection, study_instance_uid)
        if order is not None and order.patient.id == patient_id.strip():
            self._tell(connection, order, OrderProgress.RECEIVED)

    def examination_began(self, connection: Connection, order: Order) -> None:
        """Show that the patient of an open order is being examined."""
        changes.set_step_status(connection, order.accession_number, StepStatus.STARTED)
        self._tell(connection, order, OrderProgress.STARTED)

    def examination_stopped(self, connection: Connection, order: Order) -> None:
        """Let an order wait on: its examination was discontinued."""
        changes.set_step_status(connection, order.accession_number, StepStatus.SCHEDULED)
        self._tell(connection, order, OrderProgress.DISCONTINUED)

    def examination_ended(self, connection: Connection, order: Order) -> None:
        """End an order; its images are here, or on their way."""
        due_at = self._clock.utc() + IMAGES_SECONDS
        changes.close_order(connection, order.id, OrderState.DONE, due_at)

    def _images_due_at(self, order: Order) -> float | None:
        """Return when images of an order are due whose day is over: now, where one was begun."""
        is_begun = order.step_status == StepStatus.STARTED
        return self._clock.utc() if is_begun else None

    def follow_examination(self) -> None:
        """Let worklist and outbox follow what examinations changed, after their transaction."""
        self._outbox.wake()
        self.follow_marked()

    def _tell(self, connection: Connection, order: Order, progress: OrderProgress) -> None:
        """Let the practice software be told an order's state, where it wants that."""
        message = self._answers.progress(order, progress)
        if message is not None:
            self._outbox.put(connection, message)

    def finish(self, taken: TakenRecord, wanted: WantedOrder | None = None) -> None:
        """Do on the list what a record's first taking may have left undone.

        Raises `ProcessingFailure` when the folder cannot be used: the record is taken again.
        """
        with self.writing():
            with self._database.read() as connection:
                order = store.order_by_number(connection, taken.accession_number)
            if order is None:
                return
            if taken.outcome is RecordOutcome.CANCELLED and order.state is OrderState.CANCELLED:
                order = replace(order, mark=ListingMark.REMOVE)
            elif wanted is not None and taken.outcome is not RecordOutcome.REPEATED:
                order = self._filled(order, wanted)
            self._listing.follow(order)

    def _filled(self, order: Order, wanted: WantedOrder) -> Order:
        """Return an order with time and mark: where it is open, schema 2 wrote it without them."""
        if order.scheduled is not None or not order.is_open:
            return order
        entry = self._drafts.corrected(wanted, order, self._drafts.listed(order))
        said = order.saying(entry, wanted.request.patient)
        filled = replace(said, mark=ListingMark.ADD)
        with self._database.write() as connection:
            changes.change_order(connection, filled)
        return filled
