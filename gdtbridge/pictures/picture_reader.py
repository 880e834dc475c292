"""Shows frames of stored objects in child processes, for pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from gdtbridge.pictures.looking import (
    FrameBatch,
    FrameLook,
    FrameSpan,
    PictureFacts,
    ShownFrame,
)
from gdtbridge.pictures.reader import PICTURES, prepare_child
from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.limits import give_way
from gdtbridge.sandbox.room import MEBIBYTE, SandboxRoom, SandboxTask

DESCRIBE: Final = SandboxTask("gdtbridge.pictures.showing:describe", PictureFacts)
SHOW: Final = SandboxTask("gdtbridge.pictures.showing:show", FrameBatch)

SHOWN: Final = replace(
    PICTURES,
    place=f"{__name__}:SHOWN",
    tasks=(DESCRIBE, SHOW),
    seconds=10.0,
    max_body=32 * MEBIBYTE,
)
"""Children of their own: a loop somebody looks at keeps no report and no forwarding waiting."""

SHOWN_AHEAD: Final = replace(
    SHOWN, place=f"{__name__}:SHOWN_AHEAD", prepare=f"{__name__}:prepare_patient_child"
)


def prepare_patient_child() -> None:
    """Set up a child that gives way to everything else (`prepare_child`)."""
    prepare_child()
    give_way()


class PictureReader(SandboxClient):
    """Shows frames in child processes; threads may share one object."""

    room: ClassVar[SandboxRoom] = SHOWN

    def describe(self, path: Path) -> PictureFacts:
        """Return what an object has to show; raise `AttachmentError` and nothing else."""
        return self.call(DESCRIBE, path=path.absolute())

    def show(
        self,
        path: Path,
        spans: tuple[FrameSpan, ...],
        look: FrameLook,
        *,
        is_loop: bool,
        reference: FrameSpan | None = None,
    ) -> tuple[ShownFrame, ...]:
        """Return the first of these frames, some megabytes of them; raise `AttachmentError`."""
        batch = self.call(
            SHOW,
            path=path.absolute(),
            spans=spans,
            look=look,
            is_loop=is_loop,
            reference=reference,
        )
        shown, at = [], 0
        for one in batch.frames:
            data = batch.data[at : at + one.length]
            at += one.length
            shown.append(
                ShownFrame(
                    one.number, one.media_type, data, one.columns, one.rows, one.is_own, one.problem
                )
            )
        return tuple(shown)


class AheadReader(PictureReader):
    """Does the same, giving way to everything else."""

    room = SHOWN_AHEAD
