"""How far a work item is: read from its order by the table ``states.tsv``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from gdtbridge.orders.model import OrderState
from gdtbridge.tsv import table
from gdtbridge.work_items.model import WorkItemState

ANY: Final = "*"


def state_of(order: OrderState, step_status: str) -> WorkItemState:
    """Return the state of an order's work item."""
    return next(
        state for one, step, state in _rows() if one is order and step in {ANY, step_status}
    )


@cache
def _rows() -> Sequence[tuple[OrderState, str, WorkItemState]]:
    return tuple(
        (OrderState(order), step, WorkItemState(state))
        for order, step, state in table("work_items/states.tsv")
    )
