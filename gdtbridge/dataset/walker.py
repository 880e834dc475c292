"""The structure of a dataset: elements, sequences and items, one after the other (PS3.5 chapter 7).

One pass over a stream, no recursion, bounded in depth and in elements whatever the bytes say. What
is done with an element is up to who derives from `DatasetWalker`.
"""

from __future__ import annotations

import io
import os
import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import BinaryIO, Final, Generic, TypeAlias, TypeVar

from gdtbridge.dataset.encoding import (
    DEFLATED,
    EXPLICIT_BIG_ENDIAN,
    ITEM,
    ITEM_END,
    LONG_VRS,
    SEQUENCE_END,
    SHORT_VRS,
    is_explicit,
    is_vr,
)
from gdtbridge.dataset.errors import DatasetTooLarge
from gdtbridge.dataset.inflate import InflatedStream

ENDLESS: Final = 1 << 62
"""The end of a dataset whose length nobody knows before it is inflated."""


class PlainStream:
    """Bytes as they lie in the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read = file.read

    def skip(self, size: int) -> None:
        """Pass over ``size`` bytes."""
        self._file.seek(size, io.SEEK_CUR)


_Source: TypeAlias = PlainStream | InflatedStream


@dataclass(frozen=True, slots=True)
class DatasetStream:
    """The bytes of one dataset, ``end`` of them, and how its elements are encoded (PS3.5 7.1)."""

    source: _Source
    end: int
    implicit: bool
    big_endian: bool = False

    @classmethod
    def of_file(
        cls,
        file: BinaryIO,
        transfer_syntax_uid: str,
        *,
        most_inflated: int,
        size: int | None = None,
    ) -> DatasetStream:
        """Return the dataset at whose first byte ``file`` stands, of ``size`` bytes or to its end.

        Raises `DatasetTooLarge` beyond a limit and `UnreadableDataset` where the dataset is not
        deflated as it should be.
        """
        at = file.tell()
        if transfer_syntax_uid in DEFLATED:
            start = InflatedStream(file, most_inflated).read(8)
            source: _Source = InflatedStream(file, most_inflated)
            end = ENDLESS
        else:
            start, source = file.read(8), PlainStream(file)
            end = os.fstat(file.fileno()).st_size - at if size is None else size
        file.seek(at)
        big_endian = transfer_syntax_uid == EXPLICIT_BIG_ENDIAN
        return cls(source, end, implicit=not is_explicit(start), big_endian=big_endian)


@dataclass(slots=True)
class OpenLevel:
    """An open item or sequence up to ``end``."""

    end: int
    undefined: bool
    implicit: bool
    is_sequence: bool


_Level = TypeVar("_Level", bound=OpenLevel)


class DatasetWalker(ABC, Generic[_Level]):
    """The state of one pass: position, open levels, steps left.

    Who derives from it reads or passes over each value, and advances ``_at`` by as much.
    """

    def __init__(self, stream: DatasetStream, *, most_steps: int, deepest: int) -> None:
        order = ">" if stream.big_endian else "<"
        self._head_of = struct.Struct(order + "HH2sH").unpack
        self._long_of = struct.Struct(order + "L").unpack
        self._stream = stream
        self._read, self._pass_over = stream.source.read, stream.source.skip
        self._end = stream.end
        self._at = 0
        self._most_steps, self._deepest = most_steps, deepest
        self._open: list[_Level] = []

    @abstractmethod
    def _element(self, level: _Level, tag: int, vr: bytes, length: int) -> None:
        """Take the element whose value comes next; ``vr`` is empty in implicit form."""

    @abstractmethod
    def _begin_item(self, level: _Level, length: int) -> None:
        """Take the item of the sequence ``level`` whose content comes next."""

    @abstractmethod
    def _no_item(self, level: _Level, start: bytes) -> None:
        """Take eight bytes of a sequence that are no item: there is no way to find the next."""

    @abstractmethod
    def _left_over(self, rest: bytes) -> None:
        """Take the fewer than eight bytes left of a level: padding at the very end, or damage."""

    @abstractmethod
    def _fault(self, needed: int = 0) -> None:
        """Note a length that lies; ``needed`` is where the data would end if it were true."""

    @abstractmethod
    def _ended_early(self) -> None:
        """Note that an inflated dataset ended inside an item or sequence."""

    def _walk(self, root: _Level) -> None:
        """Take every element of ``root``; raise `DatasetTooLarge`."""
        opened = self._open
        opened.append(root)
        try:
            for _ in range(self._most_steps):
                if not opened:
                    return
                level = opened[-1]
                if level.end - self._at < 8:
                    self._finish(level)
                elif level.is_sequence:
                    self._next_item(level)
                else:
                    self._next_element(level)
        except struct.error:  # an inflated dataset ended
            if len(opened) > 1:
                self._ended_early()
            return
        raise DatasetTooLarge("Zu viele Elemente. / Too many elements.")

    def _finish(self, level: _Level) -> None:
        """Close a level, or pass over fewer than eight bytes."""
        if self._at < level.end:
            rest = self._read(level.end - self._at)
            self._at = level.end
            self._left_over(rest)
            return
        if level.undefined:  # its delimiter never came
            self._fault(level.end + 1)
        self._close()

    def _close(self) -> None:
        """Leave the innermost level."""
        self._open.pop()

    def _next_item(self, level: _Level) -> None:
        start = self._read(8)
        self._at += 8
        self._item(level, start)

    def _item(self, level: _Level, start: bytes) -> None:
        """Begin the item whose first eight bytes are ``start``, or end the sequence."""
        group, element, _, _ = self._head_of(start)
        tag = group << 16 | element
        if tag == ITEM:
            self._begin_item(level, self._long_of(start[4:])[0])
        elif tag == SEQUENCE_END and level.undefined:
            self._close()
        elif tag != SEQUENCE_END:
            self._no_item(level, start)

    def _next_element(self, level: _Level) -> None:
        start = self._read(8)
        group, element, vr, length = self._head_of(start)
        self._at += 8
        tag = group << 16 | element
        if level.implicit or vr not in SHORT_VRS:
            vr, length = self._form_of(level, start, length)
        if tag == ITEM_END and level.undefined:
            self._close()
        else:
            self._element(level, tag, vr, length)

    def _form_of(self, level: _Level, start: bytes, length: int) -> tuple[bytes, int]:
        """Return VR, empty in implicit form, and length of an element that begins with ``start``.

        Single elements without a VR stand in datasets that are explicit. A head that does not fit
        its item is damage; the item's rest is then the value.
        """
        vr = start[4:6]
        if level.implicit or not is_vr(vr):
            return b"", self._long_of(start[4:])[0]
        if vr not in LONG_VRS:
            return vr, length
        if level.end - self._at < 4:
            return b"--", 4
        self._at += 4
        return vr, self._long_of(self._read(4))[0]

    def _push(self, level: _Level, length: int) -> None:
        """Open ``level``, whose end is still that of its parent."""
        if len(self._open) > 2 * self._deepest:
            raise DatasetTooLarge("Zu tief verschachtelt. / Nested too deeply.")
        overruns = not level.undefined and self._at + length > level.end
        if not level.undefined and not overruns:
            level.end = self._at + length
        self._open.append(level)
        if overruns:
            self._fault(self._at + length)
