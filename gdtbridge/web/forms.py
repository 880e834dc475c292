"""Names and values of a request as the bytes that came, from the query string and the body.

Flask decodes as UTF-8 and replaces what is not; a name from practice software would be damaged
without a word. So the bytes are kept until `gdtbridge.web.parameters` has looked at them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData
from werkzeug.wrappers import Request

from gdtbridge.web.problems import refuse

MAX_VALUES: Final = 100
MAX_BODY: Final = 64 * 1024
"""Bytes of a request's body."""

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class RawParameter:
    """A name of a request with the bytes of its value, percent-encoding removed."""

    name: str
    value: bytes


def raw_values(request: Request) -> tuple[RawParameter, ...]:
    """Return all values of a request; raise `CallRefused` when they cannot be told apart."""
    query = str(request.environ.get("QUERY_STRING", ""))
    return (*_urlencoded(query), *_body(request))


def _body(request: Request) -> tuple[RawParameter, ...]:
    if request.method != "POST":
        return ()
    body = request.get_data(cache=True)
    if not body:
        return ()
    if request.mimetype == MULTIPART:
        return _multipart(body, request.mimetype_params.get("boundary", ""))
    if request.mimetype in {URLENCODED, ""}:
        return _urlencoded(body.decode("latin-1").strip())
    raise refuse(
        415,
        f"Erwartet wird {URLENCODED} oder {MULTIPART}. / {URLENCODED} or {MULTIPART} is expected.",
    )


def _urlencoded(text: str) -> tuple[RawParameter, ...]:
    """Split ``a=b&c=d``; ``text`` holds one character for each byte (Latin-1)."""
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, encoding="latin-1", max_num_fields=MAX_VALUES
        )
    except ValueError as error:
        raise refuse(400, "Zu viele Parameter. / Too many parameters.") from error
    return tuple(RawParameter(name, value.encode("latin-1")) for name, value in pairs)


def _multipart(body: bytes, boundary: str) -> tuple[RawParameter, ...]:
    decoder = MultipartDecoder(
        boundary.encode("latin-1", "replace"), MAX_BODY, max_parts=MAX_VALUES
    )
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        return tuple(_parts(decoder))
    except (ValueError, RequestEntityTooLarge) as error:
        raise refuse(400, "Das Formular ist unlesbar. / The form cannot be read.") from error


def _parts(decoder: MultipartDecoder) -> list[RawParameter]:
    found: list[RawParameter] = []
    name: str | None = None
    content = b""
    while not isinstance(event := decoder.next_event(), Epilogue | NeedData):
        if isinstance(event, Field | File):
            name, content = event.name if isinstance(event, Field) else None, b""
        elif isinstance(event, Data):
            content += event.data
            if not event.more_data and name is not None:
                found.append(RawParameter(name, content))
    return found
