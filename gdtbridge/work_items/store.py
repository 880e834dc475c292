"""What is kept of work items in the database. Every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order
from gdtbridge.schema import placed_order, work_item
from gdtbridge.statement import Statement
from gdtbridge.work_items.model import KeptFacts
from gdtbridge.work_items.uids import derived_uid, order_id_in

_COLUMNS: Final = (
    work_item.c.order_id,
    work_item.c.sop_instance_uid,
    work_item.c.transaction_uid,
    work_item.c.performer,
    work_item.c.said,
)
_OF_ORDERS: Final = Statement(
    sa.select(*_COLUMNS).where(work_item.c.order_id.in_(sa.bindparam("orders", expanding=True)))
)
_WITH_UID: Final = Statement(
    sa.select(work_item.c.order_id).where(work_item.c.sop_instance_uid == sa.bindparam("uid"))
)


def kept_of(connection: Connection, orders: Iterable[Order]) -> Mapping[int, KeptFacts]:
    """Return what is kept of the work items of some orders, by the order's id; of all of them."""
    wanted = {order.id: order for order in orders}
    rows = _OF_ORDERS.rows(connection, orders=sorted(wanted)) if wanted else []
    kept = {row[0]: _kept(*row[1:]) for row in rows}
    for number, order in wanted.items():
        kept.setdefault(number, KeptFacts(sop_instance_uid=derived_uid(order)))
    return kept


def _kept(uid: str, transaction: str, performer: str, said: str) -> KeptFacts:
    return KeptFacts(
        sop_instance_uid=uid, transaction_uid=transaction, performer=performer, said=said
    )


def order_with(connection: Connection, uid: str) -> Order | None:
    """Return the order whose work item has a UID."""
    number = _WITH_UID.value(connection, uid=uid)
    guess = order_id_in(uid) if number is None else number
    found = order_store.orders_by_id(connection, [guess] if guess is not None else [])
    for order in found:
        if number is not None or kept_of(connection, [order])[order.id].sop_instance_uid == uid:
            return order
    return None


def keep(connection: Connection, order_id: int, kept: KeptFacts) -> None:
    """Remember what is kept of an order's work item, instead of what was."""
    here = work_item.c.order_id == order_id
    connection.execute(sa.delete(work_item).where(here))
    values = {
        "sop_instance_uid": kept.sop_instance_uid,
        "transaction_uid": kept.transaction_uid,
        "performer": kept.performer,
        "said": kept.said,
    }
    connection.execute(sa.insert(work_item).values(order_id=order_id, **values))


def order_ids(
    connection: Connection,
    conditions: Mapping[str, str],
    days: tuple[str, str],
    before: int | None,
    most: int,
) -> list[int]:
    """Return the ids of the newest orders below ``before`` that fit exact values by column.

    ``days`` are the first and last local time (ISO 8601) they may be scheduled for, each empty
    where that is open.
    """
    first, last = days
    query = sa.select(placed_order.c.id).order_by(placed_order.c.id.desc()).limit(most)
    for column, value in conditions.items():
        query = query.where(placed_order.c[column] == value)
    if first:
        query = query.where(placed_order.c.scheduled >= first)
    if last:
        query = query.where(placed_order.c.scheduled <= last)
    if before is not None:
        query = query.where(placed_order.c.id < before)
    return list(connection.execute(query).scalars())
