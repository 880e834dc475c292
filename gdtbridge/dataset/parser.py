"""Bytes of a dataset to the few elements somebody wants (PS3.5 chapter 7).

What is not wanted is passed over unread, and depth, number of elements and of items are bounded by
the caller, whatever the bytes say. A value whose announced length runs past the end of its item is
dropped, never cut short, and every item open at that moment is marked incomplete: half a number is
a wrong number.

The archive reads the head of a file of any size by it, the report reader a whole tree.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from gdtbridge.dataset.encoding import ITEM, UNDEFINED
from gdtbridge.dataset.errors import DatasetTooLarge
from gdtbridge.dataset.walker import DatasetStream, DatasetWalker, OpenLevel, PlainStream

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
class _ItemLevel(OpenLevel):
    """An open item or sequence; inside what nobody wants it keeps nothing."""

    item: Item | None = None
    items: list[Item] | None = None


def parse_file(
    file: BinaryIO,
    transfer_syntax_uid: str,
    wanted: WantedElements,
    *,
    most_inflated: int,
    size: int | None = None,
) -> ParsedDataset:
    """Return the wanted elements of the dataset at whose first byte ``file`` stands.

    It has ``size`` bytes, or all that are left of the file. Raises `DatasetTooLarge` beyond a limit
    and `UnreadableDataset` where the dataset is not deflated as it should be; any other bytes give
    what they hold.
    """
    stream = DatasetStream.of_file(
        file, transfer_syntax_uid, most_inflated=most_inflated, size=size
    )
    return _DatasetParser(stream, wanted).run()


def parse(
    data: bytes, wanted: WantedElements, *, implicit: bool, big_endian: bool = False
) -> ParsedDataset:
    """Return the wanted elements of ``data``; raises only `DatasetTooLarge`."""
    plain = PlainStream(io.BytesIO(data))
    stream = DatasetStream(plain, len(data), implicit=implicit, big_endian=big_endian)
    return _DatasetParser(stream, wanted).run()


class _DatasetParser(DatasetWalker[_ItemLevel]):
    """Keeps what is wanted of the dataset it walks through."""

    def __init__(self, stream: DatasetStream, wanted: WantedElements) -> None:
        super().__init__(stream, most_steps=wanted.most_steps, deepest=wanted.deepest)
        self._wanted = wanted
        self._values, self._sequences = wanted.values, wanted.sequences
        self._last, self._private_group = wanted.last, wanted.private_group
        self._items_left = wanted.most_items
        self._result = ParsedDataset(Item(), big_endian=stream.big_endian)

    def run(self) -> ParsedDataset:
        """Return what was found."""
        implicit = self._stream.implicit
        self._walk(_ItemLevel(self._end, False, implicit, False, self._result.root))
        return self._result

    def _ended_early(self) -> None:
        self._result.cut = True

    def _left_over(self, rest: bytes) -> None:
        if len(self._open) > 1 or rest.strip(b"\0 "):
            self._fault(self._at + 8 - len(rest))

    def _no_item(self, level: _ItemLevel, start: bytes) -> None:  # noqa: ARG002 - nothing is kept
        self._fault()
        self._skip(level.end - self._at)

    def _begin_item(self, level: _ItemLevel, length: int) -> None:
        if level.items is None and length != UNDEFINED:
            self._skip_value(level, length)
            return
        item: Item | None = None
        if level.items is not None:
            self._items_left -= 1
            if self._items_left < 0:
                raise DatasetTooLarge("Zu viele Einträge. / Too many items.")
            item = Item()
            level.items.append(item)
        undefined = length == UNDEFINED
        self._push(_ItemLevel(level.end, undefined, level.implicit, False, item), length)

    def _element(self, level: _ItemLevel, tag: int, vr: bytes, length: int) -> None:
        if tag > self._last and len(self._open) == 1:
            if tag == ITEM and length <= level.end - self._at:  # one that stands in no sequence
                self._skip(length)
            else:
                self._open.clear()
        elif length == UNDEFINED or (tag in self._sequences and vr in _SEQUENCE_VRS):
            self._begin_sequence(level, tag, vr, length)
        elif tag in self._values and level.item is not None:
            self._keep(level, level.item, tag, length)
        elif tag >> 16 == self._private_group and level.item is self._result.root:
            self._result.private[tag] = self._value(level, length)
        else:
            self._skip_value(level, length)

    def _begin_sequence(self, level: _ItemLevel, tag: int, vr: bytes, length: int) -> None:
        """Open a sequence; one that nobody wants, and encapsulated pixel data (PS3.5 A.4), too."""
        items: list[Item] | None = None
        if level.item is not None and tag in self._sequences and vr in _SEQUENCE_VRS:
            if tag in level.item.sequences:
                self._distrust()
                self._result.repeated = True
            items = level.item.sequences.setdefault(tag, [])
        implicit = level.implicit or vr == b"UN"  # PS3.5 6.2.2
        self._push(_ItemLevel(level.end, length == UNDEFINED, implicit, True, None, items), length)

    def _keep(self, level: _ItemLevel, item: Item, tag: int, length: int) -> None:
        if length > self._wanted.longest:
            self._skip_value(level, length)
            return
        value = self._value(level, length)
        if len(value) < length:
            self._result.damaged |= item is self._result.root
        elif tag in item.values:  # twice in one item: which one counts?
            self._distrust()
            self._result.repeated = True
        else:
            item.values[tag] = value

    def _value(self, level: _ItemLevel, length: int) -> bytes:
        """Return a value; what there is of one that runs past the end."""
        value = self._read(min(length, level.end - self._at))
        self._at += len(value)
        if len(value) < length:
            self._fault(self._at + length - len(value))
        return value

    def _skip_value(self, level: _ItemLevel, length: int) -> None:
        if self._at + length > level.end:
            self._fault(self._at + length)
            length = level.end - self._at
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
        for level in self._open:
            if level.item is not None:
                level.item.complete = False
