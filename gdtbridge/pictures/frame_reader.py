"""Decodes frames in child processes, for objects that leave uncompressed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gdtbridge.pictures.model import (
    AttachmentHindered,
    AttachmentLimit,
    NativeFrames,
    NotRenderable,
)
from gdtbridge.pictures.reader import PICTURES
from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.room import MEBIBYTE, SandboxRoom, SandboxTask

DECODE: Final = SandboxTask("gdtbridge.pictures.native:native_frames", NativeFrames)

FRAMES: Final = SandboxRoom(
    place=f"{__name__}:FRAMES",
    tasks=(DECODE,),
    errors=(NotRenderable, AttachmentLimit, AttachmentHindered),
    damage=NotRenderable,
    limit=AttachmentLimit,
    hindered=AttachmentHindered,
    texts=PICTURES.texts,
    prepare=PICTURES.prepare,
    memory_bytes=1024 * MEBIBYTE,
    max_text=MEBIBYTE,
    max_body=96 * MEBIBYTE,
)
"""Children of their own: a long loop that leaves keeps no picture of a report waiting."""


class FrameReader(SandboxClient):
    """Decodes frames in child processes; threads may share one object."""

    room = FRAMES

    def native_frames(self, path: Path, first: int, most: int = 0, label: str = "") -> NativeFrames:
        """Return frames from ``first``, counted from 1, up to some megabytes of them.

        No more than ``most``, where that is said; ``label`` as in the child. Raises
        `AttachmentError` and nothing else.
        """
        return self.call(DECODE, path=path.absolute(), first=first, most=most, label=label)
