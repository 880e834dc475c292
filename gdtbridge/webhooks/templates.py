"""Templates of URLs and bodies: ``{name}`` stands for a variable, escaped for its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit
from xml.sax.saxutils import escape

from gdtbridge.placeholders import PLACE, fill, names_in
from gdtbridge.webhooks.events import SAMPLES, allowed

TOKEN: Final = "token"  # noqa: S105 - its name
"""Stands for the webhook's own token, in the URL only: some houses want it there."""
_LETTER: Final = "x"
"""What may stand for any value in a JSON string, and nowhere else in JSON (RFC 8259 3)."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


class TemplateError(ValueError):
    """A template cannot be used; the text says why and quotes no value."""


class ContentKind(StrEnum):
    """What a body is, by which its variables are escaped."""

    JSON = "application/json"
    TEXT = "text/plain"
    FORM = "application/x-www-form-urlencoded"
    XML = "application/xml"


def _as_line(value: str) -> str:
    return _CONTROL.sub(" ", value)


def _in_json(value: str) -> str:
    """Return a value as it stands between the quotation marks of a JSON string (RFC 8259 7)."""
    return json.dumps(value, ensure_ascii=True)[1:-1]


def _in_xml(value: str) -> str:
    return escape(_as_line(value), {'"': "&quot;", "'": "&apos;"})


_ESCAPES: Final[Mapping[ContentKind, Callable[[str], str]]] = MappingProxyType(
    {
        ContentKind.JSON: _in_json,
        ContentKind.TEXT: _as_line,
        ContentKind.FORM: quote_plus,
        ContentKind.XML: _in_xml,
    }
)


def _in_url(value: str) -> str:
    """Return a value percent-encoded; one of dots alone would mean another folder."""
    if value.strip(".") == "":
        return "-" * len(value)
    return quote(value, safe="")


def fill_url(template: str, values: Mapping[str, str]) -> str:
    """Return the URL of an event; a variable without a value is empty."""
    return fill(template, values, _in_url)


def fill_body(template: str, kind: ContentKind, values: Mapping[str, str]) -> bytes:
    """Return the body of an event in UTF-8; a variable without a value is empty."""
    return fill(template, values, _ESCAPES[kind]).encode("utf-8", "replace")


def plain_body(values: Mapping[str, str]) -> bytes:
    """Return the body where there is no template: type, timestamp, data (Standard Webhooks)."""
    own = {"event", "time"}
    data = {name: value for name, value in values.items() if name not in own}
    said = {"type": values.get("event", ""), "timestamp": values.get("time", ""), "data": data}
    return json.dumps(said).encode()


def check_url(template: str, fields: Collection[str], *, token: bool) -> None:
    """Raise `TemplateError` for a URL that is none, or says what it may not.

    Variables stand behind the host only: an event must not choose who is called.
    """
    parts = urlsplit(template)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise TemplateError("url must start with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise TemplateError("url must hold no user and password: set user and password instead")
    if PLACE.search(parts.netloc):
        raise TemplateError("url: variables may stand behind the host only")
    try:
        _ = parts.port
    except ValueError:
        raise TemplateError("url: the port is no port") from None
    if parts.fragment or re.search(r"[\s\x00-\x1f\x7f]", template):
        raise TemplateError("url must hold no blanks and no #")
    _check_names("url", template, allowed(fields) | ({TOKEN} if token else set()))


def check_body(template: str, kind: ContentKind, fields: Collection[str]) -> None:
    """Raise `TemplateError` for a body that says what it may not, or that would be no JSON.

    A variable stands within a string: elsewhere an empty one would leave no JSON, and what a device
    sent could say more than a value.
    """
    _check_names("body", template, allowed(fields))
    if kind is ContentKind.JSON:
        try:
            json.loads(PLACE.sub(_LETTER, template))
        except ValueError:
            raise TemplateError(
                'body is no JSON; variables stand inside quotation marks, as in "{event}"'
            ) from None


def _check_names(place: str, template: str, known: Collection[str]) -> None:
    for name in names_in(template):
        if name in known:
            continue
        if name in SAMPLES:
            raise TemplateError(f"{place}: {{{name}}} is of the patient; name it in fields")
        raise TemplateError(f"{place}: there is no variable {{{name}}}")
