"""``/worklist/add``: an order from practice software, answered with a GDT record."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from flask import Response, request

from gdtbridge.web.forms import raw_values
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

    def __init__(self, orders: OrderPort, answers: AnswerPort, today: Callable[[], date]) -> None:
        self._orders = orders
        self._answers = answers
        self._today = today

    def __call__(self) -> Response:
        """Answer the request at hand."""
        placed = self._orders.place(order_request(raw_values(request), self._today()))
        record = self._answers.answer(placed.entry)
        return Response(
            record, content_type=f"text/plain; charset={charset(self._answers.encoding)}"
        )


def charset(encoding: str) -> str:
    """Return the name HTTP clients know an encoding by."""
    name = codecs.lookup(encoding).name
    return CHARSETS.get(name, name)
