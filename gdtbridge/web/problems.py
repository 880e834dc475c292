"""Refusals in words: one line for practice software, RFC 9457 for everybody else.

Practice software calls ``/worklist/add`` and ``/studies/open`` and shows or logs what it gets, so
these are refused with exactly one line of text, ``error: …``. Every other call gets
``application/problem+json``, and who calls FHIR an OperationOutcome.
What a caller sent is never repeated in a refusal.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from werkzeug.exceptions import HTTPException

from gdtbridge.errors import (
    AnotherPerson,
    BridgeError,
    DatabaseError,
    NotFound,
    OrderError,
    OutOfResources,
    TooLate,
)
from gdtbridge.fhir.outcomes import operation_outcome
from gdtbridge.logs import describe
from gdtbridge.web.fhir.place import MEDIA_TYPE, is_fhir

log = logging.getLogger(__name__)

ADD_PATH: Final = "/worklist/add"
OPEN_PATH: Final = "/studies/open"
TEXT_PATHS: Final = frozenset({ADD_PATH, OPEN_PATH})
"""The calls practice software makes: refused in one line of text, and the token may be a
parameter."""
RETRY_SECONDS: Final = 5
READING: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing, but for `ADD_PATH`."""

SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Sent with every answer."""

SENTENCES: Final[Mapping[int, str]] = {
    400: "Die Anfrage ist fehlerhaft. / The request is malformed.",
    401: "Das Kennwort (token) fehlt oder ist falsch. / No valid token.",
    403: "Nicht erlaubt. / Not allowed.",
    404: "Das gibt es hier nicht. / There is nothing here.",
    405: "Dieser Aufruf ist hier nicht möglich. / This method is not possible here.",
    408: "Die Anfrage kam zu langsam. / The request came too slowly.",
    410: "Das war hier und ist nicht mehr da. / This was here and is gone.",
    413: "Die Anfrage ist zu groß. / The request is too large.",
    415: "Dieses Format wird nicht gelesen. / This format is not read.",
    416: "So weit reicht die Datei nicht. / The file does not reach so far.",
    429: "Zu oft das falsche Kennwort (token), bitte warten. / Too many wrong tokens, please wait.",
    431: "Die Adresse oder der Kopf der Anfrage ist zu lang."
    " / The address or the header of the request is too long.",
    500: "In gdtbridge ist etwas schiefgegangen, das Protokoll sagt, wo."
    " / Something went wrong in the bridge, its log says where.",
    501: "Das wird nicht unterstützt. / This is not supported.",
    503: "gdtbridge ist gerade überlastet, bitte noch einmal versuchen."
    " / The bridge is overloaded, please try again.",
}

STATUS: Final[tuple[tuple[type[BridgeError], HTTPStatus], ...]] = (
    (OrderError, HTTPStatus.BAD_REQUEST),
    (NotFound, HTTPStatus.NOT_FOUND),
    (AnotherPerson, HTTPStatus.CONFLICT),
    (TooLate, HTTPStatus.CONFLICT),
    (OutOfResources, HTTPStatus.INSUFFICIENT_STORAGE),
    (DatabaseError, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""Errors of the core and their status; other retriable ones are 503, the rest 500."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field, under the name the caller uses for it."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """A refusal: status, a sentence (German, then English), the fields, further headers."""

    status: int
    detail: str = ""
    errors: tuple[FieldProblem, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    in_a_line: bool = False
    """Whether everybody is told in one line of text, also who would get JSON or a page."""


@dataclass(frozen=True, slots=True)
class ProblemResponse:
    """A finished answer: status, headers and body."""

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...]
    body: bytes


class CallRefused(Exception):
    """Ends a call with a `ProblemDetails`."""

    def __init__(self, problem: ProblemDetails) -> None:
        super().__init__(problem.status)
        self.problem = problem


def refuse(status: int, detail: str = "", *headers: tuple[str, str]) -> CallRefused:
    """Return the exception that ends a call with ``status``."""
    return CallRefused(ProblemDetails(status, detail, headers=headers))


def refuse_fields(*errors: FieldProblem) -> CallRefused:
    """Return the exception that ends a call with status 400 and the fields that are wrong."""
    return CallRefused(ProblemDetails(400, errors=errors))


def problem_of(error: Exception, fields: Mapping[str, str], place: str) -> ProblemDetails:
    """Return what the caller is told of ``error``, and log what is ours to mend.

    ``fields`` translates the core's field names to the caller's; ``place`` is the endpoint's name.
    """
    if isinstance(error, CallRefused):
        return error.problem
    if isinstance(error, OrderError):
        name = fields.get(error.field, error.field)
        return ProblemDetails(400, errors=(FieldProblem(name, error.problem),))
    if isinstance(error, HTTPException):
        return problem_of_http(error)
    problem = _of_bridge(error) if isinstance(error, BridgeError) else ProblemDetails(500)
    if problem.status >= 500:
        log.error("%s answered %d: %s", place, problem.status, describe(error))
    return problem


def problem_of_http(error: HTTPException) -> ProblemDetails:
    """Return what a caller is told of a call Werkzeug refuses."""
    kept = ("allow", "retry-after", "www-authenticate")
    headers = tuple((k, v) for k, v in error.get_headers() if k.lower() in kept)
    return ProblemDetails(error.code or 500, headers=headers)


def _of_bridge(error: BridgeError) -> ProblemDetails:
    otherwise = HTTPStatus.SERVICE_UNAVAILABLE if error.retriable else HTTPStatus(500)
    status = next((s for kind, s in STATUS if isinstance(error, kind)), otherwise)
    problem = ProblemDetails(status, str(error))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        problem = replace(problem, headers=(("Retry-After", str(RETRY_SECONDS)),))
    return problem


def render(problem: ProblemDetails, path: str) -> ProblemResponse:
    """Return the answer to a refused call of ``path``, security headers not included."""
    status = HTTPStatus(problem.status)
    detail = problem.detail or SENTENCES.get(problem.status, status.phrase)
    if path in TEXT_PATHS or problem.in_a_line:
        kind, body = "text/plain; charset=utf-8", _line(problem, detail)
    elif is_fhir(path):
        kind, body = MEDIA_TYPE, json.dumps(operation_outcome(status, detail), ensure_ascii=False)
    else:
        kind, body = "application/problem+json", _json(problem, status, detail)
    return ProblemResponse(status, (("Content-Type", kind), *problem.headers), body.encode("utf-8"))


def _line(problem: ProblemDetails, detail: str) -> str:
    if problem.errors:
        first = problem.errors[0]
        detail = f"{first.field}: {first.problem}"
    return "error: " + " ".join(detail.split()) + "\n"


def _json(problem: ProblemDetails, status: HTTPStatus, detail: str) -> str:
    told: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    if problem.errors:
        told["errors"] = [{"field": e.field, "problem": e.problem} for e in problem.errors]
    return json.dumps(told, ensure_ascii=False) + "\n"
