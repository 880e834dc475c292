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
    PictureRegion,
    ShownFrame,
    Viewport,
)
from gdtbridge.web.dicomweb.conditional import kept, tag_of, unchanged
from gdtbridge.web.dicomweb.negotiation import MediaRange, accepted, first_of
from gdtbridge.web.dicomweb.retrieving import RetrieveCalls
from gdtbridge.web.numbers import number_of
from gdtbridge.web.ports import PicturePort
from gdtbridge.web.problems import refuse
from gdtbridge.web.ranges import part_of

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
FORMS: Final = {JPEG: PictureForm.JPEG, PNG: PictureForm.PNG}
THUMBNAIL: Final = 128
"""Pixels of a thumbnail's longer side: letters in the picture are not to be read there."""
LARGEST_THUMBNAIL: Final = 320
_NOT_DONE: Final = ("annotation", "iccprofile")
"""Parameters that are answered with a warning (8.3.5.1)."""
LINEAR: Final = "linear"
FUNCTIONS: Final = {LINEAR: "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
"""Of a window (8.3.5.1.4), and how VOI LUT Function names them (PS3.3 C.11.2.1.3)."""
VIEWPORT: Final = "viewport=width,height,x,y,width,height"
WINDOW: Final = "window=centre,width,function"
QUALITY: Final = "quality=1…100"
LONGEST_NUMBERS: Final = 200
"""Characters of a list of numbers; nobody means more."""


@dataclass(frozen=True, slots=True)
class PictureWish:
    """How a picture is wanted; without a ``viewport`` in its own size, ``quality`` as in FrameLook.

    ``undone`` names the parameters that change nothing here.
    """

    ranges: Sequence[MediaRange]
    viewport: Viewport | None = None
    window: GreyWindow | None = None
    quality: int = 0
    undone: Sequence[str] = ()

    @classmethod
    def of_request(cls) -> PictureWish:
        """Return what the parameters of a rendered resource say; raise `CallRefused` (400)."""
        said = request.args
        return cls(
            accepted(request),
            viewport_of(said.get("viewport", "")),
            window_of(said.get("window", "")),
            quality_of(said.get("quality", "")),
            [name for name in _NOT_DONE if name in said],
        )

    def look(self, told: PictureDescription, form: PictureForm) -> FrameLook:
        """Return how a frame of an object is to look; raise `CallRefused` (400).

        That is where the region lies outside of the picture.
        """
        look = FrameLook(0, form, self.window, self.viewport, self.quality)
        if look.region.left >= told.columns or look.region.top >= told.rows:
            raise refuse(400, VIEWPORT)
        return look

    def thumbnail_edge(self, told: PictureDescription) -> int:
        """Return the most pixels an object's thumbnail may be wide or high.

        A region is passed over: a name in the picture could be read in it.
        """
        if self.viewport is None:
            return THUMBNAIL
        fitted = self.viewport.fitted(max(told.columns, 1), max(told.rows, 1))
        return min(max(fitted), LARGEST_THUMBNAIL)


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
        edge = wish.thumbnail_edge(told)
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
        look = wish.look(told, FORMS[media_type])
        tag = tag_of([one], str(number), repr(look), repr(wish.undone))
        if (same := unchanged(tag)) is not None:
            return same
        answer = _answer(next(self.pictures.frames(one.instance_id, number, 1, look)))
        base = self.retrieve.base.uri()
        for name in wish.undone:
            answer.headers.add("Warning", f"299 {base}: The {name} parameter is not supported.")
        return kept(answer, tag)

    def _whole(self, one: WebObject, told: PictureDescription, wish: PictureWish) -> Response:
        """Answer with a video or a document as it is, or the range of it that is asked for."""
        if first_of(wish.ranges, told.media_type) is None:
            raise refuse(406, told.media_type)
        tag = tag_of([one], told.media_type)
        if (same := unchanged(tag)) is not None:
            return same
        content = self.pictures.content(one.instance_id)
        return kept(part_of(content, request, tag), tag, is_strong=True)


def _answer(shown: ShownFrame) -> Response:
    if shown.problem:
        raise NotFound(f"Davon gibt es kein Bild / There is no picture of it: {shown.problem}.")
    return Response(shown.data, content_type=shown.media_type)


def viewport_of(said: str, told: str = VIEWPORT) -> Viewport | None:
    """Return a viewport (8.3.5.1.3); None for none, raise `CallRefused` with what is ``told``.

    Its region's width or height is negative where that side is turned.
    """
    if not said:
        return None
    columns, rows, left, top, width, height = _numbers(told, said, 6)
    if columns is None or rows is None or min(columns, rows) < 1 or 0 in {width, height}:
        raise refuse(400, told)
    region = PictureRegion(
        abs(left or 0),
        abs(top or 0),
        abs(width or 0),
        abs(height or 0),
        is_mirrored=(width or 0) < 0,
        is_turned_over=(height or 0) < 0,
    )
    return Viewport(columns, rows, region)


def window_of(said: str, told: str = WINDOW) -> GreyWindow | None:
    """Return a window (8.3.5.1.4); None for none, raise `CallRefused` with what is ``told``.

    Its function is linear where none is said.
    """
    if not said:
        return None
    numbers, function = said.split(",")[:2], ",".join(said.split(",")[2:]).strip().lower()
    centre, width = _numbers(told, ",".join(numbers), 2)
    function = function or LINEAR
    if centre is None or width is None or width <= 0 or function not in FUNCTIONS:
        raise refuse(400, told)
    if function == LINEAR and width < 1:  # PS3.3 C.11.2.1.2.1
        raise refuse(400, told)
    return GreyWindow(centre, width, FUNCTIONS[function])


def quality_of(said: str, told: str = QUALITY) -> int:
    """Return a quality (8.3.5.1.2); 0 for none, raise `CallRefused` with what is ``told``."""
    quality = number_of(said) if said else 0
    if quality is None or not 0 <= quality <= 100 or (said and not quality):
        raise refuse(400, told)
    return quality


def _numbers(told: str, text: str, most: int) -> list[float | None]:
    """Return so many numbers of a list, None for each that is left out.

    Raises `CallRefused` with what is ``told`` for more, and for what is no number.
    """
    parts = text.split(",") if len(text) < LONGEST_NUMBERS else []
    if not 0 < len(parts) <= most:
        raise refuse(400, told)
    try:
        found = [float(part) if part.strip() else None for part in parts]
    except ValueError:
        raise refuse(400, told) from None
    if not all(math.isfinite(one) for one in found if one is not None):
        raise refuse(400, told)
    return [*found, *[None] * (most - len(found))]
