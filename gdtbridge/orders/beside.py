"""What another room writes in the transaction of an order: both are there, or neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gdtbridge.database import Connection
from gdtbridge.orders.model import Order

OrderWriter = Callable[[Connection, Order], None]
"""Writes what belongs to an order, which it is given as it is then; what it raises refuses all."""


def _nothing(_connection: Connection, _order: Order) -> None:
    """Write nothing."""


@dataclass(frozen=True, slots=True)
class WrittenBeside:
    """What is written in the transaction that changes an order, and in one that takes it back."""

    enter: OrderWriter = _nothing
    """Called before a known order is changed, and after a new one is entered."""
    take_back: OrderWriter = _nothing
    """For a known order, where the worklist folder refused the change and somebody waits for the
    answer; a new one is deleted with all that belongs to it."""


NOTHING_BESIDE: Final = WrittenBeside()
