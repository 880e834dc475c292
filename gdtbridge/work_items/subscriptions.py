"""Who is told of work items: subscriptions, and the events each subscriber still has to get.

Events are noted once, in the transaction of what happened, and each AE title remembers how far it
has got them (PS3.4 CC.2.3, CC.2.4). So a restart, or a subscriber that is away, loses none of the
newest `MOST_EVENTS`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import is_ae_title
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order
from gdtbridge.retrieve.dicom_json import JsonDataset
from gdtbridge.work_items import event_store, store
from gdtbridge.work_items.event_store import EVERY_ORDER, WorkItemSubscription
from gdtbridge.work_items.events import WorkItemEvent, WorkItemEventKind, report_of
from gdtbridge.work_items.loading import work_item_of
from gdtbridge.work_items.model import WorkItem, WorkItemFault, WorkItemRefused
from gdtbridge.work_items.search import asked_keys, query_of

EVERY_ITEM: Final = "1.2.840.10008.5.1.4.34.5"
"""UID that stands for every work item (PS3.6: UPS Global Subscription SOP Instance)."""
FILTERED_ITEMS: Final = "1.2.840.10008.5.1.4.34.5.1"
"""UID that stands for those that fit some keys (UPS Filtered Global Subscription SOP Instance)."""
MOST_EVENTS: Final = 10_000
"""Events that are kept, the newest."""
MOST_SUBSCRIBERS: Final = 100
AT_ONCE: Final = 200
"""Events looked at at once."""


@dataclass(frozen=True, slots=True)
class EventBatch:
    """The next event reports of a subscriber, and the last event that was looked at for them."""

    reports: Sequence[JsonDataset]
    last: int


@dataclass(frozen=True, slots=True)
class WorkItemSubscriptions:
    """The subscriptions of all AE titles. Thread-safe.

    Every call raises `WorkItemRefused` where the standard wants a request refused.
    """

    database: Database

    def subscribe(self, uid: str, aet: str, keys: Sequence[tuple[str, str]] = ()) -> None:
        """Let an AE title be told of a work item, of all, or of those that fit ``keys``.

        Of one item the present state is told at once. Raises `QueryRefused` for a key that is none.
        """
        _must_be_title(aet)
        if uid == FILTERED_ITEMS and not keys:
            raise WorkItemRefused(WorkItemFault.INVALID, "filter")
        asked_keys(keys)
        with self.database.write(seen=False) as connection:
            known = set(event_store.subscribers(connection))
            if aet not in known and len(known) >= MOST_SUBSCRIBERS:
                raise WorkItemRefused(WorkItemFault.TOO_LARGE)
            now = event_store.newest_event(connection)
            if uid in {EVERY_ITEM, FILTERED_ITEMS}:
                condition = json.dumps(list(keys)) if uid == FILTERED_ITEMS else ""
                wanted = WorkItemSubscription(EVERY_ORDER, filter=condition, after_event=now)
                event_store.set_subscription(connection, aet, wanted)
                return
            order = _order(connection, uid)
            wanted = WorkItemSubscription(order.id, after_event=now)
            event_store.set_subscription(connection, aet, wanted)
            event_store.note(connection, order, WorkItemEventKind.STATE, only_for=aet)

    def unsubscribe(self, uid: str, aet: str) -> None:
        """Tell an AE title no more of a work item, or of any at all where ``uid`` is that of all.

        Raises `WorkItemRefused` where it is not subscribed to it.
        """
        with self.database.write(seen=False) as connection:
            if uid in {EVERY_ITEM, FILTERED_ITEMS}:
                if not event_store.end_all(connection, aet):
                    raise WorkItemRefused(WorkItemFault.NOT_SUBSCRIBED)
                return
            order = _order(connection, uid)
            found = event_store.subscriptions_of(connection, aet)
            if not any(one.is_wanted and one.order_id in {EVERY_ORDER, order.id} for one in found):
                raise WorkItemRefused(WorkItemFault.NOT_SUBSCRIBED)
            if any(one.order_id == EVERY_ORDER for one in found):
                now = event_store.newest_event(connection)
                not_this = WorkItemSubscription(order.id, is_wanted=False, after_event=now)
                event_store.set_subscription(connection, aet, not_this)
            else:
                event_store.end_subscription(connection, aet, order.id)

    def suspend(self, uid: str, aet: str) -> None:
        """Let a subscription to all be one to those that are there now; raise as `unsubscribe`."""
        if uid not in {EVERY_ITEM, FILTERED_ITEMS}:
            raise WorkItemRefused(WorkItemFault.INVALID, "SOPInstanceUID")
        with self.database.write(seen=False) as connection:
            last = event_store.newest_order(connection)
            if not event_store.suspend(connection, aet, last):
                raise WorkItemRefused(WorkItemFault.NOT_SUBSCRIBED)

    def is_subscriber(self, aet: str) -> bool:
        """Return whether an AE title is subscribed to anything."""
        with self.database.read() as connection:
            return bool(event_store.subscriptions_of(connection, aet))

    def newest(self) -> int:
        """Return the number of the newest event; it costs little."""
        with self.database.read() as connection:
            return event_store.newest_event(connection)

    def received(self, aet: str) -> int:
        """Return the last event an AE title has got."""
        with self.database.read() as connection:
            return event_store.received_by(connection, aet)

    def pending(self, aet: str, after: int) -> EventBatch:
        """Return the next event reports for an AE title behind an event, the oldest first."""
        with self.database.read() as connection:
            events = event_store.events_after(connection, after, aet, AT_ONCE)
            subscriptions = event_store.subscriptions_of(connection, aet)
            items = _items_of(connection, events)
            newest = max(event_store.newest_event(connection), after)
        reports = tuple(_reports(events, subscriptions, items))
        return EventBatch(reports, events[-1].id if len(events) == AT_ONCE else newest)

    def confirm(self, aet: str, event: int) -> None:
        """Note that an AE title has got the events up to one; those nobody waits for go."""
        with self.database.write(synced=False, seen=False) as connection:
            event_store.set_received(connection, aet, event)
            event_store.forget_events(connection, MOST_EVENTS)


def listeners(connection: Connection, item: WorkItem) -> set[str]:
    """Return the AE titles that would be told what happens to a work item next."""
    event = WorkItemEvent(
        id=event_store.newest_event(connection) + 1,
        order_id=item.order.id,
        kind=WorkItemEventKind.CANCEL_REQUESTED,
        order_state=item.order.state,
        step_status=item.order.step_status,
        said="",
        only_for="",
    )
    return {
        aet
        for aet in event_store.subscribers(connection)
        if _is_told(event, event_store.subscriptions_of(connection, aet), item)
    }


def _reports(
    events: Sequence[WorkItemEvent],
    subscriptions: Sequence[WorkItemSubscription],
    items: dict[int, WorkItem],
) -> Iterator[JsonDataset]:
    for event in events:
        item = items.get(event.order_id)
        if item is not None and _is_told(event, subscriptions, item):
            yield report_of(event, item)


def _is_told(
    event: WorkItemEvent, subscriptions: Sequence[WorkItemSubscription], item: WorkItem
) -> bool:
    """Return whether somebody's subscriptions want an event; the one to its item alone decides."""
    meant = [one for one in subscriptions if one.is_of(event)]
    of_item = [one for one in meant if one.order_id != EVERY_ORDER]
    if of_item:
        return of_item[0].is_wanted
    return any(_fits(one, item) for one in meant)


def _fits(subscription: WorkItemSubscription, item: WorkItem) -> bool:
    if not subscription.filter:
        return True
    keys = [(name, value) for name, value in json.loads(subscription.filter)]
    return query_of(asked_keys(keys)).matches(item.item)


def _items_of(connection: Connection, events: Sequence[WorkItemEvent]) -> dict[int, WorkItem]:
    orders = order_store.orders_by_id(connection, {event.order_id for event in events})
    kept = store.kept_of(connection, orders)
    return {order.id: work_item_of(connection, order, kept[order.id]) for order in orders}


def _order(connection: Connection, uid: str) -> Order:
    order = store.order_with(connection, uid)
    if order is None:
        raise WorkItemRefused(WorkItemFault.UNKNOWN)
    return order


def _must_be_title(aet: str) -> None:
    if not is_ae_title(aet) or aet != aet.strip():
        raise WorkItemRefused(WorkItemFault.INVALID, "ReceivingAE")
