"""Opens objects in guarded child processes: a picture can cost time, but not the service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gdtbridge.pictures.model import (
    AttachmentError,
    AttachmentLimit,
    Candidate,
    KeyObjects,
    KeyReference,
    Rendered,
)
from gdtbridge.pictures.sop_classes import is_image
from gdtbridge.pictures.wire import (
    MAX_BODY,
    MAX_TEXT,
    decode_frames,
    decode_key_objects,
    decode_rendered,
)
from gdtbridge.sandbox import IDLE_SECONDS, Answer, Gone, GuardedRoom, Workers


class AttachmentReader(GuardedRoom):
    """Reads and renders in child processes; share one object between threads.

    ``seconds`` bounds the wall clock for one object, ``memory_bytes`` a child's address space,
    ``processes`` how many objects are worked on at a time.
    """

    def __init__(
        self,
        *,
        seconds: float = 20,
        memory_bytes: int = 1024 * 1024 * 1024,
        processes: int = 1,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        super().__init__(
            Workers(
                "gdtbridge.pictures.child",
                seconds=seconds,
                memory_bytes=memory_bytes,
                processes=processes,
                idle_seconds=idle_seconds,
                max_text=MAX_TEXT,
                max_body=MAX_BODY,
            )
        )

    def render(self, path: Path, frame: int | None) -> Rendered:
        """Return the file made of an object; raise `AttachmentError` and nothing else.

        ``frame`` counts from 1; None is the document, the still, or of a loop the frame its
        Representative Frame Number names, else the middle one.
        """
        return decode_rendered(self._ask("render", path, frame))

    def key_objects(self, paths: Iterable[Path]) -> KeyObjects:
        """Return what these Key Object Selections say; none that fails stops the others."""
        named: list[KeyReference] = []
        rejected: list[KeyReference] = []
        unreadable = 0
        for path in paths:
            try:
                key = decode_key_objects(self._ask("key_objects", path))
            except AttachmentError:
                unreadable += 1
            else:
                named += key.named
                rejected += key.rejected
        return KeyObjects(tuple(named), tuple(rejected), unreadable)

    def with_frames(self, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
        """Return the candidates, the images with their Number of Frames where it can be read."""
        return tuple(self._with_frames(one) for one in candidates)

    def _with_frames(self, candidate: Candidate) -> Candidate:
        if candidate.frames is not None or not is_image(candidate.sop_class_uid):
            return candidate
        try:
            return replace(candidate, frames=decode_frames(self._ask("frames", candidate.path)))
        except AttachmentError:
            return candidate

    def _ask(self, task: str, path: Path, frame: int | None = None) -> Answer:
        try:
            return self._workers.ask({"do": task, "path": str(path.absolute()), "frame": frame})
        except Gone as gone:
            raise AttachmentLimit(str(gone)) from None
