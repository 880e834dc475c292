"""``/api/v1/worklist``: the worklist as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final
from urllib.parse import quote

from flask import Response, request
from pydantic import BaseModel

from gdtbridge.web.access.principal import concerns
from gdtbridge.web.api import schema
from gdtbridge.web.own_address import OwnAddress
from gdtbridge.web.ports import OrderPort
from gdtbridge.web.problems import FieldProblem, refuse, refuse_fields
from worklist import Entry

PATH: Final = "/api/v1/worklist"
ENTRY_PATH: Final = f"{PATH}/<path:accession>"
DEFAULT_LIMIT: Final = 500
MAX_LIMIT: Final = 1000
MAX_NUMBER: Final = 10**9

FIXED: Final = "Lässt sich nicht ändern. / Cannot be changed."
NO_NUMBER: Final = "Keine erlaubte Zahl. / Not a permitted number."

Route = tuple[str, str, Callable[..., Response], tuple[str, ...]]
"""Path, name, view and methods of a call."""


class WorklistApi:
    """The JSON calls; each parses, calls the core once and writes down what came back."""

    def __init__(self, orders: OrderPort, own: OwnAddress, today: Callable[[], date]) -> None:
        self._orders = orders
        self._own = own
        self._today = today

    def routes(self) -> tuple[Route, ...]:
        """Return the calls."""
        return (
            (PATH, "worklist_list", self.list, ("GET", "HEAD")),
            (PATH, "worklist_create", self.create, ("POST",)),
            (ENTRY_PATH, "worklist_read", self.read, ("GET", "HEAD")),
            (ENTRY_PATH, "worklist_change", self.change, ("PUT",)),
            (ENTRY_PATH, "worklist_cancel", self.cancel, ("DELETE",)),
        )

    def list(self) -> Response:
        """Answer with a page of the worklist."""
        limit = _number("limit", DEFAULT_LIMIT, MAX_LIMIT)
        offset = _number("offset", 0, MAX_NUMBER)
        entries = self._orders.all()
        page = [schema.view(entry) for entry in entries[offset : offset + limit]]
        return _json(schema.ListView(total=len(entries), entries=page))

    def create(self) -> Response:
        """Place an order: 201, or 200 with the same entry for a repeated click."""
        order = schema.read(schema.OrderBody, _body(), self._today())
        placed = self._orders.place(order.request())
        _concerns(placed.entry)
        response = _json(schema.view(placed.entry), 200 if placed.repeated else 201)
        response.headers["Location"] = self._url(placed.entry)
        return response

    def read(self, accession: str) -> Response:
        """Answer with one entry."""
        entry = self._orders.get(accession)
        _concerns(entry)
        return _json(schema.view(entry))

    def change(self, accession: str) -> Response:
        """Replace the values of an entry; accession number and Study Instance UID stay."""
        change = schema.read(schema.OrderChangeBody, _body(), self._today())
        if {change.accession_number, change.study_instance_uid, change.status} != {None}:
            _must_be_same(change, self._orders.get(accession))
        entry = self._orders.change(accession, change.request())
        _concerns(entry)
        return _json(schema.view(entry))

    def cancel(self, accession: str) -> Response:
        """Take an entry off the worklist."""
        _concerns(self._orders.get(accession))
        self._orders.cancel(accession)
        response = Response(status=204)
        del response.headers["Content-Type"]
        return response

    def _url(self, entry: Entry) -> str:
        return self._own.reference(f"{PATH}/{quote(entry.AccessionNumber, safe='')}")


def _concerns(entry: Entry) -> None:
    concerns(entry.PatientID, f"order:{entry.AccessionNumber}")


def _json(model: BaseModel, status: int = 200) -> Response:
    return Response(model.model_dump_json() + "\n", status, content_type="application/json")


def _body() -> bytes:
    """Return the body of a JSON request; raise `CallRefused` (415) for anything else.

    The type is insisted on because a web page can send forms anywhere, but not JSON.
    """
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
        raise refuse(415, "Erwartet wird application/json. / application/json is expected.")
    return request.get_data()


def _number(name: str, default: int, highest: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= highest):
        raise refuse_fields(FieldProblem(name, NO_NUMBER))
    return int(text)


def _must_be_same(change: schema.OrderChangeBody, entry: Entry) -> None:
    pairs = (
        ("accession_number", change.accession_number, entry.AccessionNumber),
        ("study_instance_uid", change.study_instance_uid, entry.StudyInstanceUID),
        ("status", change.status, entry.ScheduledProcedureStepStatus),
    )
    wrong = [FieldProblem(name, FIXED) for name, new, old in pairs if new not in {None, old}]
    if wrong:
        raise refuse_fields(*wrong)
