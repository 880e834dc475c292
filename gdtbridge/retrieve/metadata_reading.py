"""The head of a stored file as DICOM JSON (PS3.18 F.4): all it says but long values and pixels.

Written in one pass, in bounded time and memory whatever the bytes say: there is no tree of the
dataset, a value is kept no longer than its item is open, and what one object says is mostly what
the object before it said.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from gdtbridge.dataset.encoding import DEFLATED, UNDEFINED
from gdtbridge.dataset.errors import DatasetTooLarge
from gdtbridge.dataset.part10 import read_announced
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import TextDecoder
from gdtbridge.dataset.walker import DatasetStream, DatasetWalker, OpenLevel
from gdtbridge.retrieve.bulk_values import LONGEST_READ
from gdtbridge.retrieve.dicom_json import (
    BINARY,
    is_told,
    json_attribute,
    json_text,
    name_of,
)
from worklist.item import TEXTS, Element, text_values, vr_of

ITS_URI: Final = "\0"
"""Stands in what is read for the object's URI: JSON has such a character nowhere."""
MOST_ELEMENTS: Final = 500_000
"""Elements and items of a head: three times those of a report of 5,000 measurements."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Bytes of all values that are written, and characters of the places of those that are not."""
LONGEST_INLINE: Final = 1024
"""Bytes of a binary value that are written as they are; longer ones can be had by themselves."""
MOST_LEVELS: Final = 64
"""Levels of sequences that are written; reports nest about fifteen."""
_DEEPEST: Final = 1024
_MOST_INFLATED: Final = 256 * 1024 * 1024
_PIXEL_DATA: Final = 0x7FE00010
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, _PIXEL_DATA})
"""Float, Double Float and Pixel Data: where a head ends."""
_DELIMITERS: Final = 0xFFFE
"""Group of items and of the ends of items and sequences (PS3.5 7.5)."""
_UNSAID: Final = frozenset({b"", b"UN"})
_NUMBERS: Final = {
    "FD": "d", "FL": "f", "SL": "l", "SS": "h", "SV": "q", "UL": "L", "US": "H", "UV": "Q",
}  # fmt: skip
"""VRs of numbers (PS3.5 6.2), and how `struct` names them."""
_SHORT: Final = 64
"""Bytes of a value that is likely to be that of another object, too."""


def metadata_in(path: Path, syntax: str) -> str:
    """Return the metadata of a Part 10 file in a transfer syntax as JSON, with `ITS_URI`.

    Raises `DatasetError` where it is none or goes on beyond a limit, and `OSError`.
    """
    uri = secrets.token_hex(16)  # what no file can say
    with path.open("rb") as file:
        read_announced(file)
        stream = DatasetStream.of_file(file, syntax, most_inflated=_MOST_INFLATED)
        written = _HeadWriter(stream, uri, is_deflated=syntax in DEFLATED).run()
    return written.replace(uri, ITS_URI)


@dataclass(slots=True)
class _Level(OpenLevel):
    """An open item or sequence; nothing is kept of one that is not ``told``."""

    place: tuple[int, ...]
    """Where it is: tags, and between them numbers of items, from 0."""
    label: bytes
    """Specific Character Set."""
    told: bool = True
    values: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    """VR and bytes of the elements of an item, whose character set may come behind them."""
    written: dict[int, str] = field(default_factory=dict)
    """The attributes of an item that are JSON already."""
    items: list[str] = field(default_factory=list)
    """The items of a sequence."""


class _HeadWriter(DatasetWalker[_Level]):
    """Writes the dataset it walks through, up to its pixels."""

    def __init__(self, stream: DatasetStream, uri: str, *, is_deflated: bool) -> None:
        super().__init__(stream, most_steps=MOST_ELEMENTS, deepest=_DEEPEST)
        self._uri, self._is_deflated = uri, is_deflated
        self._order = ">" if stream.big_endian else "<"
        self._left = MOST_BYTES

    def run(self) -> str:
        """Return the dataset as JSON."""
        root = _Level(self._end, False, self._stream.implicit, False, (), b"")
        self._walk(root)
        return self._item_text(root)

    def _element(self, level: _Level, tag: int, vr: bytes, length: int) -> None:
        is_root = len(self._open) == 1
        if is_root and tag in _PIXELS:
            self._end_at_pixels(level, vr, length)
            return
        if tag >> 16 == _DELIMITERS:  # one that stands in no sequence
            self._pass(level, 0 if length == UNDEFINED else length)
            return
        VR = vr_of(tag) if vr in _UNSAID else vr.decode("ascii")  # noqa: N806
        if length == UNDEFINED or VR == "SQ":
            self._begin_sequence(level, tag, vr, VR, length)
        elif length > LONGEST_INLINE and (VR in BINARY or (is_root and self._is_named(length))):
            self._write_place(level, tag, VR)
            self._pass(level, length)
        else:
            self._keep(level, tag, VR, length)

    def _is_named(self, length: int) -> bool:
        """Return whether a value of the root is too long to be told, whatever its VR."""
        return length > LONGEST_READ and not self._is_deflated

    def _end_at_pixels(self, level: _Level, vr: bytes, length: int) -> None:
        """End with the address of the pixels; deflated ones have none."""
        if not self._is_deflated:
            VR = "OB" if length == UNDEFINED else vr.decode("ascii", "replace") or "OW"  # noqa: N806
            self._write_place(level, _PIXEL_DATA, VR)
        self._open.clear()

    def _write_place(self, level: _Level, tag: int, VR: str) -> None:  # noqa: N803
        """Write where a value can be had."""
        if level.told:
            place = enumerate((*level.place, tag))
            names = "/".join(str(one) if at % 2 else name_of(one) for at, one in place)
            self._spend(len(names))
            level.written[tag] = json_text(
                {"vr": VR, "BulkDataURI": f"{self._uri}/bulkdata/{names}"}
            )

    def _spend(self, size: int) -> None:
        """Count what is written; raise `DatasetTooLarge` where that is too much."""
        self._left -= size
        if self._left < 0:
            raise DatasetTooLarge("Die Werte sind zu lang. / The values are too long.")

    def _keep(self, level: _Level, tag: int, VR: str, length: int) -> None:  # noqa: N803
        """Keep a value; of one that runs past the end of its item nothing is known."""
        if not level.told or self._at + length > level.end:
            self._pass(level, length)
            return
        most = min(length, self._left + 1)  # a deflated one may have any length
        raw = self._read(most)
        self._at += length
        if len(raw) < most:
            return
        self._spend(length)
        level.values[tag] = (VR, raw)
        if tag == Tag.SpecificCharacterSet and raw.strip(b" \0"):
            level.label = raw

    def _pass(self, level: _Level, length: int) -> None:
        length = min(length, level.end - self._at)
        self._pass_over(length)
        self._at += length

    # Sequences and items

    def _begin_sequence(
        self,
        level: _Level,
        tag: int,
        vr: bytes,
        VR: str,  # noqa: N803
        length: int,
    ) -> None:
        """Open a sequence, or the items of an encapsulated value (PS3.5 A.4)."""
        place = (*level.place, tag)
        is_sequence = VR in {"SQ", "UN"}  # of undefined length UN is one (PS3.5 6.2.2)
        told = level.told and is_sequence and len(place) < 2 * MOST_LEVELS
        if not is_sequence:
            self._write_place(level, tag, VR)
        elif level.told:
            level.written[tag] = _sequence_text(())
        implicit = level.implicit or vr == b"UN"
        undefined = length == UNDEFINED
        self._push(_Level(level.end, undefined, implicit, True, place, level.label, told), length)

    def _begin_item(self, level: _Level, length: int) -> None:
        if not level.told and length != UNDEFINED:
            self._pass(level, length)
            return
        place = (*level.place, len(level.items))
        implicit, undefined = level.implicit, length == UNDEFINED
        item = _Level(level.end, undefined, implicit, False, place, level.label, level.told)
        self._push(item, length)

    def _close(self) -> None:
        level = self._open.pop()
        if not level.told or not self._open:
            return
        above = self._open[-1]
        if level.is_sequence:
            above.written[level.place[-1]] = _sequence_text(level.items)
        else:
            above.items.append(self._item_text(level))

    def _item_text(self, item: _Level) -> str:
        written = item.written
        for tag, (VR, raw) in item.values.items():  # noqa: N806
            text_of = _known_text if len(raw) <= _SHORT else _attribute_text
            written[tag] = text_of(tag, VR, raw, item.label, self._order)
        told = [tag for tag in sorted(written) if written[tag] and is_told(tag)]
        return "{" + ",".join([f'"{tag:08X}":{written[tag]}' for tag in told]) + "}"

    # What is wrong with the dataset: what can be read of it is told

    def _no_item(self, level: _Level, start: bytes) -> None:  # noqa: ARG002
        self._pass(level, level.end - self._at)

    def _left_over(self, rest: bytes) -> None:
        pass

    def _fault(self, needed: int = 0) -> None:
        pass

    def _ended_early(self) -> None:
        pass


def _sequence_text(items: Sequence[str]) -> str:
    return f'{{"vr":"SQ","Value":[{",".join(items)}]}}' if items else '{"vr":"SQ"}'


def _attribute_text(tag: int, VR: str, raw: bytes, label: bytes, order: str) -> str:  # noqa: N803
    """Return an attribute as JSON; empty where its VR has no such value."""
    try:
        element = _element_of(VR, raw, label, order)
    except (KeyError, struct.error):
        return ""
    return json_text(json_attribute(tag, element))


_known_text = lru_cache(maxsize=4096)(_attribute_text)


def _element_of(VR: str, raw: bytes, label: bytes, order: str) -> Element:  # noqa: N803
    if VR in TEXTS:
        return Element(VR, texts=text_values(VR, raw, TextDecoder(label)))
    if VR in BINARY:
        return Element(VR, other=raw)
    if VR == "AT":
        halves = struct.unpack(f"{order}{len(raw) // 4 * 2}H", raw)
        pairs = zip(halves[::2], halves[1::2], strict=True)
        return Element(VR, other=tuple(group << 16 | number for group, number in pairs))
    code = _NUMBERS[VR]
    count = len(raw) // struct.calcsize(order + code)
    return Element(VR, other=struct.unpack(f"{order}{count}{code}", raw))
