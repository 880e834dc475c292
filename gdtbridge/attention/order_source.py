"""Orders that were examined, and of which nothing came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from gdtbridge.attention.model import MOST_OF_A_KIND, AttentionItem
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.exams.steps.waiting import TOLD_SECONDS, StepProblem, waiting_steps
from gdtbridge.orders import Order, OrderState, store

_CAUSES: Final = {
    OrderState.DONE: "Als fertig gemeldet{de}. / Reported as done{en}.",
    OrderState.EXPIRED: "Begonnen und nicht beendet{de}. / Begun and not ended{en}.",
}


@dataclass(frozen=True, slots=True)
class ExaminedOrderSource:
    """Orders a device or a program says were examined, or begun, and of which nothing is here.

    Where a device said which images are to come, its step is told instead.
    """

    name: ClassVar = "examined-orders"
    codes: ClassVar = frozenset({"order-without-images"})

    database: Database
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for each such order of the last days."""
        now = self.clock.utc()
        with self.database.read() as connection:
            found = store.orders_without_images(connection, now - TOLD_SECONDS, now)
            steps = waiting_steps(connection, now, MOST_OF_A_KIND) if found else []
        told = {one.study for one in steps if one.problem is StepProblem.MISSING}
        return [
            AttentionItem(
                "order-without-images",
                f"order:{one.accession_number}",
                one.unlisted_at or one.images_due_at or now,
                one.patient.listed,
                _cause(one),
                {"study": one.study_instance_uid},
            )
            for one in found
            if one.study_instance_uid not in told
        ]


def _cause(order: Order) -> str:
    """Return what was told of an order, and the devices it was for: there the images are."""
    devices = ", ".join(order.stations)
    de, en = (f" ({word} {devices})" if devices else "" for word in ("Auftrag für", "ordered for"))
    return _CAUSES[order.state].format(de=de, en=en)
