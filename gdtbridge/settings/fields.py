"""Kinds of values that several sections have."""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from gdtbridge.dataset.values import is_ae_title, titles_in

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|]+")


def split(value: object) -> object:
    """Let a list come from the environment as ``a, b``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def tables(value: object) -> object:
    """Let a list of tables come from the environment as JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _folder(value: object) -> object:
    if value == "":
        raise ValueError("must not be empty; leave the key out for the default")
    return value


def _ae_title(value: str) -> str:
    """Accept 1-16 characters of the default repertoire without backslash (PS3.5 6.2, VR AE)."""
    value = value.strip()
    if not is_ae_title(value):
        raise ValueError("an AE title has 1 to 16 ASCII characters and no backslash")
    return value


def _ae_titles(value: str) -> str:
    """Accept several AE titles with commas between; return them as DICOM writes several values."""
    return "\\".join(_ae_title(title) for title in titles_in(value)) or _ae_title(value)


def _origin(value: str) -> str:
    """Accept what a browser calls a page's origin (RFC 6454), in small letters."""
    value = value.strip().rstrip("/").lower()
    if not _ORIGIN.fullmatch(value):
        raise ValueError("an origin is https://name or https://name:port, without a path")
    return value


def _uri(value: str) -> str:
    """Accept nothing, or an absolute URI (RFC 3986 4.3)."""
    value = value.strip()
    if value and not _URI.fullmatch(value):
        raise ValueError("a URI is https://name/… or urn:oid:…, without blanks")
    return value


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value, strict=False))


def _http_url(value: str) -> str:
    if value and not value.lower().startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/") if value.count("/") <= 3 else value


AeTitle = Annotated[str, AfterValidator(_ae_title)]
AeTitles = Annotated[str, AfterValidator(_ae_titles)]
Uri = Annotated[str, AfterValidator(_uri)]
Folder = Annotated[Path, BeforeValidator(_folder)]
"""A folder or file; a relative path counts from the settings file's folder."""
Port = Annotated[int, Field(ge=0, le=65535)]
Words = Annotated[tuple[str, ...], BeforeValidator(split)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(split)]
Url = Annotated[str, AfterValidator(_http_url)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(split)]
