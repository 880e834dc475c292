"""What is known of a stored object before anybody looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gdtbridge.errors import BridgeError
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.pictures.looking import GreyWindow
from gdtbridge.pictures.speed import PlaybackSpeed


class PictureUnavailable(BridgeError):
    """The machine was in the way: too busy, or its disk away; later there may be a picture."""

    retriable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDescription:
    """What of a stored object can be looked at.

    ``problem`` is empty where it can, else a `PictureProblem`: then there are no frames and no
    content. A report has neither a picture nor a problem.
    """

    instance_id: int
    exam_id: int
    person: int
    """Which of the people of its exam it is of."""
    kind: ObjectKind
    key: str
    """Of the object's bytes: what is shown of it never changes as long as this stays."""
    transfer_syntax: str
    """Its name in DICOM (PS3.6 Table A-1)."""
    problem: str = ""
    frames: int = 0
    """That are there."""
    said_frames: int = 0
    """Number of Frames as sent; more than ``frames`` where some did not come."""
    rows: int = 0
    columns: int = 0
    """Of the shown picture, whose pixels are square."""
    representative: int = 1
    """The frame that stands for a loop, counted from 1."""
    speed: PlaybackSpeed | None = None
    """None for a still."""
    is_lossy: bool = False
    """Whether the device, or somebody on the way, compressed it with loss."""
    window: GreyWindow | None = None
    """The object's own."""
    grey_range: tuple[float, float] | None = None
    """What a window can be for; None for colours."""
    media_type: str = ""
    """Of what `StoredPictures.content` gives: a video or a document; empty for frames."""
