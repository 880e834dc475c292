"""What pages load: style, scripts, icons; all of it is in the package.

`assets.tsv` names the origin, version, licence and SHA-256 of each file that others wrote. An
address has a digest of all files in it, so a browser may keep a file for ever and never sees an old
one beside a new one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from flask import Response
from markupsafe import Markup

from gdtbridge.web.problems import refuse

FOLDER: Final = Path(__file__).with_name("static")
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
)
"""The files a browser may ask for, by their ending; icons stand in the pages themselves."""
FOR_EVER: Final = "public, max-age=31536000, immutable"

_COMMENT: Final = re.compile("<!--.*?-->", re.DOTALL)
_HEAD: Final = re.compile("<svg[^>]*>")
_LEFT_OUT: Final = re.compile(r"\s(?:class|xmlns|width|height)=\"[^\"]*\"")
"""Attributes of the whole shape; those of its parts stay."""


@cache
def digest() -> str:
    """Return what stands for the content of all files in their addresses."""
    found = hashlib.sha256()
    for file in sorted(FOLDER.rglob("*.*")):
        found.update(file.relative_to(FOLDER).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:16]


@cache
def _files() -> Mapping[str, bytes]:
    files = (file for file in FOLDER.rglob("*.*") if file.suffix in KINDS)
    return {file.relative_to(FOLDER).as_posix(): file.read_bytes() for file in files}


def address_of(name: str) -> str:
    """Return the path a page names a file by; raise `KeyError` for one that is not there."""
    if name not in _files():
        raise KeyError(name)
    return f"/static/{digest()}/{name}"


def asset(version: str, name: str) -> Response:
    """Answer with a file; one of another version is gone (404), for its content is another."""
    content = _files().get(name)
    if content is None or version != digest():
        raise refuse(404)
    headers = {"Cache-Control": FOR_EVER}
    return Response(content, 200, headers, content_type=KINDS[Path(name).suffix])


@cache
def icon(name: str, extra: str = "") -> Markup:
    """Return a shape as SVG for a page, not read out; ``extra`` is a further class.

    Raises `FileNotFoundError` for one that is not shipped.
    """
    drawn = (FOLDER / "icons" / f"{name}.svg").read_text("utf-8")
    drawn = _HEAD.sub(lambda head: _LEFT_OUT.sub("", head[0]), _COMMENT.sub("", drawn), count=1)
    drawn = " ".join(drawn.split())
    classes = f"icon {extra}".strip()
    return Markup(drawn.replace("<svg", f'<svg class="{classes}" aria-hidden="true"', 1))  # noqa: S704 - our own file
