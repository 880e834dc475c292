"""Work items as the database has them."""

from __future__ import annotations

from gdtbridge.database import Connection
from gdtbridge.exams.steps import StepState
from gdtbridge.exams.steps import store as step_store
from gdtbridge.orders.model import Order
from gdtbridge.retrieve.json_item import read_json_dataset
from gdtbridge.work_items import store
from gdtbridge.work_items.form import work_item_content
from gdtbridge.work_items.model import KeptFacts, WorkItem, WorkItemFault, WorkItemRefused
from gdtbridge.work_items.states import state_of
from worklist.item import NOTHING, Item


def found_with(connection: Connection, uid: str) -> WorkItem:
    """Return the work item with a UID, with what devices performed; raise `WorkItemRefused`."""
    order = store.order_with(connection, uid)
    if order is None:
        raise WorkItemRefused(WorkItemFault.UNKNOWN)
    kept = store.kept_of(connection, [order])[order.id]
    return work_item_of(connection, order, kept, with_steps=True)


def work_item_of(
    connection: Connection, order: Order, kept: KeptFacts, *, with_steps: bool = False
) -> WorkItem:
    """Return an order as a work item, with what devices performed of it where that is wanted."""
    state = state_of(order.state, order.step_status)
    steps = step_store.of_study(connection, order.study_instance_uid) if with_steps else []
    performed = [
        one
        for one in steps
        if one.state is not StepState.DISCONTINUED and one.reliance != "ignored"
    ]
    said = said_of(kept)
    uid = kept.sop_instance_uid
    return WorkItem(order, kept, state, work_item_content(order, uid, state, said, performed))


def said_of(kept: KeptFacts) -> Item:
    """Return what clients said of a work item."""
    return read_json_dataset(kept.said.encode()) if kept.said else NOTHING
