"""Rendered resources and thumbnails (PS3.18 8.3.5, 10.4.1.1.3 and 4): pictures for a browser."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.errors import NotFound
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.retrieve.web_archive import WebObject
from gdtbridge.viewing import (
    FrameLook,
    GreyWindow,
    PictureDescription,
    PictureForm,
    ShownFrame,
)
from gdtbridge.web.dicomweb.conditional import kept, tag_of, unchanged
from gdtbridge.web.dicomweb.negotiation import MediaRange, accepted, first_of
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
LINEAR: Final = "linear"
FUNCTIONS: Final = frozenset({LINEAR, "linear-exact", "sigmoid"})
"""Of a window (8.3.5.1.4); all of them are drawn as the first."""


@dataclass(frozen=True, slots=True)
class PictureWish:
    """How a picture is wanted; ``box`` is the width and height it must fit into, None for any.

    ``undone`` names what of the parameters changes nothing here.
    """

    ranges: Sequence[MediaRange]
    box: tuple[float, float] | None = None
    window: GreyWindow | None = None
    undone: Sequence[str] = ()

    @classmethod
    def of_request(cls) -> PictureWish:
        """Return what the parameters of a rendered resource say; raise `CallRefused` (400)."""
        said = request.args
        viewport, window = said.get("viewport", ""), said.get("window", "")
        undone = [f"{name} parameter" for name in _NOT_DONE if name in said]
        if viewport.count(",") > 1:
            undone.append("region of the viewport parameter")
        if (function := _function_of(window)) != LINEAR:
            undone.append(f"{function} function of the window parameter")
        return cls(accepted(request), box_of(viewport), window_of(window), undone)

    def edge(self, told: PictureDescription) -> int:
        """Return the most pixels an object's picture may be wide or high; 0 for any."""
        if self.box is None:
            return 0
        width, height = self.box
        scale = min(width / max(told.columns, 1), height / max(told.rows, 1), 1.0)
        return max(1, math.floor(max(told.columns, told.rows) * scale))


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
        return self.shown(uids, PictureWish.of_request())

    def rendered_frame(self, number: str, **uids: str) -> Response:
        """Answer with a picture of one frame."""
        return self.shown(uids, PictureWish.of_request(), number)

    def thumbnail(self, number: str = "", **uids: str) -> Response:
        """Answer with a small picture, in which no name can be read."""
        del number  # every frame of a loop is known by the one that stands for it
        wish = PictureWish.of_request()
        one, told = self._first(self.retrieve.found(uids))
        if not told.frames:
            raise refuse(404)
        if first_of(wish.ranges, JPEG) is None:
            raise refuse(406, JPEG)
        edge = min(wish.edge(told) or THUMBNAIL, LARGEST_THUMBNAIL)
        tag = tag_of([one], "thumbnail", str(edge))
        if (same := unchanged(tag)) is not None:
            return same
        return kept(_answer(self.pictures.thumbnail(one.instance_id, edge)), tag)

    def shown(self, uids: Mapping[str, str], wish: PictureWish, frame: str = "") -> Response:
        """Answer with a frame, or what stands for what UIDs name; raise `CallRefused`."""
        one, told = self._first(self.retrieve.found(uids))
        if told.media_type:
            return self._whole(one, told, wish)
        if told.kind is ObjectKind.REPORT:
            raise refuse(406, f"{JPEG}, {PNG}")
        number = number_of(frame) if frame else told.representative
        if number is None or not 1 <= number <= told.frames:
            raise refuse(404)
        return self._picture(one, told, wish, number)

    def _first(self, found: Sequence[WebObject]) -> tuple[WebObject, PictureDescription]:
        """Return the first object that has something to show, else the first."""
        described = [self.pictures.describe(found[0].instance_id)]
        for at, one in enumerate(found):
            told = described[0] if at == 0 else self.pictures.describe(one.instance_id)
            if told.frames or told.media_type:
                return one, told
        return found[0], described[0]

    def _picture(
        self, one: WebObject, told: PictureDescription, wish: PictureWish, number: int
    ) -> Response:
        media_type = first_of(wish.ranges, JPEG, PNG)
        if media_type is None:
            raise refuse(406, f"{JPEG}, {PNG}")
        look = FrameLook(wish.edge(told), FORMS[media_type], wish.window)
        tag = tag_of([one], str(number), repr(look), repr(wish.undone))
        if (same := unchanged(tag)) is not None:
            return same
        answer = _answer(next(self.pictures.frames(one.instance_id, number, 1, look)))
        base = self.retrieve.base.uri()
        for name in wish.undone:
            answer.headers.add("Warning", f"299 {base}: The {name} is not supported.")
        return kept(answer, tag)

    def _whole(self, one: WebObject, told: PictureDescription, wish: PictureWish) -> Response:
        """Answer with a video or a document as it is, or the range of it that is asked for."""
        if first_of(wish.ranges, told.media_type) is None:
            raise refuse(406, told.media_type)
        tag = tag_of([one], told.media_type)
        if (same := unchanged(tag)) is not None:
            return same
        content = self.pictures.content(one.instance_id)
        return kept(self.retrieve.content(content, tag), tag, is_strong=True)


def _answer(shown: ShownFrame) -> Response:
    if shown.problem:
        raise NotFound(f"Davon gibt es kein Bild / There is no picture of it: {shown.problem}.")
    return Response(shown.data, content_type=shown.media_type)


def box_of(said: str) -> tuple[float, float] | None:
    """Return width and height of a viewport; None for none, raise `CallRefused` for nonsense."""
    if not said:
        return None
    width, height = [*_numbers("viewport", said), 0.0][:2]
    if min(width, height) < 1:
        raise refuse(400, "viewport=width,height")
    return width, height


def window_of(said: str) -> GreyWindow | None:
    """Return centre and width of a window; None for none, raise `CallRefused` for nonsense."""
    if not said:
        return None
    centre, width = [*_numbers("window", said), 0.0][:2]
    if width < 1:
        raise refuse(400, "window=centre,width,function")
    return GreyWindow(centre, width)


def _function_of(window: str) -> str:
    """Return the function of a window; raise `CallRefused` for none there is."""
    function = ",".join(window.split(",")[2:]).strip().lower() or LINEAR
    if function not in FUNCTIONS:
        raise refuse(400, "window=centre,width,function")
    return function


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
