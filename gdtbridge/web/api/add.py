"""``/worklist/add``: an order from practice software, answered with a GDT record.

A program is answered at once. Where it shows no token, an address that a browser opens as a page
may have come in a mail: a page asks first, and only the answer to it places the order.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final

from flask import Response, request

from gdtbridge.orders import OrderRequest
from gdtbridge.web.access.guard import is_page_view
from gdtbridge.web.access.once import OpenQuestions
from gdtbridge.web.access.principal import concerns, principal
from gdtbridge.web.forms import raw_values
from gdtbridge.web.pages.placing import ONCE, PlacingPages
from gdtbridge.web.parameters import order_request
from gdtbridge.web.ports import AnswerPort, OrderPort

CHARSETS: Final[Mapping[str, str]] = {
    "ascii": "US-ASCII",
    "cp437": "IBM437",
    "cp850": "IBM850",
    "cp1252": "windows-1252",
    "iso8859-1": "ISO-8859-1",
    "iso8859-15": "ISO-8859-15",
    "utf-8": "UTF-8",
}
"""Python's names of encodings to those of the IANA registry of character sets."""


class WorklistAddCall:
    """Places the order a request describes and answers with its GDT record."""

    def __init__(
        self,
        orders: OrderPort,
        answers: AnswerPort,
        today: Callable[[], date],
        pages: PlacingPages,
    ) -> None:
        self._orders = orders
        self._answers = answers
        self._today = today
        self._pages = pages
        self._questions: OpenQuestions[OrderRequest] = OpenQuestions()

    def __call__(self) -> Response:
        """Answer the request at hand."""
        values = raw_values(request)
        asks = not principal().showed_token
        if asks and (once := [v.value for v in values if v.name == ONCE]):
            return self._answered(once[0].decode("latin-1"))
        order = order_request(values, self._today(), datetime.now().time())  # noqa: DTZ005 - local
        if asks and is_page_view(request):
            return self._pages.question(order, self._questions.ask(order))
        return self._placed(order)

    def _answered(self, value: str) -> Response:
        order = self._questions.answer(value) if request.method == "POST" else None
        if order is None:
            return self._pages.closed()
        placed = self._orders.place(order)
        concerns(order.patient.id, f"order:{placed.entry.AccessionNumber}")
        return self._pages.placed(order)

    def _placed(self, order: OrderRequest) -> Response:
        placed = self._orders.place(order)
        concerns(order.patient.id, f"order:{placed.entry.AccessionNumber}")
        record = self._answers.answer(placed.entry, placed.patient)
        return Response(
            record, content_type=f"text/plain; charset={charset(self._answers.encoding)}"
        )


def charset(encoding: str) -> str:
    """Return the name HTTP clients know an encoding by."""
    name = codecs.lookup(encoding).name
    return CHARSETS.get(name, name)
