"""What a client of DICOMweb accepts and sends (PS3.18 8.7.4 to 8.7.8; RFC 9110 8.3, 12.5.1).

Read as clients write it: types with quotes or without, blanks anywhere, two transfer syntaxes in
one range, several header fields joined by a browser, Java's ``*``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from werkzeug.wrappers import Request

MULTIPART: Final = "multipart/related"
ANY: Final = "*/*"
_QUOTED: Final = r'"(?:[^"\\]|\\.?)*(?:"|\Z)'
"""A quoted string, up to the end where nothing closes it: nobody looks for that twice."""
_PIECE: Final = re.compile(rf'(?:[^",;]|{_QUOTED})+')
_SPLIT: Final = re.compile(rf'(?:[^",]|{_QUOTED})+')
MOST_RANGES: Final = 64
"""Ranges that are looked at; no client has a tenth of it."""


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One range that is accepted, in small letters: its type, and what it says further.

    ``root`` is the type of the parts of a multipart. ``transfer_syntaxes`` are UIDs or ``*``.
    """

    media_type: str
    root: str = ""
    transfer_syntaxes: tuple[str, ...] = ()
    quality: float = 1.0

    @property
    def is_multipart(self) -> bool:
        """Whether parts are accepted."""
        return self.media_type == MULTIPART

    @property
    def content(self) -> str:
        """The type of what is sent, in parts or as a whole."""
        return (self.root or ANY) if self.is_multipart else self.media_type

    def takes(self, media_type: str) -> bool:
        """Return whether content of a type is accepted by it."""
        kind = media_type.partition("/")[0]
        return self.content in {media_type, ANY, f"{kind}/*"}


def accepted(request: Request) -> tuple[MediaRange, ...]:
    """Return what a request accepts, the best first, as written where equally good.

    ``accept`` of the query counts before the header (8.3.3.1); without both everything is accepted.
    """
    texts = request.args.getlist("accept") or request.headers.getlist("Accept")
    return ranges_of(",".join(texts))


def ranges_of(text: str) -> tuple[MediaRange, ...]:
    """Return the ranges of a list, the best first; everything where it names none."""
    ranges = list(_ranges(text))[:MOST_RANGES] or [MediaRange(ANY)]
    wanted = [one for one in ranges if one.quality > 0]
    return tuple(sorted(wanted, key=lambda one: -one.quality))


def first_of(ranges: Sequence[MediaRange], *offered: str) -> str | None:
    """Return which of some types, the preferred first, is accepted best as a whole."""
    for one in ranges:
        if not one.is_multipart:
            for media_type in offered:
                if one.takes(media_type):
                    return media_type
    return None


def content_of(request: Request) -> tuple[str, Mapping[str, str]]:
    """Return the type of a request's body in small letters, and its parameters as written."""
    media_type, parameters = _parted(request.headers.get("Content-Type", ""))
    return media_type, dict(parameters)


def _ranges(text: str) -> Iterator[MediaRange]:
    for part in _SPLIT.findall(text):
        media_type, parameters = _parted(part)
        if media_type == "*":
            media_type = ANY
        if "/" in media_type:
            yield _range(media_type, parameters)


def _parted(text: str) -> tuple[str, Sequence[tuple[str, str]]]:
    media_type, *parameters = [piece.strip() for piece in _PIECE.findall(text)] or [""]
    return media_type.lower().replace(" ", ""), [_parameter(one) for one in parameters]


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    value = value.strip()
    if value[:1] == '"' == value[-1:] and len(value) > 1:
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    return name.strip().lower(), value.strip()


def _range(media_type: str, parameters: Sequence[tuple[str, str]]) -> MediaRange:
    root, quality, syntaxes = "", 1.0, []
    for name, value in parameters:
        if name == "type":
            root = value.lower()
        elif name == "transfer-syntax":
            syntaxes.append(value)
        elif name == "q":
            quality = _quality(value)
    return MediaRange(media_type, root, tuple(syntaxes), quality)


def _quality(text: str) -> float:
    try:
        return max(0.0, min(float(text), 1.0))
    except ValueError:
        return 1.0
