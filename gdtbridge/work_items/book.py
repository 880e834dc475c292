"""Making, changing, claiming and ending work items: each is done to its order.

A request reads and changes in one write transaction, and writers wait for each other; so of two
that claim an item at once the second finds it claimed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import is_ae_title, is_uid, is_valid_uid
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import TooLate
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import changes as order_changes
from gdtbridge.orders.beside import WrittenBeside
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.editing import OrderEditor
from gdtbridge.orders.model import (
    AlreadyOrdered,
    Order,
    OrderRequest,
    OrderState,
    WantedOrder,
)
from gdtbridge.retrieve.dicom_json import json_dataset, json_text
from gdtbridge.retrieve.json_item import JsonRefused, read_json_dataset
from gdtbridge.work_items import reading, store
from gdtbridge.work_items.attributes import NEVER_TOLD
from gdtbridge.work_items.ending import CONTACT, PROGRESS, WHY, called_off, is_finished
from gdtbridge.work_items.event_store import note
from gdtbridge.work_items.events import READINESS, WorkItemEventKind
from gdtbridge.work_items.form import PERFORMERS, STATIONS
from gdtbridge.work_items.loading import found_with, said_of
from gdtbridge.work_items.model import (
    AlreadyInState,
    KeptFacts,
    WorkItem,
    WorkItemFault,
    WorkItemRefused,
    WorkItemState,
)
from gdtbridge.work_items.subscriptions import listeners
from gdtbridge.work_items.uids import derived_uid
from worklist.item import NOTHING, Item, tag_of, text_element, text_of

log = logging.getLogger(__name__)

MOST_SAID: Final = 256 * 1024
"""Characters of what clients may say of one work item."""


@dataclass(frozen=True, slots=True)
class WorkItems:
    """The work items of a practice. Thread-safe.

    Every call raises `WorkItemRefused` where the standard wants a request refused, and a
    `BridgeError`.
    """

    database: Database
    orders: OrderBook
    editor: OrderEditor
    clock: Clock

    def get(self, uid: str) -> WorkItem:
        """Return a work item."""
        with self.database.read() as connection:
            return found_with(connection, uid)

    def create(self, said: Item, uid: str) -> WorkItem:
        """Make a work item, and so place an order; ``uid`` is empty where it is left to us.

        Raises `OrderError` for a value no order can have, as every way to place one does.
        """
        reading.must_be_whole(said)
        if uid and not is_valid_uid(uid):
            raise WorkItemRefused(WorkItemFault.INVALID, "SOPInstanceUID")
        number = reading.order_number_of(said)
        wanted = WantedOrder(
            reading.wanted_request(said, self.clock.local()),
            reference=OrderReference(case_id=number),
            study_instance_uid=reading.study_of(said),
        )
        kept_said = _stored(reading.kept_of_said(said))

        def enter(connection: Connection, order: Order) -> None:
            if uid and store.order_with(connection, uid) is not None:
                raise WorkItemRefused(WorkItemFault.DUPLICATE, uid=uid)
            if number:
                order_changes.set_reference(connection, order.id, wanted.reference, wanted.route)
            named = uid or derived_uid(order)
            store.keep(connection, order.id, KeptFacts(sop_instance_uid=named, said=kept_said))

        try:
            order = self.orders.create(wanted, WrittenBeside(enter))
        except AlreadyOrdered as error:
            raise WorkItemRefused(WorkItemFault.DUPLICATE, uid=self._uid_of(error.order)) from error
        log.info("order %s placed as a work item", order.accession_number)
        return self.get(self._uid_of(order))

    def update(self, uid: str, said: Item, transaction_uid: str) -> WorkItem:
        """Change what a work item says; what is the order's is changed there.

        Raises `OrderError` for a value no order can have, and `TooLate` where the order has changed
        hands.
        """
        reading.must_be_possible(said)
        with self.database.read() as connection:
            before = found_with(connection, uid)
        transaction_uid = transaction_uid or text_of(said, NEVER_TOLD)
        _must_be_open_to(before, transaction_uid)
        _must_stay(before, said)
        merged = {**before.item, **said}
        now = self.clock.local()
        wanted = reading.wanted_request(merged, now, before.order)
        beside = _kept_and_told(before, said, transaction_uid)
        if wanted != reading.wanted_request(before.item, now, before.order):
            unchanged = _unless_changed(before.order, wanted)
            self.editor.edit(before.order.accession_number, unchanged, beside)
        else:
            with self.database.write() as connection:
                beside.enter(connection, before.order)
        return self.get(uid)

    def change_state(
        self, uid: str, state: str, transaction_uid: str, performer: str = ""
    ) -> WorkItem:
        """Claim a work item, or end one that was claimed; ``performer`` is an AE title if said.

        Raises `AlreadyInState` where it is in that state.
        """
        wanted = _state_in(state)
        if not is_uid(transaction_uid):
            raise _not_claimed_by(transaction_uid)
        if performer and not is_ae_title(performer):
            raise WorkItemRefused(WorkItemFault.INVALID, "RequestingAE")
        if wanted is WorkItemState.IN_PROGRESS:
            self._claim(uid, transaction_uid, performer)
        elif wanted is WorkItemState.COMPLETED:
            self._complete(uid, transaction_uid)
        else:
            self._discontinue(uid, transaction_uid)
        self.orders.follow_examination()
        return self.get(uid)

    def request_cancel(self, uid: str, said: Item, requester: str = "") -> WorkItem:
        """Ask for the end of a work item that somebody else may be performing.

        One nobody has begun is taken off the list at once; of one that was claimed its performer
        is asked. Raises `AlreadyInState` for one that is canceled.
        """
        with self.orders.writing():
            found = self.get(uid)
            if found.state is WorkItemState.COMPLETED:
                raise WorkItemRefused(WorkItemFault.COMPLETED_ALREADY)
            if found.state is WorkItemState.CANCELED:
                raise AlreadyInState(found.state)
            if found.state is WorkItemState.IN_PROGRESS:
                self._ask_performer(found, said, requester)
            else:
                self._call_off(found, said, _must_be_unclaimed)
        self.orders.follow_examination()
        return self.get(uid)

    def _claim(self, uid: str, transaction_uid: str, performer: str) -> None:
        with self.database.write() as connection:
            found = found_with(connection, uid)
            if found.state.is_final:
                raise WorkItemRefused(WorkItemFault.NOT_TO_BE_UPDATED)
            if found.state is WorkItemState.IN_PROGRESS:
                raise WorkItemRefused(WorkItemFault.IN_PROGRESS_ALREADY)
            claimed = replace(found.kept, transaction_uid=transaction_uid, performer=performer)
            self.orders.examination_began(connection, found.order)  # which ends a claim of before
            store.keep(connection, found.order.id, claimed)
        log.info("order %s claimed as a work item", found.order.accession_number)

    def _complete(self, uid: str, transaction_uid: str) -> None:
        with self.database.write() as connection:
            found = found_with(connection, uid)
            _must_end(found, WorkItemState.COMPLETED, transaction_uid)
            if not is_finished(found.item):
                raise WorkItemRefused(WorkItemFault.NOT_FINISHED)
            self.orders.examination_ended(connection, found.order)
        log.info("order %s completed as a work item", found.order.accession_number)

    def _discontinue(self, uid: str, transaction_uid: str) -> None:
        with self.orders.writing():
            found = self.get(uid)
            self._call_off(
                found,
                NOTHING,
                lambda now: _must_end(now, WorkItemState.CANCELED, transaction_uid),
            )

    def _ask_performer(self, found: WorkItem, said: Item, requester: str) -> None:
        """Have the subscribers told that somebody wants an end; raise where none is the performer.

        Of a performer who did not say an AE title any subscriber may be the one.
        """
        asked = {tag: said[tag] for tag in map(tag_of, (*WHY, *CONTACT)) if tag in said}
        if requester:
            asked |= dict((text_element("RequestingAE", requester),))
        with self.database.write(seen=False) as connection:
            told = listeners(connection, found)
            performer = found.kept.performer
            if not found.is_claimed or not (performer in told if performer else told):
                raise WorkItemRefused(WorkItemFault.NO_PERFORMER)
            note(connection, found.order, WorkItemEventKind.CANCEL_REQUESTED, _stored(asked))

    def _call_off(self, found: WorkItem, said: Item, check: Callable[[WorkItem], None]) -> None:
        """Cancel the order of a work item, and keep why; within `OrderBook.writing`.

        ``check`` raises unless the item, as it is in the transaction, may be canceled.
        """

        def enter(connection: Connection, order: Order) -> None:
            now = found_with(connection, found.sop_instance_uid)
            check(now)
            if now.order.arrived:
                raise WorkItemRefused(WorkItemFault.UNWILLING)
            kept = called_off(said_of(now.kept), said, self.clock.local())
            store.keep(connection, order.id, replace(now.kept, said=_stored(kept)))
            order_changes.forget_step(connection, order.id)

        def take_back(connection: Connection, order: Order) -> None:
            _say_again(connection, order, found)

        beside = WrittenBeside(enter, take_back)
        self.orders.close(found.order, OrderState.CANCELLED, beside=beside)
        log.info("order %s cancelled as a work item", found.order.accession_number)

    def _uid_of(self, order: Order) -> str:
        with self.database.read() as connection:
            return store.kept_of(connection, [order])[order.id].sop_instance_uid


def _kept_and_told(before: WorkItem, said: Item, transaction_uid: str) -> WrittenBeside:
    """Return what an update writes beside the order: what is kept of it, and who is told."""

    def enter(connection: Connection, order: Order) -> None:
        now = found_with(connection, before.sop_instance_uid)
        _must_be_open_to(now, transaction_uid)
        kept = {**said_of(now.kept), **reading.kept_of_said(said)}
        store.keep(connection, order.id, replace(now.kept, said=_stored(kept)))
        _tell_of(connection, order, said)

    def take_back(connection: Connection, order: Order) -> None:
        _say_again(connection, order, before)
        _tell_of(connection, order, {tag: before.item[tag] for tag in said if tag in before.item})

    return WrittenBeside(enter, take_back)


def _say_again(connection: Connection, order: Order, before: WorkItem) -> None:
    """Let a work item say what it said before."""
    kept = store.kept_of(connection, [order])[order.id]
    store.keep(connection, order.id, replace(kept, said=before.kept.said))


def _tell_of(connection: Connection, order: Order, said: Item) -> None:
    """Note what an update said that subscribers are told of (PS3.4 CC.2.4.3)."""
    if tag_of(PROGRESS) in said:
        progress = _stored({tag_of(PROGRESS): said[tag_of(PROGRESS)]})
        note(connection, order, WorkItemEventKind.PROGRESS, progress)
    assigned = {tag: said[tag] for tag in map(tag_of, (STATIONS, PERFORMERS)) if tag in said}
    if assigned:
        note(connection, order, WorkItemEventKind.ASSIGNED, _stored(assigned))
    if tag_of(READINESS) in said:
        note(connection, order, WorkItemEventKind.STATE)


def _state_in(text: str) -> WorkItemState:
    try:
        state = WorkItemState(text)
    except ValueError:
        raise WorkItemRefused(WorkItemFault.INVALID, "ProcedureStepState") from None
    if state is WorkItemState.SCHEDULED:
        raise WorkItemRefused(WorkItemFault.NEVER_SCHEDULED_AGAIN)
    return state


def _must_be_open_to(found: WorkItem, transaction_uid: str) -> None:
    """Raise `WorkItemRefused` unless who knows a Transaction UID, or none, may change an item."""
    if found.state.is_final:
        raise WorkItemRefused(WorkItemFault.NOT_TO_BE_UPDATED)
    if found.state is WorkItemState.IN_PROGRESS:
        _must_be_claimed_by(found, transaction_uid)
    elif transaction_uid:
        raise WorkItemRefused(WorkItemFault.NOT_IN_PROGRESS)


def _must_be_unclaimed(found: WorkItem) -> None:
    """Raise `WorkItemRefused` unless nobody has begun an item: else its performer is asked."""
    if found.state is not WorkItemState.SCHEDULED:
        raise WorkItemRefused(WorkItemFault.IN_PROGRESS_ALREADY)


def _must_end(found: WorkItem, wanted: WorkItemState, transaction_uid: str) -> None:
    """Raise unless who knows a Transaction UID may end an item in a state."""
    if found.state is wanted:
        raise AlreadyInState(wanted)
    if found.state.is_final:
        raise WorkItemRefused(WorkItemFault.NOT_TO_BE_UPDATED)
    if found.state is WorkItemState.SCHEDULED:
        raise WorkItemRefused(WorkItemFault.NOT_IN_PROGRESS)
    _must_be_claimed_by(found, transaction_uid)


def _must_be_claimed_by(found: WorkItem, transaction_uid: str) -> None:
    if not found.is_claimed or found.kept.transaction_uid != transaction_uid:
        raise _not_claimed_by(transaction_uid)


def _not_claimed_by(transaction_uid: str) -> WorkItemRefused:
    """Return the refusal of a wrong Transaction UID, or of none."""
    fault = WorkItemFault.WRONG_TRANSACTION if transaction_uid else WorkItemFault.NO_TRANSACTION
    return WorkItemRefused(fault, NEVER_TOLD)


def _must_stay(before: WorkItem, said: Item) -> None:
    """Raise `WorkItemRefused` for a change of what no update may change."""
    fixed = (*reading.PATIENT, "ProcedureStepState", "SOPInstanceUID", "StudyInstanceUID")
    wrong = [
        keyword
        for keyword in fixed
        if tag_of(keyword) in said and text_of(said, keyword) != text_of(before.item, keyword)
    ]
    if wrong:
        raise WorkItemRefused(WorkItemFault.INVALID, *wrong)


def _unless_changed(seen: Order, wanted: OrderRequest) -> Callable[[Order], OrderRequest]:
    """Return what gives the request, unless somebody has changed the order since it was seen."""

    def now(order: Order) -> OrderRequest:
        if order.revision != seen.revision:
            raise TooLate(CHANGED)
        return wanted

    return now


CHANGED: Final = (
    "Der Auftrag wurde inzwischen geändert. Bitte noch einmal lesen und dann ändern. / The order "
    "was changed meanwhile; read it again, then change it."
)


def _stored(said: Item) -> str:
    """Return what clients said as the database keeps it.

    Raises `WorkItemRefused` for too much, and for what would not be read back: one such item would
    spoil every search.
    """
    text = json_text(json_dataset(said))
    if len(text) > MOST_SAID:
        raise WorkItemRefused(WorkItemFault.TOO_LARGE)
    try:
        read_json_dataset(text.encode())
    except JsonRefused:
        raise WorkItemRefused(WorkItemFault.INVALID) from None
    return text if said else ""
