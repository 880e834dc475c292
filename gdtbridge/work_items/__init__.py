"""Work items: the orders of the worklist as Unified Procedure Steps (PS3.4 Annex CC).

A work item is an order seen another way. Who, what, where, when and how far it is are the order's,
in both directions; kept here is only what an order has no place for: the UID a client gave, who has
claimed the item, and what clients say of its performance. What must not live here: HTTP, and the
rules of orders.
"""

from gdtbridge.work_items.model import (
    AlreadyInState,
    WorkItem,
    WorkItemFault,
    WorkItemRefused,
    WorkItemState,
)

__all__ = ["AlreadyInState", "WorkItem", "WorkItemFault", "WorkItemRefused", "WorkItemState"]
