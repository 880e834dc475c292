"""Frames and facts of stored objects made by children: once for all who want them, and in turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import Final

from gdtbridge.dataset.encoding import DEFLATED
from gdtbridge.pictures import AttachmentHindered, AttachmentLimit, NotRenderable
from gdtbridge.pictures.frame_index import FrameIndex, places
from gdtbridge.pictures.looking import (
    FrameLook,
    FrameSpan,
    PictureFacts,
    PictureProblem,
    ShownFrame,
)
from gdtbridge.pictures.picture_reader import PictureReader
from gdtbridge.viewing.flights import Released
from gdtbridge.viewing.memory import PictureMemory
from gdtbridge.viewing.model import PictureUnavailable
from gdtbridge.viewing.store import StoredObject

AT_ONCE: Final = 12
"""Frames that are made together, a third of a second of most loops."""
MOST_AT_ONCE: Final = 4
"""Callers that wait for children at a time: half of the threads that answer pages, at most."""
TURN_SECONDS: Final = 5.0
"""How long others wait for their turn."""


@dataclass(frozen=True, slots=True)
class LocatedObject:
    """An object, what it has to show, and where its frames are."""

    stored: StoredObject
    path: Path
    facts: PictureFacts
    index: FrameIndex | None

    @property
    def is_loop(self) -> bool:
        """Whether it has several frames."""
        return self.facts.frames > 1

    def span(self, number: int) -> FrameSpan:
        """Return where a frame is, counted from 1."""
        return FrameSpan(number) if self.index is None else self.index.span(number)

    def places(self, number: int) -> list[tuple[int, int]]:
        """Return first offset and end of each piece of a frame in the file.

        There are none where it is not in the file as it is. Raises `AttachmentLimit` for too many,
        and `OSError`.
        """
        if self.stored.transfer_syntax in DEFLATED:
            return []
        if self.index is None:
            start = self.facts.first_frame + (number - 1) * self.facts.frame_bytes
            return [(start, start + self.facts.frame_bytes)] if self.facts.frame_bytes else []
        with self.path.open("rb") as file:
            return list(places(file, self.index.span(number)))


class PictureMaker:
    """Makes frames and facts of objects, unless they are remembered. Thread-safe."""

    def __init__(self, reader: PictureReader, memory: PictureMemory) -> None:
        """Have ``reader`` make what ``memory``, which several makers may share, does not have."""
        self._reader, self._memory = reader, memory
        self._turns = threading.BoundedSemaphore(MOST_AT_ONCE)

    def facts(self, stored: StoredObject, path: Path) -> PictureFacts:
        """Return what an object has to show; raise `PictureUnavailable`."""
        key = f"facts {stored.key}"
        if (kept := self._memory.facts(key)) is not None:
            return kept
        with self.turn():
            return self._memory.facts_under_way.once(key, partial(self._new_facts, key, path))

    def _new_facts(self, key: str, path: Path) -> PictureFacts:
        facts = self._memory.facts(key)  # made while this waited for its turn?
        if facts is None:
            facts = self._read_facts(path)
            self._memory.keep_facts(key, facts)
        return facts

    def _read_facts(self, path: Path) -> PictureFacts:
        try:
            with hindered():
                return self._reader.describe(path)
        except AttachmentLimit:
            return PictureFacts(problem=PictureProblem.TOO_LARGE)
        except NotRenderable:
            return PictureFacts(problem=PictureProblem.DAMAGED)

    def frames(
        self, known: LocatedObject, numbers: Sequence[int], look: FrameLook
    ) -> Iterator[ShownFrame]:
        """Return frames by their numbers, some made together; raise `PictureUnavailable`."""
        keys = {one: f"frame {known.stored.key} {one} {_said(look)}" for one in numbers}
        while keys:
            shown = self._next(known, keys, look)
            yield from shown
            for one in shown:
                del keys[one.number]

    def _next(
        self, known: LocatedObject, keys: Mapping[int, str], look: FrameLook
    ) -> Sequence[ShownFrame]:
        """Return the first of some frames, perhaps with those after it: kept, awaited or made."""
        first = next(iter(keys.values()))
        if (kept := self._memory.frame(first)) is not None:
            return [kept]
        with self.turn():
            return self._made_by_somebody(known, self._missing(keys), look)

    def _missing(self, keys: Mapping[int, str]) -> dict[int, str]:
        """Return the first frame and those after it up to one that is kept."""
        (first, key), *others = islice(keys.items(), AT_ONCE)
        missing = takewhile(lambda one: not self._memory.has_frame(one[1]), others)
        return {first: key, **dict(missing)}

    def _made_by_somebody(
        self, known: LocatedObject, wanted: dict[int, str], look: FrameLook
    ) -> Sequence[ShownFrame]:
        """Return some of the wanted frames; none where who made the first gave it up."""
        under_way, keys = self._memory.frames_under_way, list(wanted.values())
        count, others = under_way.claim(keys)
        if others is not None:
            try:
                return [others.result()]
            except Released:
                return []
        if (kept := self._memory.frame(keys[0])) is not None:  # made while this waited
            under_way.release(keys[:count])
            return [kept]
        return self._make(known, dict(islice(wanted.items(), count)), look)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keep most of those who want something from waiting for objects that take long.

        Raises `PictureUnavailable` where no turn comes.
        """
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise PictureUnavailable(_BUSY)
        try:
            yield
        finally:
            self._turns.release()

    def _make(
        self, known: LocatedObject, keys: dict[int, str], look: FrameLook
    ) -> Sequence[ShownFrame]:
        """Make claimed frames, some of them at least, for all who wait for them."""
        under_way, failed = self._memory.frames_under_way, None
        try:
            shown = self._made(known, tuple(map(known.span, keys)), look)
            for one in shown:
                self._memory.keep_frame(keys[one.number], one)
                under_way.land(keys.pop(one.number), one)
        except Exception as error:
            failed = error
            raise
        finally:
            under_way.release(list(keys.values()), failed)
        return shown

    def _made(
        self, known: LocatedObject, spans: tuple[FrameSpan, ...], look: FrameLook
    ) -> Sequence[ShownFrame]:
        """Return the first of some frames; one that takes too much is tried by itself."""
        facts = known.facts
        reference = known.span(facts.representative) if facts.needs_reference else None
        try:
            with hindered():
                return self._reader.show(
                    known.path, spans, look, is_loop=known.is_loop, reference=reference
                )
        except AttachmentLimit:
            if len(spans) > 1:
                return self._made(known, spans[:1], look)
            problem = PictureProblem.TOO_LARGE
        except NotRenderable:
            problem = PictureProblem.DAMAGED
        return [
            ShownFrame(one.number, "", b"", 0, 0, is_own=False, problem=problem) for one in spans
        ]


def _said(look: FrameLook) -> str:
    """Return what a look is, as text."""
    window = look.window
    shades = f" {window.centre} {window.width} {window.function}".rstrip() if window else ""
    viewport = f" {look.viewport}" if look.viewport is not None else ""
    quality = f" quality {look.quality}" if look.quality else ""
    return f"{look.edge} {look.form}{shades}{viewport}{quality}"


@contextmanager
def hindered() -> Iterator[None]:
    """Have what the machine does to a child told as `PictureUnavailable`."""
    try:
        yield
    except AttachmentHindered as error:
        raise PictureUnavailable(str(error)) from error


_BUSY: Final = (
    "Andere Bilder brauchen gerade lange, bitte noch einmal versuchen. / Other pictures take long "
    "at the moment, please try again."
)
