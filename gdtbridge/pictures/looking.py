"""What a browser is shown of a stored object: what is asked for, and what comes back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.pictures.speed import PlaybackSpeed


class PictureProblem(StrEnum):
    """Why an object, or a frame of it, cannot be shown; pages have words for each."""

    NO_PICTURE = "no-picture"
    """There are no pixels in the object."""
    SYNTAX = "syntax"
    """Nobody here decodes its transfer syntax."""
    VIDEO = "video"
    """A video that no browser plays as it is."""
    COLOURS = "colours"
    """Its Photometric Interpretation is not known."""
    BITS = "bits"
    """So many bits, or such samples, are not shown."""
    DAMAGED = "damaged"
    """It is cut off, or its bytes are no picture."""
    TOO_LARGE = "too-large"
    """Showing it would take more memory or time than a picture may."""
    NO_FRAME = "no-frame"
    """There is no such frame."""


class PictureForm(StrEnum):
    """The file format of a shown frame."""

    BEST = "best"
    """The device's own JPEG; else PNG for a still, JPEG for a loop."""
    JPEG = "jpeg"
    PNG = "png"


@dataclass(frozen=True, slots=True)
class GreyWindow:
    """A window of grey values: centre and width after rescaling (PS3.3 C.11.2.1.2).

    ``function`` is a defined term of VOI LUT Function (C.11.2.1.3), empty for the object's own.
    """

    centre: float
    width: float
    function: str = ""


@dataclass(frozen=True, slots=True)
class PictureRegion:
    """A part of a picture, in its pixels from the top left corner; it may reach beyond the picture.

    A width or height of 0 is up to the edge. What is mirrored changes left and right, what is
    turned over top and bottom.
    """

    left: float = 0
    top: float = 0
    width: float = 0
    height: float = 0
    is_mirrored: bool = False
    is_turned_over: bool = False

    def bounds(self, columns: int, rows: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of its pixels, one at least, of so many."""
        left, right = _between(self.left, self.width, columns)
        top, bottom = _between(self.top, self.height, rows)
        return left, top, right, bottom


def _between(first: float, length: float, there: int) -> tuple[int, int]:
    start = min(math.floor(first), there - 1)
    stop = math.ceil(min(first + length, there)) if length else there
    return start, max(stop, start + 1)


WHOLE: Final = PictureRegion()
LARGEST_ENLARGED: Final = 2048
"""Pixels up to which the longer side of a picture is enlarged; a browser does the rest better."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """Columns and rows a part of a picture is fitted into, its shape kept (PS3.18 8.3.5.1.3)."""

    columns: float
    rows: float
    region: PictureRegion = WHOLE

    def fitted(self, columns: int, rows: int) -> tuple[int, int]:
        """Return the size a picture of square pixels has in it."""
        scale = min(self.columns / columns, self.rows / rows)
        if scale > 1:
            scale = min(scale, max(1.0, LARGEST_ENLARGED / max(columns, rows)))
        return max(1, math.floor(columns * scale)), max(1, math.floor(rows * scale))


@dataclass(frozen=True, slots=True)
class FrameLook:
    """How frames are shown.

    ``edge`` is the most pixels they may be wide and high, 0 for as they are; they never become
    larger. ``window`` is for grey values, instead of the object's own. A ``viewport`` counts
    instead of an edge. ``quality`` is that of a JPEG made here (1 to 100), 0 for the usual; where
    it is said the device's own is not handed on.
    """

    edge: int = 0
    form: PictureForm = PictureForm.BEST
    window: GreyWindow | None = None
    viewport: Viewport | None = None
    quality: int = 0

    @property
    def is_fitted(self) -> bool:
        """Whether something is said of the size."""
        return bool(self.edge) or self.viewport is not None

    @property
    def region(self) -> PictureRegion:
        """The part that is shown."""
        return self.viewport.region if self.viewport is not None else WHOLE

    def size(self, columns: int, rows: int) -> tuple[int, int]:
        """Return the size in which a part of so many square pixels is shown."""
        if self.viewport is not None:
            return self.viewport.fitted(columns, rows)
        if not self.edge or max(columns, rows) <= self.edge:
            return columns, rows
        scale = self.edge / max(columns, rows)
        return max(round(columns * scale), 1), max(round(rows * scale), 1)


AS_STORED: Final = FrameLook()


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One frame as a browser shows it, or why it does not.

    ``number`` counts from 1. ``problem`` is empty where there is a picture, else a
    `PictureProblem`. ``is_own`` says that the compressed pixels are the device's own; a JPEG that
    is not has lost something here.
    """

    number: int
    media_type: str
    data: bytes
    columns: int
    rows: int
    is_own: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FrameSpan:
    """A frame, counted from 1, and where it is in the file.

    From ``start`` to ``stop`` are the items of encapsulated pixel data that hold it (PS3.5 A.4);
    both are 0 for pixel data that is not, whose frames all have one length.
    """

    number: int
    start: int = 0
    stop: int = 0


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """A frame on its way out of a child: a `ShownFrame` whose bytes are some of many."""

    number: int
    media_type: str
    length: int
    columns: int
    rows: int
    is_own: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Some frames, in the order asked, their bytes one after the other."""

    frames: tuple[FrameFacts, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What an object says of its frames.

    ``frames`` are those that are there, of ``said_frames``. ``rows`` and ``columns`` are those
    shown, pixels square. ``window`` is the object's own, ``grey_range`` the lowest and highest
    value a window can be for, None where there is nothing to window. ``representative`` is the
    frame that stands for a loop; where nothing says which values are black and white, all frames
    follow it (``needs_reference``). ``speed`` is None for a still. ``video`` is the media type of a
    video a browser may play. ``problem`` is empty, or a `PictureProblem`. ``spans`` are the packed
    bounds of the frames (`gdtbridge.pictures.frame_index`), empty for frames of one length: of
    these the first is at ``first_frame`` in the file, each of ``frame_bytes``, 0 where they are not
    in it as they are.
    """

    frames: int = 0
    said_frames: int = 0
    rows: int = 0
    columns: int = 0
    representative: int = 1
    speed: PlaybackSpeed | None = None
    is_lossy: bool = False
    window: GreyWindow | None = None
    grey_range: tuple[float, float] | None = None
    needs_reference: bool = False
    video: str = ""
    problem: str = ""
    spans: bytes = b""
    first_frame: int = 0
    frame_bytes: int = 0
