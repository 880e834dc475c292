"""Bytes of a dataset to the few elements somebody wants (PS3.5 chapter 7).

One pass over a stream, no recursion: what is not wanted is passed over unread, and depth, number of
elements and of items are bounded by the caller, whatever the bytes say. A value whose announced
length runs past the end of its item is dropped, never cut short, and every item open at that moment
is marked incomplete: half a number is a wrong number.

The archive reads the head of a file of any size by it, the report reader a whole tree.
"""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass, field
from typing import BinaryIO, Final, TypeAlias

from gdtbridge.dataset.encoding import (
    DEFLATED,
    EXPLICIT_BIG_ENDIAN,
    ITEM,
    ITEM_END,
    LONG_VRS,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    is_explicit,
    is_vr,
)
from gdtbridge.dataset.errors import DatasetTooLarge
from gdtbridge.dataset.inflate import InflatedStream

ENDLESS: Final = 1 << 62
"""The end of a dataset whose length nobody knows before it is inflated."""

_SMALL: Final = 1024
_SEQUENCE_VRS: Final = frozenset({b"SQ", b"UN", b""})


@dataclass(frozen=True, slots=True)
class WantedElements:
    """What a parser reads and how far it goes.

    ``values`` and ``sequences`` are tags, at any depth inside wanted sequences; ``private_group``
    is kept as it is at the top level. ``last`` is the highest top-level tag looked at. A value
    longer than ``longest`` bytes counts as absent.
    """

    values: frozenset[int]
    sequences: frozenset[int] = frozenset()
    private_group: int = 0
    last: int = UNDEFINED
    longest: int = UNDEFINED
    most_steps: int = 10_000_000
    most_items: int = 200_000
    deepest: int = 1024


@dataclass(slots=True)
class Item:
    """The wanted elements of a dataset or of one sequence item, by tag."""

    values: dict[int, bytes] = field(default_factory=dict)
    sequences: dict[int, list[Item]] = field(default_factory=dict)
    complete: bool = True


@dataclass(slots=True)
class ParsedDataset:
    """A parsed dataset: its ``root``, the ``private`` elements by tag, and what is wrong with it.

    ``cut``: it ends early. ``damaged``: a length inside lies, or a wanted value of the root is cut.
    ``repeated``: an element stands twice in one item; the first one counts.
    """

    root: Item
    private: dict[int, bytes] = field(default_factory=dict)
    big_endian: bool = False
    cut: bool = False
    damaged: bool = False
    repeated: bool = False


@dataclass(slots=True)
class _OpenLevel:
    """An open item or sequence up to ``end``; inside what nobody wants it keeps nothing."""

    end: int
    undefined: bool
    implicit: bool
    is_sequence: bool
    item: Item | None = None
    items: list[Item] | None = None


class _PlainSource:
    """Bytes as they lie in the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read = file.read

    def skip(self, size: int) -> None:
        self._file.seek(size, io.SEEK_CUR)


_Source: TypeAlias = _PlainSource | InflatedStream


def parse_file(
    file: BinaryIO, transfer_syntax_uid: str, wanted: WantedElements, *, most_inflated: int
) -> ParsedDataset:
    """Return the wanted elements of the dataset at whose first byte ``file`` stands.

    Raises `DatasetTooLarge` beyond a limit and `UnreadableDataset` where the dataset is not
    deflated as it should be; any other bytes give what they hold.
    """
    at = file.tell()
    if transfer_syntax_uid in DEFLATED:
        start = InflatedStream(file, most_inflated).read(8)
        stream: _Source = InflatedStream(file, most_inflated)
        end = ENDLESS
    else:
        start, stream = file.read(8), _PlainSource(file)
        end = os.fstat(file.fileno()).st_size - at
    file.seek(at)
    big_endian = transfer_syntax_uid == EXPLICIT_BIG_ENDIAN
    parser = _DatasetParser(stream, end, wanted, big_endian=big_endian)
    return parser.run(implicit=not is_explicit(start))


def parse(
    data: bytes, wanted: WantedElements, *, implicit: bool, big_endian: bool = False
) -> ParsedDataset:
    """Return the wanted elements of ``data``; raises only `DatasetTooLarge`."""
    parser = _DatasetParser(
        _PlainSource(io.BytesIO(data)), len(data), wanted, big_endian=big_endian
    )
    return parser.run(implicit=implicit)


class _DatasetParser:
    """The state of one pass: position, open frames, counts."""

    def __init__(
        self, stream: _Source, end: int, wanted: WantedElements, *, big_endian: bool
    ) -> None:
        order = ">" if big_endian else "<"
        self._head_of = struct.Struct(order + "HH2sH").unpack
        self._long_of = struct.Struct(order + "L").unpack
        self._read, self._pass_over = stream.read, stream.skip
        self._end = end
        self._at = 0
        self._wanted = wanted
        self._values, self._sequences = wanted.values, wanted.sequences
        self._last, self._private_group = wanted.last, wanted.private_group
        self._items_left = wanted.most_items
        self._open: list[_OpenLevel] = []
        self._result = ParsedDataset(Item(), big_endian=big_endian)

    def run(self, *, implicit: bool) -> ParsedDataset:
        opened = self._open
        opened.append(_OpenLevel(self._end, False, implicit, False, self._result.root))
        try:
            for _ in range(self._wanted.most_steps):
                if not opened:
                    return self._result
                frame = opened[-1]
                if frame.end - self._at < 8:
                    self._finish(frame)
                elif frame.is_sequence:
                    self._next_item(frame)
                else:
                    self._next_element(frame)
        except struct.error:  # an inflated dataset ended
            self._result.cut |= len(opened) > 1
            return self._result
        raise DatasetTooLarge("Zu viele Elemente. / Too many elements.")

    def _finish(self, frame: _OpenLevel) -> None:
        """Close a frame, or skip fewer than eight bytes: padding at the very end, else damage."""
        if self._at < frame.end:
            rest = self._read(frame.end - self._at)
            if len(self._open) > 1 or rest.strip(b"\0 "):
                self._fault(self._at + 8)
            self._at = frame.end
            return
        if frame.undefined:  # its delimiter never came
            self._fault(frame.end + 1)
        self._open.pop()

    def _next_item(self, frame: _OpenLevel) -> None:
        start = self._read(8)
        group, element, _, _ = self._head_of(start)
        self._at += 8
        tag = group << 16 | element
        if tag == ITEM:
            self._begin_item(frame, self._long_of(start[4:])[0])
        elif tag == SEQUENCE_END and frame.undefined:
            self._open.pop()
        elif tag != SEQUENCE_END:
            self._fault()  # no way to find the next item
            self._skip(frame.end - self._at)

    def _begin_item(self, frame: _OpenLevel, length: int) -> None:
        if frame.items is None and length != UNDEFINED:
            self._skip_value(frame, length)
            return
        item: Item | None = None
        if frame.items is not None:
            self._items_left -= 1
            if self._items_left < 0:
                raise DatasetTooLarge("Zu viele Einträge. / Too many items.")
            item = Item()
            frame.items.append(item)
        undefined = length == UNDEFINED
        self._push(_OpenLevel(frame.end, undefined, frame.implicit, False, item), length)

    def _next_element(self, frame: _OpenLevel) -> None:
        start = self._read(8)
        group, element, vr, length = self._head_of(start)
        self._at += 8
        tag = group << 16 | element
        if frame.implicit or vr not in SHORT_VRS:
            vr, length = self._form_of(frame, start, length)
        if tag > self._last and len(self._open) == 1:
            self._open.clear()
        elif tag == ITEM_END and frame.undefined:
            self._open.pop()
        elif length == UNDEFINED or (tag in self._sequences and vr in _SEQUENCE_VRS):
            self._begin_sequence(frame, tag, vr, length)
        elif tag in self._values and frame.item is not None:
            self._keep(frame, frame.item, tag, length)
        elif tag >> 16 == self._private_group and frame.item is self._result.root:
            self._result.private[tag] = self._value(frame, length)
        else:
            self._skip_value(frame, length)

    def _form_of(self, frame: _OpenLevel, start: bytes, length: int) -> tuple[bytes, int]:
        """Return VR, empty in implicit form, and length of an element that begins with ``start``.

        Single elements without a VR stand in datasets that are explicit. A head that does not fit
        its item is damage; the item's rest is then the value.
        """
        vr = start[4:6]
        if frame.implicit or not is_vr(vr):
            return b"", self._long_of(start[4:])[0]
        if vr not in LONG_VRS:
            return vr, length
        if frame.end - self._at < 4:
            return b"--", 4
        self._at += 4
        return vr, self._long_of(self._read(4))[0]

    def _begin_sequence(self, frame: _OpenLevel, tag: int, vr: bytes, length: int) -> None:
        """Open a sequence; one that nobody wants, and encapsulated pixel data (PS3.5 A.4), too."""
        items: list[Item] | None = None
        if frame.item is not None and tag in self._sequences and vr in _SEQUENCE_VRS:
            if tag in frame.item.sequences:
                self._distrust()
                self._result.repeated = True
            items = frame.item.sequences.setdefault(tag, [])
        implicit = frame.implicit or vr == b"UN"  # PS3.5 6.2.2
        self._push(_OpenLevel(frame.end, length == UNDEFINED, implicit, True, None, items), length)

    def _push(self, frame: _OpenLevel, length: int) -> None:
        """Open ``frame``, whose end is still that of its parent."""
        if len(self._open) > 2 * self._wanted.deepest:
            raise DatasetTooLarge("Zu tief verschachtelt. / Nested too deeply.")
        overruns = not frame.undefined and self._at + length > frame.end
        if not frame.undefined and not overruns:
            frame.end = self._at + length
        self._open.append(frame)
        if overruns:
            self._fault(self._at + length)

    def _keep(self, frame: _OpenLevel, item: Item, tag: int, length: int) -> None:
        if length > self._wanted.longest:
            self._skip_value(frame, length)
            return
        value = self._value(frame, length)
        if len(value) < length:
            self._result.damaged |= item is self._result.root
        elif tag in item.values:  # twice in one item: which one counts?
            self._distrust()
            self._result.repeated = True
        else:
            item.values[tag] = value

    def _value(self, frame: _OpenLevel, length: int) -> bytes:
        """Return a value; what there is of one that runs past the end."""
        value = self._read(min(length, frame.end - self._at))
        self._at += len(value)
        if len(value) < length:
            self._fault(self._at + length - len(value))
        return value

    def _skip_value(self, frame: _OpenLevel, length: int) -> None:
        if self._at + length > frame.end:
            self._fault(self._at + length)
            length = frame.end - self._at
        self._skip(length)

    def _skip(self, size: int) -> None:
        if size <= _SMALL:  # reading costs less than seeking
            self._read(size)
        else:
            self._pass_over(size)
        self._at += size

    def _fault(self, needed: int = 0) -> None:
        """Note a length that lies; ``needed`` is where the data would end if it were true."""
        self._distrust()
        if needed > self._end:
            self._result.cut = True
        else:
            self._result.damaged = True

    def _distrust(self) -> None:
        """Mark all items that are open: none can be trusted to be whole."""
        for frame in self._open:
            if frame.item is not None:
                frame.item.complete = False
