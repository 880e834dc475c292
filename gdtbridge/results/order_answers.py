"""The GDT records orders are answered with, by where their results are going to go."""

from __future__ import annotations

from typing import Final

from gdtbridge.durable.clock import Clock
from gdtbridge.gdt import OrderReference
from gdtbridge.orders.model import OrderRecord
from gdtbridge.outbox import Message
from gdtbridge.people import Patient
from gdtbridge.results.routing import RouteFacts, Routing
from worklist import Entry

_STEM: Final = "stammdaten-{token}-{position}"


class OrderAnswers:
    """What `gdtbridge.orders` needs of GDT: `gdtbridge.orders.ports.OrderAnswerPort`."""

    def __init__(self, routing: Routing, clock: Clock) -> None:
        self._routing = routing
        self._clock = clock

    def must_be_writable(self, entry: Entry, reference: OrderReference, route: str) -> None:
        """Raise `gdtbridge.gdt.GdtWriteError` when no record of that order can be written."""
        self._routing.of_entry(entry, reference, route).records.answer(entry)

    def master_data(self, record: OrderRecord, patient: Patient) -> Message:
        """Return the message (6301) for whoever sent ``record``; raise `GdtWriteError`."""
        target = self._routing.find(RouteFacts(route=record.route, ordered_by=record.sender))
        key = _STEM.format(token=record.token, position=record.position)
        return Message(
            kind="gdt",
            destination=target.destination,
            key=key,
            name=target.names.other(key, self._clock.local()),
            payload=target.records.master_data(patient),
        )
