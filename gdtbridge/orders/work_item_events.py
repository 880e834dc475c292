"""Changes of orders, noted in their transaction for who is subscribed to their work items.

Every way an order changes its state passes `gdtbridge.orders.changes`, which calls this (PS3.4
CC.2.4). As long as nobody is subscribed to anything, nothing is written.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.schema import (
    placed_order,
    work_item,
    work_item_event,
    work_item_subscription,
)
from gdtbridge.statement import Statement

STATE: Final = "state"
"""The kind of event that tells how far an order is."""


def _note(here: sa.ColumnElement[bool]) -> Statement:
    somebody = sa.exists(sa.select(work_item_subscription.c.id))
    columns = placed_order.c.id, sa.literal(STATE), placed_order.c.state, placed_order.c.step_status
    names = ["order_id", "kind", "order_state", "step_status"]
    told = sa.select(*columns).where(here, somebody)
    return Statement(sa.insert(work_item_event).from_select(names, told, include_defaults=False))


_OF_NUMBER: Final = _note(placed_order.c.accession_number == sa.bindparam("number"))
_OF_ID: Final = _note(placed_order.c.id == sa.bindparam("number"))


_END_CLAIM: Final = Statement(
    sa.update(work_item)
    .values(transaction_uid="", performer="")
    .where(
        work_item.c.order_id.in_(
            sa.select(placed_order.c.id).where(
                placed_order.c.accession_number == sa.bindparam("number")
            )
        )
    )
)


def end_claim(connection: Connection, accession_number: str) -> None:
    """Let nobody have claimed an order's work item: whoever begins it next is another one."""
    _END_CLAIM.run(connection, number=accession_number)


def note_state(connection: Connection, order: int | str) -> None:
    """Note how far an order is now: of an id, or of an accession number."""
    statement = _OF_ID if isinstance(order, int) else _OF_NUMBER
    statement.run(connection, number=order)
