"""Whether a file holds all of its dataset, told by its structure alone (PS3.5 chapter 7).

One pass over the outermost elements, values passed over unread: a file that is still being written
ends inside one, or before a sequence is closed.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import BinaryIO, Final

from gdtbridge.dataset.encoding import UNDEFINED
from gdtbridge.dataset.errors import DatasetTooLarge
from gdtbridge.dataset.inflate import InflatedStream
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.walker import DatasetStream, DatasetWalker, OpenLevel

MOST_STEPS: Final = 500_000
DEEPEST: Final = 1024
"""Sequences and items within each other that are entered."""
MOST_INFLATED: Final = 256 * 1024 * 1024
"""Bytes of a deflated dataset that are looked at."""
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
"""Float, Double Float and Pixel Data (PS3.3 C.7.6.24 ff.)."""
_SMALL: Final = 1024


class Completeness(Enum):
    """Whether a dataset is all there."""

    WHOLE = auto()
    UNSURE = auto()
    """Nothing is missing, but it looks as if more were to come: zeros, a picture without pixels."""
    CUT = auto()
    """It ends early."""


def completeness_of(
    file: BinaryIO, transfer_syntax_uid: str, size: int | None = None
) -> Completeness:
    """Return whether the dataset at whose first byte ``file`` stands is all there.

    It has ``size`` bytes, or goes to the end of a file of the system's. Raises `UnreadableDataset`
    where it is not deflated as it should be.
    """
    try:
        stream = DatasetStream.of_file(
            file, transfer_syntax_uid, most_inflated=MOST_INFLATED, size=size
        )
        found = _CompletenessWalker(stream).run()
        source = stream.source
        if isinstance(source, InflatedStream) and found is not Completeness.CUT:
            source.skip(MOST_INFLATED)
            return found if source.is_whole else Completeness.CUT
    except DatasetTooLarge:
        return Completeness.UNSURE
    return found


class _CompletenessWalker(DatasetWalker[OpenLevel]):
    """Walks from element to element; enters only what has no length of its own."""

    def __init__(self, stream: DatasetStream) -> None:
        super().__init__(stream, most_steps=MOST_STEPS, deepest=DEEPEST)
        self._found = Completeness.WHOLE
        self._tags: set[int] = set()

    def run(self) -> Completeness:
        """Return what was found."""
        self._walk(OpenLevel(self._end, False, self._stream.implicit, False))
        lacks_pixels = Tag.Rows in self._tags and not self._tags & _PIXELS
        if self._found is Completeness.WHOLE and lacks_pixels:
            return Completeness.UNSURE
        return self._found

    def _end_with(self, found: Completeness) -> None:
        self._found = found
        self._open.clear()

    def _element(self, level: OpenLevel, tag: int, vr: bytes, length: int) -> None:
        if tag == 0:
            self._end_with(Completeness.UNSURE)  # zeros where an element should be
            return
        if len(self._open) == 1 and (tag in _PIXELS or tag == Tag.Rows):
            self._tags.add(tag)
        if length == UNDEFINED:
            implicit = level.implicit or vr == b"UN"  # PS3.5 6.2.2
            self._push(OpenLevel(level.end, True, implicit, True), length)
        else:
            self._pass(length)

    def _begin_item(self, level: OpenLevel, length: int) -> None:
        if length == UNDEFINED:
            self._push(OpenLevel(level.end, True, level.implicit, False), length)
        else:
            self._pass(length)

    def _pass(self, length: int) -> None:
        if self._at + length > self._end:
            self._end_with(Completeness.CUT)
        elif length <= _SMALL:  # reading costs less than seeking
            self._at += length
            self._read(length)
        else:
            self._at += length
            self._pass_over(length)

    def _no_item(self, level: OpenLevel, start: bytes) -> None:  # noqa: ARG002
        self._end_with(Completeness.UNSURE)

    def _left_over(self, rest: bytes) -> None:
        if rest.strip(b"\0"):  # spaces may be padding, or the beginning of group 0020
            self._found = Completeness.CUT if rest.strip(b"\0 ") else Completeness.UNSURE

    def _fault(self, needed: int = 0) -> None:  # noqa: ARG002 - a delimiter never came
        self._found = Completeness.CUT

    def _ended_early(self) -> None:
        self._found = Completeness.CUT
