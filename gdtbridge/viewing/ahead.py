"""Pictures made ahead of anybody's wish: thumbnails, and the first frames of loops.

Only of what arrives while the service runs, one object at a time, in a child that gives way to
everything else, and never while something is being received.
"""

from __future__ import annotations

from typing import Final

from gdtbridge.errors import NotFound
from gdtbridge.viewing.arrived import ArrivedObjects
from gdtbridge.viewing.model import PictureUnavailable
from gdtbridge.viewing.stored import StoredPictures

LOOK_SECONDS: Final = 5.0
"""How often is looked for what arrived."""
FIRST_FRAMES: Final = 24
"""What a viewer asks for first of a loop."""


class PicturesAhead:
    """Has pictures made of what arrived, when nothing else is to be done."""

    def __init__(self, arrived: ArrivedObjects, pictures: StoredPictures) -> None:
        self._arrived, self._pictures = arrived, pictures

    def work(self) -> float | None:
        """Make what is missing of the next object that arrived, where nothing arrives now.

        The first call only notes where to begin. Returns 0 where there may be more to do. Raises
        `DatabaseError`.
        """
        for following in self._arrived.next():
            self._make(following)
            return 0.0
        return None

    def _make(self, instance_id: int) -> None:
        """Have thumbnail and first frames of an object made; what cannot be shown is passed over.

        The device's own JPEG is there already.
        """
        try:
            if not self._pictures.describe(instance_id).frames:
                return
            self._pictures.thumbnail(instance_id)
            for frame in self._pictures.frames(instance_id, 1, FIRST_FRAMES):
                if frame.is_own or self._arrived.is_receiving():
                    return
        except (NotFound, PictureUnavailable):
            return
