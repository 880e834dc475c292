"""What the orders need of the room that writes GDT; it lies above and is handed in."""

from __future__ import annotations

from typing import Protocol

from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders.model import Order, OrderProgress, OrderRecord
from gdtbridge.outbox import Message
from gdtbridge.people import Patient
from worklist import Entry


class OrderAnswerPort(Protocol):
    """The GDT records an order is answered with, in the dialect of who gets them."""

    def must_be_writable(self, entry: Entry, reference: OrderReference, route: str) -> None:
        """Raise `GdtWriteError` when no record of that order can be written."""

    def needs_birth_date(self, entry: Entry, reference: OrderReference, route: str) -> bool:
        """Return whether who gets the results of that order wants a birth date in them."""

    def progress(self, order: Order, progress: OrderProgress) -> Message | None:
        """Return the message that tells an order's state; None where that is not wanted."""

    def master_data(self, record: OrderRecord, patient: Patient) -> Message:
        """Return the message (6301) that answers a 6300; raise `GdtWriteError`."""
