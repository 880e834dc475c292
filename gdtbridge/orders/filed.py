"""Orders that come as records of files: each record counts once, each case has one entry.

The database is written before the worklist: should a crash fall between the two, the record is
taken again, and the worklist gets what the database says.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import OrderError, ProcessingFailure
from gdtbridge.gdt import OrderReference
from gdtbridge.orders import store as order_store
from gdtbridge.orders.desk import DOUBLE_CLICK_SECONDS, OrderDesk
from gdtbridge.orders.entries import Identity
from gdtbridge.orders.model import CaseOrder, Drop, OrderRequest, OrderState, Outcome, Taken
from gdtbridge.outbox import Outbox
from gdtbridge.people import Patient, are_two
from worklist import Entry, FolderError, WorklistFolder

log = logging.getLogger(__name__)

NAMELESS: Final = OrderReference()


class FiledOrders:
    """Places, changes and cancels the orders of the practice software's files."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        worklist: WorklistFolder,
        desk: OrderDesk,
        clock: Clock,
        *,
        repeat_seconds: float,
    ) -> None:
        """Take identical bytes within ``repeat_seconds`` for one order."""
        self._database = database
        self._outbox = outbox
        self._worklist = worklist
        self._desk = desk
        self._clock = clock
        self._repeat_seconds = repeat_seconds

    def known(self, drop: Drop) -> Taken | None:
        """Return what became of a record that was taken before."""
        with self._database.read() as connection:
            return order_store.noted(connection, drop)

    def refuse(self, drop: Drop, reason: str) -> Taken:
        """Remember that a record was refused."""
        return self._noted(drop, Taken(Outcome.REFUSED, reason=reason))

    def show(self, drop: Drop) -> Taken:
        """Remember that the studies a record asks for were named."""
        return self._noted(drop, Taken(Outcome.SHOWN))

    def _noted(self, drop: Drop, taken: Taken) -> Taken:
        with self._database.write() as connection:
            known = order_store.noted(connection, drop)
            return known or order_store.note(connection, drop, taken, self._clock.utc())

    # ------------------------------------------------------------------ 6302

    def order(self, drop: Drop, request: OrderRequest, reference: OrderReference) -> Taken:
        """Put a case on the worklist, or let the open order of the same case say what it says now.

        Raises `OrderError` when a field is wrong, and then nothing is written.
        """
        with self._locked():
            taken = self.known(drop) or self._enter(drop, request, reference)
            if taken.outcome in {Outcome.PLACED, Outcome.UPDATED}:
                self._list(taken.accession_number, request)
        self._outbox.wake()
        log.info("order %s %s by file", taken.accession_number, taken.outcome)
        return taken

    def _enter(self, drop: Drop, request: OrderRequest, reference: OrderReference) -> Taken:
        entries = self._desk.entries
        draft = entries.make(request, entries.blank())
        entries.must_be_writable(draft, reference, drop.route)
        since = self._clock.utc() - self._repeat_seconds
        with self._database.read() as connection:
            orders = order_store.orders_of(connection, draft.PatientID)
            repeated = order_store.repeated_order(connection, drop.sha256, since)
        of_person = _of_person(orders, draft.patient)
        same = same_case(self._still_open(of_person), draft, reference, self._clock.utc())
        if same is not None:
            return self._update(drop, same, draft, reference)
        if repeated is not None:
            return self._noted(drop, Taken(Outcome.REPEATED, repeated))
        entry = replace(draft, AccessionNumber=self._desk.numbers.next())
        return self._place(drop, entry, reference)

    def _still_open(self, orders: Sequence[CaseOrder]) -> list[CaseOrder]:
        """Return the orders whose patient still waits.

        One that just came counts although a crash kept it from the list; one that left the list
        long ago does not.
        """
        recent = self._clock.utc() - self._repeat_seconds
        return [
            order
            for order in orders
            if order.state is OrderState.ORDERED
            and not order.arrived
            and (
                order.ordered_at >= recent or self._worklist.get(order.accession_number) is not None
            )
        ]

    def _place(self, drop: Drop, entry: Entry, reference: OrderReference) -> Taken:
        now = self._clock.utc()
        with self._database.write() as connection:
            order_id = order_store.insert_order(connection, entry, now)
            order_store.set_reference(connection, order_id, reference, drop.route)
            self._desk.announce(connection, entry)
            taken = Taken(Outcome.PLACED, entry.AccessionNumber)
            return order_store.note(connection, drop, taken, now)

    def _update(
        self, drop: Drop, same: CaseOrder, draft: Entry, reference: OrderReference
    ) -> Taken:
        entry = replace(
            draft,
            AccessionNumber=same.accession_number,
            StudyInstanceUID=same.study_instance_uid,
        )
        with self._database.write() as connection:
            order_store.change_order(connection, entry)
            order_store.set_reference(connection, same.id, reference, drop.route)
            taken = Taken(Outcome.UPDATED, same.accession_number)
            return order_store.note(connection, drop, taken, self._clock.utc())

    def _list(self, accession_number: str, request: OrderRequest) -> None:
        """Let the worklist say what the database says of an order that is still wanted."""
        with self._database.read() as connection:
            order = order_store.order_numbered(connection, accession_number)
        if order is None or order.state is not OrderState.ORDERED:
            return
        old = self._worklist.get(accession_number)
        created = old.created if old is not None else self._clock.local()
        identity = Identity(accession_number, order.study_instance_uid, created)
        entry = self._desk.entries.make(self._scheduled(request, old), identity)
        if old is None:
            self._worklist.add(entry)
        elif entry != old:
            self._worklist.replace(entry)

    def _scheduled(self, request: OrderRequest, old: Entry | None) -> OrderRequest:
        """Return the request at the time the entry has, unless that day is over."""
        if old is None or request.scheduled or old.scheduled.date() < self._clock.local().date():
            return request
        return replace(request, scheduled=old.scheduled)

    # ------------------------------------------------------------------ 6303

    def cancel(
        self, drop: Drop, patient: Patient, reference: OrderReference, procedure: str
    ) -> Taken:
        """Take the case off the worklist; raise `OrderError` unless exactly one order is meant."""
        with self._locked():
            taken = self.known(drop) or self._cancel(drop, patient, reference, procedure)
            self._unlist(taken.accession_number)
        log.info("order %s cancelled by file", taken.accession_number)
        return taken

    def _cancel(
        self, drop: Drop, patient: Patient, reference: OrderReference, procedure: str
    ) -> Taken:
        with self._database.read() as connection:
            orders = order_store.orders_of(connection, patient.id)
        meant = meant_order(_of_person(orders, patient), reference, procedure)
        if meant.state is not OrderState.ORDERED:
            return self._noted(drop, Taken(Outcome.REPEATED, meant.accession_number))
        with self._database.write() as connection:
            order_store.set_order_state(connection, meant.accession_number, OrderState.CANCELLED)
            taken = Taken(Outcome.CANCELLED, meant.accession_number)
            return order_store.note(connection, drop, taken, self._clock.utc())

    def _unlist(self, accession_number: str) -> None:
        """Let nothing on the worklist speak for an order that is cancelled."""
        with self._database.read() as connection:
            order = order_store.order_numbered(connection, accession_number)
        if order is None or order.state is not OrderState.CANCELLED:
            return
        entry = self._worklist.by_study_uid(order.study_instance_uid)
        if entry is not None:
            self._worklist.remove(entry.AccessionNumber, study_uid=entry.StudyInstanceUID)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with self._worklist.lock():
                yield
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error

    def of_file(self, name: str, seconds: float) -> list[Taken]:
        """Return what became of the last file of that name, if it came in the last seconds."""
        with self._database.read() as connection:
            return order_store.taken_since(connection, name, self._clock.utc() - seconds)


def _of_person(orders: Sequence[CaseOrder], patient: Patient) -> list[CaseOrder]:
    """Return those of a patient number's orders that are not clearly for somebody else.

    A number may have been mistyped, or belong to two patients of two practice softwares.
    """
    return [order for order in orders if not are_two(patient, order.patient)]


def same_case(
    orders: Sequence[CaseOrder], wanted: Entry, reference: OrderReference, now: float
) -> CaseOrder | None:
    """Return which of a patient's open orders ``wanted`` repeats or corrects.

    Order numbers (8310) decide where both have one. Otherwise everything that tells what shall be
    done must be the same; an order no record ever named (a click) is only meant for a minute.
    """
    for order in orders:
        known = order.reference
        if known.case_id and reference.case_id:
            if known.case_id == reference.case_id:
                return order
            continue
        done = (order.modality, order.station, order.procedure)
        if done != (
            wanted.Modality,
            wanted.ScheduledStationAETitle,
            wanted.RequestedProcedureDescription,
        ):
            continue
        codes = (known.device_code, known.test_id) == (reference.device_code, reference.test_id)
        clicked = known == NAMELESS and abs(now - order.ordered_at) <= DOUBLE_CLICK_SECONDS
        if codes or clicked:
            return order
    return None


def meant_order(
    orders: Sequence[CaseOrder], reference: OrderReference, procedure: str
) -> CaseOrder:
    """Return the one order of a patient that a cancellation means: open, or cancelled before.

    Raises `OrderError` when there is none or the choice is not certain.
    """
    candidates = _named_like(orders, reference)
    waiting = [order for order in candidates if order.state is OrderState.ORDERED]
    if len(waiting) > 1 and procedure:
        waiting = [order for order in waiting if order.procedure == procedure] or waiting
    field = "case_id" if reference.case_id else "device_code"
    if len(waiting) > 1:
        raise OrderError(
            field,
            "Mehrere offene Aufträge passen; bitte den richtigen von Hand entfernen. / Several "
            "open orders fit; please remove the right one by hand.",
        )
    if waiting and not waiting[0].arrived:
        return waiting[0]
    if waiting or any(order.state is OrderState.DONE for order in candidates[:1]):
        raise OrderError(
            field,
            "Die Untersuchung ist schon da und kann nicht mehr storniert werden. / The exam is "
            "here already and cannot be cancelled any more.",
        )
    if candidates and candidates[0].state is OrderState.CANCELLED:
        return candidates[0]
    raise OrderError(
        field,
        "Zu diesem Patienten ist kein solcher Auftrag offen. / No such order is open for this "
        "patient.",
    )


def _named_like(orders: Sequence[CaseOrder], reference: OrderReference) -> list[CaseOrder]:
    """Return the orders a cancellation may mean: by order number, else by what codes it names."""
    if reference.case_id:
        same = [order for order in orders if order.reference.case_id == reference.case_id]
        if same:
            return same
        orders = [order for order in orders if not order.reference.case_id]
    return [
        order
        for order in orders
        if reference.device_code in {"", order.reference.device_code}
        and reference.test_id in {"", order.reference.test_id}
    ]
