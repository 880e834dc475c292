"""Orders from a request to an entry of the worklist: clicks, files and calls alike.

What must not live here: results, and whose an exam is.
"""

from gdtbridge.orders.model import (
    CaseOrder,
    Drop,
    Order,
    OrderRequest,
    OrderState,
    Outcome,
    PlacedOrder,
    StudyNames,
    Taken,
)

__all__ = [
    "CaseOrder",
    "Drop",
    "Order",
    "OrderRequest",
    "OrderState",
    "Outcome",
    "PlacedOrder",
    "StudyNames",
    "Taken",
]
