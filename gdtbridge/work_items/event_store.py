"""Subscriptions and noted events in the database; calls work in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.orders.model import Order, OrderState
from gdtbridge.schema import (
    placed_order,
    work_item_event,
    work_item_subscriber,
    work_item_subscription,
)
from gdtbridge.work_items.events import WorkItemEvent, WorkItemEventKind

EVERY_ORDER: Final = 0
_SUBSCRIPTION: Final = (
    work_item_subscription.c.order_id,
    work_item_subscription.c.is_wanted,
    work_item_subscription.c.filter,
    work_item_subscription.c.last_order,
    work_item_subscription.c.after_event,
)


@dataclass(frozen=True, slots=True)
class WorkItemSubscription:
    """What an AE title wants to be told, or does not."""

    order_id: int
    """`EVERY_ORDER` for a global one."""
    is_wanted: bool = True
    filter: str = ""
    """Keys of a search as JSON; empty for no condition."""
    last_order: int | None = None
    """A suspended one is of no later order."""
    after_event: int = 0

    def is_of(self, event: WorkItemEvent) -> bool:
        """Return whether it says something of an event; its filter is not looked at."""
        if self.order_id != EVERY_ORDER:
            return self.order_id == event.order_id and event.id > self.after_event
        is_later = self.last_order is not None and event.order_id > self.last_order
        return event.id > self.after_event and not is_later


def subscriptions_of(connection: Connection, aet: str) -> list[WorkItemSubscription]:
    """Return what an AE title is subscribed to."""
    query = sa.select(*_SUBSCRIPTION).where(work_item_subscription.c.aet == aet)
    return [WorkItemSubscription(*row) for row in connection.execute(query)]


def subscribers(connection: Connection) -> Sequence[str]:
    """Return every AE title that is subscribed to anything."""
    query = sa.select(work_item_subscription.c.aet).distinct()
    return connection.execute(query).scalars().all()


def set_subscription(connection: Connection, aet: str, wanted: WorkItemSubscription) -> None:
    """Enter a subscription in the place of the one to the same.

    Who subscribes once more to the same, as clients do when they start, still gets what was noted.
    """
    for known in subscriptions_of(connection, aet):
        if replace(known, after_event=wanted.after_event) == wanted and wanted.is_wanted:
            return
    end_subscription(connection, aet, wanted.order_id)
    values = {column.name: getattr(wanted, column.name) for column in _SUBSCRIPTION}
    connection.execute(sa.insert(work_item_subscription).values(aet=aet, **values))
    here = work_item_subscriber.c.aet == aet
    if connection.execute(sa.select(work_item_subscriber).where(here)).first() is None:
        received = {"aet": aet, "received": wanted.after_event}
        connection.execute(sa.insert(work_item_subscriber).values(**received))


def end_subscription(connection: Connection, aet: str, order_id: int) -> int:
    """End a subscription; return how many there were."""
    here = sa.and_(
        work_item_subscription.c.aet == aet, work_item_subscription.c.order_id == order_id
    )
    return connection.execute(sa.delete(work_item_subscription).where(here)).rowcount


def suspend(connection: Connection, aet: str, last_order: int) -> int:
    """Let a global subscription be of no order after one; return how many there were."""
    here = sa.and_(
        work_item_subscription.c.aet == aet, work_item_subscription.c.order_id == EVERY_ORDER
    )
    changed = sa.update(work_item_subscription).where(here).values(last_order=last_order)
    return connection.execute(changed).rowcount


def end_all(connection: Connection, aet: str) -> int:
    """End everything an AE title is subscribed to; return how much that was."""
    here = work_item_subscription.c.aet == aet
    ended = connection.execute(sa.delete(work_item_subscription).where(here)).rowcount
    of_title = work_item_subscriber.c.aet == aet
    connection.execute(sa.delete(work_item_subscriber).where(of_title))
    return ended


def note(
    connection: Connection,
    order: Order,
    kind: WorkItemEventKind,
    said: str = "",
    only_for: str = "",
) -> None:
    """Note that something happened to a work item."""
    connection.execute(
        sa.insert(work_item_event).values(
            order_id=order.id,
            kind=kind,
            order_state=order.state,
            step_status=order.step_status,
            said=said,
            only_for=only_for,
        )
    )


def received_by(connection: Connection, aet: str) -> int:
    """Return the last event an AE title has got; 0 for one that is not subscribed."""
    query = sa.select(work_item_subscriber.c.received).where(work_item_subscriber.c.aet == aet)
    return int(connection.execute(query).scalar() or 0)


def set_received(connection: Connection, aet: str, event: int) -> None:
    """Note that an AE title has got the events up to one."""
    here = sa.and_(work_item_subscriber.c.aet == aet, work_item_subscriber.c.received < event)
    connection.execute(sa.update(work_item_subscriber).where(here).values(received=event))


def newest_event(connection: Connection) -> int:
    """Return the id of the newest event; 0 without any."""
    return int(connection.execute(sa.select(sa.func.max(work_item_event.c.id))).scalar() or 0)


def newest_order(connection: Connection) -> int:
    """Return the id of the newest order; 0 without any."""
    return int(connection.execute(sa.select(sa.func.max(placed_order.c.id))).scalar() or 0)


def events_after(connection: Connection, event: int, aet: str, most: int) -> list[WorkItemEvent]:
    """Return the next events for an AE title, or for all, the oldest first."""
    of_title = work_item_event.c.only_for.in_(("", aet))
    query = (
        sa.select(work_item_event)
        .where(work_item_event.c.id > event, of_title)
        .order_by(work_item_event.c.id)
        .limit(most)
    )
    return [
        WorkItemEvent(
            id=row.id,
            order_id=row.order_id,
            kind=WorkItemEventKind(row.kind),
            order_state=OrderState(row.order_state),
            step_status=row.step_status,
            said=row.said,
            only_for=row.only_for,
        )
        for row in connection.execute(query)
    ]


def forget_events(connection: Connection, most: int) -> None:
    """Forget all events but so many, the newest."""
    last = newest_event(connection) - most
    if last > 0:
        connection.execute(sa.delete(work_item_event).where(work_item_event.c.id <= last))
