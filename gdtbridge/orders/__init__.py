"""Orders from a request to an entry of the worklist: clicks, files and calls alike.

One path: a request is decided upon, the database is written in one transaction, and the ``.wl``
folder follows (`gdtbridge.orders.book`). What must not live here: results, and whose an exam is.
"""

from gdtbridge.orders.model import (
    LeftFile,
    Order,
    OrderRecord,
    OrderRequest,
    OrderState,
    PlacedOrder,
    RecordOutcome,
    StudyNames,
    TakenRecord,
)

__all__ = [
    "LeftFile",
    "Order",
    "OrderRecord",
    "OrderRequest",
    "OrderState",
    "PlacedOrder",
    "RecordOutcome",
    "StudyNames",
    "TakenRecord",
]
