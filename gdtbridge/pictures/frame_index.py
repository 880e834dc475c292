"""Where each frame of encapsulated pixel data begins and ends in its file (PS3.5 A.4).

By the Extended or the Basic Offset Table where one is there and right; else by the items: one for
each frame, or a frame begins where an item begins a codestream. Made once for an object; a frame
is then read without a look at those before it.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Final

from gdtbridge.dataset.encoding import ITEM, UNDEFINED
from gdtbridge.durable.files import FileStamp
from gdtbridge.pictures.looking import FrameSpan, PictureProblem
from gdtbridge.pictures.model import NO_SUCH_FRAME, AttachmentLimit, NotRenderable
from gdtbridge.pictures.opened_object import OpenedObject

MAX_ITEMS: Final = 200_000
"""Frames, and fragments, of an object: a gigabyte of frames of 5 kB."""
MAX_TABLE: Final = 8 * MAX_ITEMS
"""Bytes of an offset table."""
MAX_ENCODED: Final = 256 * 1024 * 1024
"""Bytes of a compressed frame; `gdtbridge.pictures.frames.MAX_SAMPLES` of 16 bits have less."""

_HEAD: Final = struct.Struct("<HHL")
_BEGINNINGS: Final = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")
"""SOI and a marker (ITU-T T.81 B, T.87 C); SOC and SIZ (ITU-T T.800 A.4)."""
_EXTENDED: Final = 0x7FE00001


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Where the items of each frame begin, and at last where those of the last one end.

    ``bounds`` are offsets into the file, ascending; empty where there is no frame.
    """

    bounds: Sequence[int]

    def __len__(self) -> int:
        """Return how many frames there are."""
        return max(len(self.bounds) - 1, 0)

    def span(self, number: int) -> FrameSpan:
        """Return where a frame is, counted from 1; raise `NotRenderable` where there is none."""
        if not 1 <= number <= len(self):
            raise NotRenderable(
                NO_SUCH_FRAME,
                PictureProblem.NO_FRAME,
            )
        return FrameSpan(number, self.bounds[number - 1], self.bounds[number])

    def packed(self) -> bytes:
        """Return the bounds as unsigned integers of 64 bits in little endian."""
        return struct.pack(f"<{len(self.bounds)}Q", *self.bounds)

    @classmethod
    def unpacked(cls, data: bytes) -> FrameIndex:
        """Return the index of `packed` bytes."""
        return cls(_numbers(data, "Q"))


def index_frames(source: OpenedObject, frames: int) -> FrameIndex:
    """Return the index of encapsulated pixel data that says it has so many frames.

    There may be fewer. Raises `NotRenderable` where the items cannot be followed at all. The last
    one made is remembered: who wants all of a loop opens its file again and again.
    """
    if source.pixel_data is None or source.pixel_data.length is not None:
        raise _damaged()
    version = _version(source.stream)
    if version is None:
        return _made(source.stream, source.pixel_data.at, _extended(source), frames)
    key = version, frames
    if key not in _LAST:
        index = _made(source.stream, source.pixel_data.at, _extended(source), frames)
        _LAST.clear()
        _LAST[key] = index
    return _LAST[key]


_LAST: Final[dict[tuple[FileStamp, int], FrameIndex]] = {}
"""One at most; a child does one thing at a time."""


def _version(stream: BinaryIO) -> FileStamp | None:
    """Return which version of which file a stream is of; None for one in memory."""
    try:
        return FileStamp.of(os.fstat(stream.fileno()))
    except OSError:
        return None


def _made(stream: BinaryIO, at: int, extended: Sequence[int], frames: int) -> FrameIndex:
    stream.seek(at)
    tag, length = _item(stream)
    if tag != ITEM or length == UNDEFINED or length > MAX_TABLE:
        raise _damaged()
    table, begin = stream.read(length), at + 8 + length
    for offsets in (extended, _numbers(table, "L")):
        if (bounds := _by_table(stream, begin, offsets, frames)) is not None:
            return FrameIndex(bounds)
    return FrameIndex(_by_items(list(_items(stream, begin)), frames))


def encoded(stream: BinaryIO, span: FrameSpan) -> bytes:
    """Return the codestream of a frame, its fragments put together."""
    if not 0 < span.stop - span.start <= MAX_ENCODED:
        raise AttachmentLimit("Das Bild ist zu groß. / The picture is too large.")
    stream.seek(span.start)
    items, fragments = io.BytesIO(stream.read(span.stop - span.start)), []
    while len(head := items.read(8)) == 8:
        group, element, length = _HEAD.unpack(head)
        if group << 16 | element != ITEM:
            break
        fragments.append(items.read(length))
        if len(fragments[-1]) < length:
            raise NotRenderable("Das Bild ist abgeschnitten. / The image is cut off.")
    return b"".join(fragments)


def places(stream: BinaryIO, span: FrameSpan) -> Iterator[tuple[int, int]]:
    """Yield first and last offset of each fragment of a frame in the file."""
    for one in _items(stream, span.start):
        yield one.start + 8, one.stop
        if one.stop >= span.stop:
            return


def encoded_start(stream: BinaryIO, span: FrameSpan, length: int) -> bytes:
    """Return the first bytes of the first fragment of a frame."""
    stream.seek(span.start + 8)
    return stream.read(length)


def _extended(source: OpenedObject) -> Sequence[int]:
    return _numbers(source.big_value(_EXTENDED, MAX_TABLE) or b"", "Q")


def _numbers(data: bytes, kind: str) -> Sequence[int]:
    """Return the whole unsigned integers in little endian: ``L`` of 32 bits, ``Q`` of 64."""
    size = struct.calcsize(f"<{kind}")
    return struct.unpack_from(f"<{len(data) // size}{kind}", data)


def _item(stream: BinaryIO) -> tuple[int, int]:
    """Read the head of an item; tag 0 at the end of the file."""
    head = stream.read(8)
    if len(head) < 8:
        return 0, 0
    group, element, length = _HEAD.unpack(head)
    return group << 16 | element, length


def _by_table(
    stream: BinaryIO, begin: int, offsets: Sequence[int], frames: int
) -> list[int] | None:
    """Return the bounds by a table of offsets from the first item; None where it is wrong."""
    if len(offsets) != frames or not frames or offsets[0] != 0:
        return None
    if any(later <= earlier for earlier, later in pairwise(offsets)):
        return None
    for offset in offsets:
        stream.seek(begin + offset)
        if _item(stream)[0] != ITEM:
            return None
    last = list(_items(stream, begin + offsets[-1]))
    return [*(begin + offset for offset in offsets), last[-1].stop] if last else None


@dataclass(frozen=True, slots=True)
class _Fragment:
    start: int
    stop: int
    begins: bool


def _items(stream: BinaryIO, at: int) -> Iterator[_Fragment]:
    """Yield the items from ``at`` on, up to what is none; one that is cut off is the last."""
    stream.seek(0, io.SEEK_END)
    end = stream.tell()
    for _ in range(MAX_ITEMS):
        stream.seek(at)
        tag, length = _item(stream)
        if tag != ITEM or length == UNDEFINED:
            return
        stop = min(at + 8 + length, end)
        yield _Fragment(at, stop, stream.read(4).startswith(_BEGINNINGS))
        at = stop
    raise AttachmentLimit("Das Objekt hat zu viele Teile. / The object has too many fragments.")


def _by_items(items: list[_Fragment], frames: int) -> list[int]:
    """Return the bounds: all items are one frame, each is one, or codestreams begin in some."""
    if not items:
        return []
    starts = [one.start for one in items]
    if frames == 1:
        starts = starts[:1]
    elif len(items) > frames:
        starts = [one.start for one in items if one.begins] or starts
        if len(starts) > frames:
            return starts[: frames + 1]
    return [*starts, items[-1].stop]


def _damaged() -> NotRenderable:
    return NotRenderable("Die Pixel sind beschädigt. / The pixels are damaged.")
