"""Opens objects in child processes and makes files of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from gdtbridge.dataset.image_libraries import DECODING, keep_image_libraries_out
from gdtbridge.pictures.model import (
    AttachmentCandidate,
    AttachmentError,
    AttachmentHindered,
    AttachmentLimit,
    KeyObjectReference,
    KeyObjects,
    NotRenderable,
    RenderedFile,
)
from gdtbridge.pictures.sop_classes import is_image
from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.room import MEBIBYTE, SandboxRoom, SandboxTask, SandboxTexts

RENDER: Final = SandboxTask("gdtbridge.pictures.render:render", RenderedFile)
COUNT_FRAMES: Final = SandboxTask("gdtbridge.pictures.render:number_of_frames", int)
READ_KEY_OBJECTS: Final = SandboxTask("gdtbridge.pictures.key_objects:read_key_objects", KeyObjects)

PICTURES: Final = SandboxRoom(
    place=f"{__name__}:PICTURES",
    tasks=(RENDER, COUNT_FRAMES, READ_KEY_OBJECTS),
    errors=(NotRenderable, AttachmentLimit, AttachmentHindered),
    damage=NotRenderable,
    limit=AttachmentLimit,
    hindered=AttachmentHindered,
    texts=SandboxTexts(
        failed="Das Objekt lässt sich nicht lesen. / Cannot be read: ",
        memory="Das Objekt braucht zu viel Speicher. / Too much memory needed.",
        too_large="Das Objekt ist zu groß. / The object is too large.",
    ),
    prepare=f"{__name__}:prepare_child",
    memory_bytes=1024 * MEBIBYTE,
    max_text=4 * MEBIBYTE,
    max_body=32 * MEBIBYTE,
)
"""Children with numpy, Pillow and GDCM; a selection of 10,000 images has less than the 4 MiB."""


def prepare_child() -> None:
    """Set up the libraries of a child before they are imported.

    One thread is enough for one picture, and each would take address space. Decoders are loaded
    when a frame needs them (`gdtbridge.pictures.decoders`).
    """
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    keep_image_libraries_out(DECODING)
    from gdtbridge.dataset.hardening import harden_pydicom

    harden_pydicom()


class AttachmentReader(SandboxClient):
    """Reads and renders objects in child processes; threads may share one object."""

    room = PICTURES

    def render(self, path: Path, frame: int | None) -> RenderedFile:
        """Return the file made of an object; raise `AttachmentError` and nothing else.

        ``frame`` counts from 1; None is the document, the still, or of a loop the frame its
        Representative Frame Number names, else the middle one.
        """
        return self.call(RENDER, path=path.absolute(), frame=frame)

    def key_objects(self, paths: Iterable[Path]) -> KeyObjects:
        """Return what these Key Object Selections say; none that fails stops the others.

        Raises `AttachmentHindered`, for what they choose is not known then.
        """
        named: list[KeyObjectReference] = []
        rejected: list[KeyObjectReference] = []
        unreadable = 0
        for path in paths:
            try:
                key = self.call(READ_KEY_OBJECTS, path=path.absolute())
            except AttachmentHindered:
                raise
            except AttachmentError:
                unreadable += 1
            else:
                named += key.named
                rejected += key.rejected
        return KeyObjects(tuple(named), tuple(rejected), unreadable)

    def with_frames(
        self, candidates: Iterable[AttachmentCandidate]
    ) -> tuple[AttachmentCandidate, ...]:
        """Return the candidates, the images with their Number of Frames where it can be read.

        Raises `AttachmentHindered`.
        """
        return tuple(self._with_frames(one) for one in candidates)

    def _with_frames(self, candidate: AttachmentCandidate) -> AttachmentCandidate:
        if candidate.frames is not None or not is_image(candidate.sop_class_uid):
            return candidate
        try:
            return replace(
                candidate, frames=self.call(COUNT_FRAMES, path=candidate.path.absolute())
            )
        except AttachmentHindered:
            raise
        except AttachmentError:
            return candidate
