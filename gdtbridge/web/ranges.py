"""Parts of what is sent, for who asks for one (RFC 9110 chapter 14): seeking, and going on."""

from __future__ import annotations

from flask import Response
from werkzeug.wrappers import Request

from gdtbridge.viewing import MediaContent
from gdtbridge.web.problems import refuse


def part_of(content: MediaContent, asked: Request, tag: str = "") -> Response:
    """Return content, or the one range of it that is asked for.

    ``tag`` is its strong ETag: who has a part of something else (If-Range) gets all of it. Several
    ranges are answered with all of it, too. Raises `CallRefused` (416) for one behind its end.
    """
    first, stop = _span(content.size, asked, tag) or (0, content.size)
    is_part = (first, stop) != (0, content.size)
    answer = Response(
        content.pieces(first, stop), 206 if is_part else 200, content_type=content.media_type
    )
    answer.headers["Accept-Ranges"] = "bytes"
    answer.content_length = stop - first
    if is_part:
        answer.headers["Content-Range"] = f"bytes {first}-{stop - 1}/{content.size}"
    return answer


def _span(size: int, asked: Request, tag: str) -> tuple[int, int] | None:
    wanted, known = asked.range, asked.if_range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return None
    if known.date is not None or (known.etag is not None and known.etag != tag):
        return None
    span: tuple[int, int] | None = wanted.range_for_length(size)
    if span is None:
        raise refuse(416, "", ("Content-Range", f"bytes */{size}"))
    return span
