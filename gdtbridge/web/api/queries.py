"""``/api/v1/worklist-queries``: what devices asked the worklist, and why they got what they got."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final

from flask import Response, request

from gdtbridge.errors import ProcessingFailure
from gdtbridge.queries.form import preview_form, why_form
from gdtbridge.web.api.worklist import Route
from gdtbridge.web.ports import QueryReportPort
from gdtbridge.web.problems import FieldProblem, refuse, refuse_fields
from worklist import FolderError

PATH: Final = "/api/v1/worklist-queries"
PREVIEW_PATH: Final = f"{PATH}/preview"
PARAMETERS: Final = ("device", "about")
"""An AE title or address; a number or part of a name that entries are limited to."""
LONGEST: Final = 64
"""Characters of a parameter: a DICOM name or number has no more."""


class QueryCalls:
    """Each call asks the core once and writes down what came back."""

    def __init__(self, reports: QueryReportPort, today: Callable[[], date]) -> None:
        self._reports = reports
        self._today = today

    def routes(self) -> tuple[Route, ...]:
        """Return the calls."""
        return (
            (PATH, "queries_why", self.why, ("GET", "HEAD")),
            (PREVIEW_PATH, "queries_preview", self.preview, ("GET", "HEAD")),
        )

    def why(self) -> Response:
        """Answer with the last query of each device, entry by entry."""
        device, about = _texts()
        with _unusable_is_failure():
            found = self._reports.why(device, about)
        return _json({"devices": [why_form(one, self._today()) for one in found]})

    def preview(self) -> Response:
        """Answer with what a device would see now."""
        device, about = _texts()
        if not device:
            raise refuse_fields(FieldProblem("device", "Fehlt. / Is missing."))
        with _unusable_is_failure():
            found = self._reports.preview(device, about)
        return _json(preview_form(found, self._today()))


def _texts() -> list[str]:
    """Return the parameters, each empty where it is not given; raise `CallRefused`."""
    if not request.args.keys() <= {*PARAMETERS, "token"}:
        raise refuse(400, "Unbekannter Parameter; es gibt device, about. / Unknown parameter.")
    texts = [request.args.get(name, "").strip() for name in PARAMETERS]
    for name, text in zip(PARAMETERS, texts, strict=True):
        if len(text) > LONGEST:
            raise refuse_fields(FieldProblem(name, "Zu lang. / Too long."))
    return texts


@contextmanager
def _unusable_is_failure() -> Iterator[None]:
    """Raise `ProcessingFailure` where the worklist's folder cannot be used."""
    try:
        yield
    except FolderError as error:
        raise ProcessingFailure(str(error)) from error


def _json(value: object) -> Response:
    body = json.dumps(value, ensure_ascii=False) + "\n"
    return Response(body, content_type="application/json")
