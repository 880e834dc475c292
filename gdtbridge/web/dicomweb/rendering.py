"""Rendered resources and thumbnails (PS3.18 8.3.5, 10.4.1.1.3 and 4): pictures for a browser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.errors import NotFound
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.retrieve.web_archive import WebObject
from gdtbridge.viewing import (
    FrameLook,
    GreyWindow,
    MediaContent,
    PictureDescription,
    PictureForm,
    ShownFrame,
)
from gdtbridge.web.dicomweb.negotiation import accepted, first_of
from gdtbridge.web.dicomweb.retrieving import RetrieveCalls
from gdtbridge.web.numbers import number_of
from gdtbridge.web.ports import PicturePort
from gdtbridge.web.problems import refuse

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
FORMS: Final = {JPEG: PictureForm.JPEG, PNG: PictureForm.PNG}
THUMBNAIL: Final = 128
"""Pixels of a thumbnail's longer side: letters in the picture are not to be read there."""
LARGEST_THUMBNAIL: Final = 320
_NOT_DONE: Final = ("annotation", "quality", "iccprofile")
"""Parameters that are answered with a warning (8.3.5.1)."""


@dataclass(frozen=True, slots=True)
class RenderCalls:
    """Each call finds an instance, and sends a picture of it."""

    retrieve: RetrieveCalls
    pictures: PicturePort

    def rendered(self, **uids: str) -> Response:
        """Answer with the picture that stands for what the address names.

        Of a study or series that of the first object with one. A video or a document is sent as it
        is.
        """
        one, told = self._shown(self.retrieve.found(uids))
        if told.media_type:
            return self._whole(told, self.pictures.content(one.instance_id))
        return self._picture(one, told, told.representative)

    def rendered_frame(self, number: str, **uids: str) -> Response:
        """Answer with a picture of one frame."""
        one = self.retrieve.instance(uids)
        told = self.pictures.describe(one.instance_id)
        wanted = number_of(number)
        if wanted is None or not 1 <= wanted <= told.frames:
            raise refuse(404)
        return self._picture(one, told, wanted)

    def thumbnail(self, number: str = "", **uids: str) -> Response:
        """Answer with a small picture, in which no name can be read."""
        del number  # every frame of a loop is known by the one that stands for it
        one, told = self._shown(self.retrieve.found(uids))
        if not told.frames:
            raise refuse(404)
        if first_of(accepted(request), JPEG) is None:
            raise refuse(406, JPEG)
        edge = min(_edge(told) or THUMBNAIL, LARGEST_THUMBNAIL)
        return _answer(self.pictures.thumbnail(one.instance_id, edge))

    def _shown(self, found: Sequence[WebObject]) -> tuple[WebObject, PictureDescription]:
        """Return the first object that has something to show, else the first."""
        described = ((one, self.pictures.describe(one.instance_id)) for one in found)
        first = None
        for one, told in described:
            first = first or (one, told)
            if told.frames or told.media_type:
                return one, told
        if first is None:
            raise refuse(404)
        return first

    def _picture(self, one: WebObject, told: PictureDescription, number: int) -> Response:
        media_type = first_of(accepted(request), JPEG, PNG)
        if media_type is None or told.kind is ObjectKind.REPORT:
            raise refuse(406, f"{JPEG}, {PNG}")
        if not told.frames:
            raise refuse(404)
        look = FrameLook(_edge(told), FORMS[media_type], _window())
        shown = next(self.pictures.frames(one.instance_id, number, 1, look))
        answer = _answer(shown)
        for name in _NOT_DONE:
            if name in request.args:
                told_so = f"299 {self.retrieve.base.uri()}: The {name} parameter is not supported."
                answer.headers.add("Warning", told_so)
        return answer

    def _whole(self, told: PictureDescription, content: MediaContent) -> Response:
        if first_of(accepted(request), told.media_type) is None:
            raise refuse(406, told.media_type)
        pieces = iter(content.pieces(0, content.size))
        length = {"Content-Length": str(content.size)}
        return self.retrieve.streamed(pieces, told.media_type, 200, length)


def _answer(shown: ShownFrame) -> Response:
    if shown.problem:
        raise NotFound(f"Davon gibt es kein Bild / There is no picture of it: {shown.problem}.")
    return Response(shown.data, content_type=shown.media_type)


def _edge(told: PictureDescription) -> int:
    """Return the most pixels a picture may be wide or high to fit the viewport; 0 for any."""
    said = request.args.get("viewport", "")
    if not said:
        return 0
    width, height, *_ = [*_numbers("viewport", said), 0.0][:2]
    if min(width, height) < 1:
        raise refuse(400, "viewport=width,height")
    scale = min(width / max(told.columns, 1), height / max(told.rows, 1), 1.0)
    return max(1, math.floor(max(told.columns, told.rows) * scale))


def _window() -> GreyWindow | None:
    said = request.args.get("window", "")
    if not said:
        return None
    centre, width = ([*_numbers("window", said), math.nan, math.nan])[:2]
    if not width >= 1 or math.isnan(centre):
        raise refuse(400, "window=centre,width,function")
    return GreyWindow(centre, width)


def _numbers(name: str, text: str) -> list[float]:
    """Return the numbers of a parameter up to the first word; raise `CallRefused` for none."""
    found = []
    for part in text.split(",")[:2]:
        try:
            found.append(float(part))
        except ValueError:
            raise refuse(400, name) from None
    if not all(map(math.isfinite, found)):
        raise refuse(400, name)
    return found
