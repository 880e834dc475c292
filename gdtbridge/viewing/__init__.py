"""What of an exam can be looked at: the one way from a stored object to a frame.

`StoredPictures` describes objects and gives their frames as a browser shows them, for the viewer,
thumbnails, exports and pages that print pictures. Decoding is done in the child processes of
`gdtbridge.pictures`, what was decoded is kept in a cache on the disk.

Not here: whose an exam is, who may look, words for people.
"""

from gdtbridge.pictures.looking import (
    AS_STORED,
    FrameLook,
    GreyWindow,
    PictureForm,
    PictureProblem,
    PictureRegion,
    ShownFrame,
    Viewport,
)
from gdtbridge.pictures.speed import PlaybackSpeed, SpeedSource
from gdtbridge.viewing.content import MediaContent
from gdtbridge.viewing.model import PictureDescription, PictureUnavailable
from gdtbridge.viewing.stored import StoredPictures

__all__ = [
    "AS_STORED",
    "FrameLook",
    "GreyWindow",
    "MediaContent",
    "PictureDescription",
    "PictureForm",
    "PictureProblem",
    "PictureRegion",
    "PictureUnavailable",
    "PlaybackSpeed",
    "ShownFrame",
    "SpeedSource",
    "StoredPictures",
    "Viewport",
]
