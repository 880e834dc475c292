"""The page that asks before an order is placed, and what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Response

from gdtbridge.orders import OrderRequest
from gdtbridge.orders.details import told_in_german
from gdtbridge.web.pages.frame import Frame

ONCE: Final = "once"
"""Name of the form's only field: the one-time value."""


class PlacingPages:
    """The question whether to place an order, and the pages its answer leads to."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._texts = frame.texts

    def question(self, order: OrderRequest, once: str) -> Response:
        """Return the page that shows an order and asks whether to place it."""
        return self._show("question", "asks", 200, order, once)

    def placed(self, order: OrderRequest) -> Response:
        """Return the page that says the order was placed."""
        return self._show("placed", "done", 200, order)

    def closed(self) -> Response:
        """Return the page for an answer nobody waits for (410): answered before, or too old."""
        return self._show("closed", "too_late", 410)

    def _show(
        self,
        title: str,
        sentence: str,
        status: int,
        order: OrderRequest | None = None,
        once: str = "",
    ) -> Response:
        return self._frame.show(
            "placing.html",
            self._texts(f"placing.{title}"),
            status=status,
            sentence=self._texts(f"placing.{sentence}"),
            facts=[one for one in self._facts(order) if one[1]] if order else [],
            once=once,
            once_field=ONCE,
        )

    def _facts(self, order: OrderRequest) -> Iterator[tuple[str, str]]:
        patient, formats = order.patient, self._frame.formats
        said = {
            "patient_id": patient.id,
            "name": patient.listed_name,
            "birth_date": patient.german_birth_date,
            "sex": self._texts(f"sex.{patient.sex}") if patient.sex else "",
            "procedure": order.procedure,
            "station": order.station or "",
            "modality": order.modality or "",
            "physician": order.physician,
            "scheduled": f"{formats.day(order.scheduled)} {formats.clock(order.scheduled)}"
            if order.scheduled
            else "",
        }
        for name, value in said.items():
            yield self._texts(f"order.{name}"), value
        yield from told_in_german(order.details)
