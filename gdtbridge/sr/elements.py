"""Bytes of a dataset to the few elements a report needs (PS3.5 section 7).

One pass, no recursion: depth, number of items and overrunning lengths are bounded here, whatever
the bytes say. A value whose announced length runs past the end of its item is dropped, never cut
short, and every item open at that moment is marked incomplete: half a number is a wrong number.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from gdtbridge.sr.model import ReportLimitError

MAX_DEPTH: Final = 1024
"""Nested sequences; the deepest real report has about 15."""

MAX_ITEMS: Final = 200_000
"""Sequence items kept; a report with 5,000 measurements has 50,000."""

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD

LONG_FORM: Final = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)
"""Explicit VRs with two reserved bytes and a 32-bit length (PS3.5 Table 7.1-1)."""


class Tag(IntEnum):
    """The elements read, by keyword (PS3.6)."""

    SpecificCharacterSet = 0x00080005
    SOPClassUID = 0x00080016
    SOPInstanceUID = 0x00080018
    StudyDate = 0x00080020
    ContentDate = 0x00080023
    StudyTime = 0x00080030
    ContentTime = 0x00080033
    AccessionNumber = 0x00080050
    Manufacturer = 0x00080070
    CodeValue = 0x00080100
    CodingSchemeDesignator = 0x00080102
    CodeMeaning = 0x00080104
    LongCodeValue = 0x00080119
    URNCodeValue = 0x00080120
    StationName = 0x00081010
    ManufacturerModelName = 0x00081090
    ReferencedSOPInstanceUID = 0x00081155
    PatientName = 0x00100010
    PatientID = 0x00100020
    PatientBirthDate = 0x00100030
    StudyInstanceUID = 0x0020000D
    RelationshipType = 0x0040A010
    ObservationDateTime = 0x0040A032
    ValueType = 0x0040A040
    UID = 0x0040A124
    TextValue = 0x0040A160
    NumericValue = 0x0040A30A
    CompletionFlag = 0x0040A491
    TemplateIdentifier = 0x0040DB00
    ReferencedContentItemIdentifier = 0x0040DB73
    # Sequences
    ReferencedSeriesSequence = 0x00081115
    ReferencedSOPSequence = 0x00081199
    MeasurementUnitsCodeSequence = 0x004008EA
    ConceptNameCodeSequence = 0x0040A043
    ConceptCodeSequence = 0x0040A168
    MeasuredValueSequence = 0x0040A300
    NumericValueQualifierCodeSequence = 0x0040A301
    PredecessorDocumentsSequence = 0x0040A360
    ReferencedRequestSequence = 0x0040A370
    ContentTemplateSequence = 0x0040A504
    ContentSequence = 0x0040A730


SEQUENCES: Final = frozenset(
    {
        Tag.ReferencedSeriesSequence,
        Tag.ReferencedSOPSequence,
        Tag.MeasurementUnitsCodeSequence,
        Tag.ConceptNameCodeSequence,
        Tag.ConceptCodeSequence,
        Tag.MeasuredValueSequence,
        Tag.NumericValueQualifierCodeSequence,
        Tag.PredecessorDocumentsSequence,
        Tag.ReferencedRequestSequence,
        Tag.ContentTemplateSequence,
        Tag.ContentSequence,
    }
)
VALUES: Final = frozenset(Tag) - SEQUENCES

PRIVATE_GROUP: Final = 0x6005
"""GE's private group, kept as it is where it stands in the dataset itself (`ge_xml`)."""


@dataclass(slots=True)
class Item:
    """The wanted elements of a dataset or of one sequence item."""

    values: dict[int, bytes] = field(default_factory=dict)
    sequences: dict[int, list[Item]] = field(default_factory=dict)
    complete: bool = True


@dataclass(slots=True)
class _Frame:
    """An item or a sequence that is open.

    ``end`` bounds it. ``item`` and ``items`` are None inside what nobody wants.
    """

    end: int
    undefined: bool
    implicit: bool
    is_sequence: bool
    item: Item | None = None
    items: list[Item] | None = None


@dataclass(slots=True)
class Elements:
    """The parsed dataset; ``cut`` when it ends early, ``damaged`` when a length inside lies.

    ``private`` holds the elements of `PRIVATE_GROUP` by tag.
    """

    root: Item
    cut: bool = False
    damaged: bool = False
    big_endian: bool = False
    private: dict[int, bytes] = field(default_factory=dict)


def parse(data: bytes, *, implicit: bool, big_endian: bool = False) -> Elements:
    """Return the wanted elements of ``data``; raise only `ReportLimitError`."""
    parser = _Parser(data, big_endian=big_endian)
    return parser.run(implicit=implicit)


class _Parser:
    """The state of one pass: position, open frames, counts."""

    def __init__(self, data: bytes, *, big_endian: bool) -> None:
        order = ">" if big_endian else "<"
        self._tag = struct.Struct(order + "HH")
        self._short = struct.Struct(order + "H")
        self._long = struct.Struct(order + "L")
        self._data = data
        self._at = 0
        self._count = 0
        self._open: list[_Frame] = []
        self._result = Elements(Item(), big_endian=big_endian)

    def run(self, *, implicit: bool) -> Elements:
        self._open.append(
            _Frame(
                end=len(self._data),
                undefined=False,
                implicit=implicit,
                is_sequence=False,
                item=self._result.root,
            )
        )
        while self._open:
            frame = self._open[-1]
            if self._at >= frame.end:
                self._close(frame)
            elif frame.end - self._at < 8:
                self._rest(frame)
            elif frame.is_sequence:
                self._next_item(frame)
            else:
                self._next_element(frame)
        return self._result

    def _close(self, frame: _Frame) -> None:
        if frame.undefined:  # its delimiter never came
            self._fault(frame.end + 1)
        self._open.pop()

    def _rest(self, frame: _Frame) -> None:
        """Skip fewer than eight bytes: padding at the very end, damage anywhere else."""
        rest = self._data[self._at : frame.end]
        if len(self._open) > 1 or rest.strip(b"\0 "):
            self._fault(self._at + 8)
        self._at = frame.end

    def _fault(self, needed: int = 0) -> None:
        """Note a length that lies; nothing that is open now can be trusted to be whole.

        ``needed`` is where the data would have to end for the length to be true.
        """
        for frame in self._open:
            if frame.item is not None:
                frame.item.complete = False
        if needed > len(self._data):
            self._result.cut = True
        else:
            self._result.damaged = True

    def _read_tag(self) -> int:
        group, element = self._tag.unpack_from(self._data, self._at)
        return int(group) << 16 | int(element)

    def _read_long(self, at: int) -> int:
        return int(self._long.unpack_from(self._data, at)[0])

    def _next_item(self, frame: _Frame) -> None:
        tag, length = self._read_tag(), self._read_long(self._at + 4)
        self._at += 8
        if tag == ITEM:
            self._begin_item(frame, length)
        elif tag == SEQUENCE_END and frame.undefined:
            self._open.pop()
        elif tag != SEQUENCE_END:
            self._fault()  # no way to find the next item
            self._at = frame.end

    def _begin_item(self, frame: _Frame, length: int) -> None:
        if frame.items is None and length != UNDEFINED:
            self._skip(frame, length)
            return
        item: Item | None = None
        if frame.items is not None:
            self._count += 1
            if self._count > MAX_ITEMS:
                raise ReportLimitError("Zu viele Einträge. / Too many items.")
            item = Item()
            frame.items.append(item)
        self._push(frame, length, implicit=frame.implicit, is_sequence=False, item=item)

    def _next_element(self, frame: _Frame) -> None:
        tag = self._read_tag()
        if tag == ITEM_END and frame.undefined:
            self._at += 8
            self._open.pop()
            return
        vr, length = self._read_header(frame)
        if vr is None:
            return
        if tag in SEQUENCES and vr in {b"SQ", b"UN", b""}:
            self._begin_sequence(frame, tag, length, implicit=frame.implicit or vr == b"UN")
        elif length == UNDEFINED:
            # A sequence nobody wants, or encapsulated pixel data (PS3.5 A.4): same delimiters.
            self._push(frame, length, implicit=frame.implicit or vr == b"UN", is_sequence=True)
        elif tag in VALUES and frame.item is not None and self._at + length <= frame.end:
            self._keep(frame.item, tag, length)
        else:
            if tag >> 16 == PRIVATE_GROUP and frame.item is self._result.root:
                self._result.private[tag] = self._data[self._at : self._at + length]
            self._skip(frame, length)

    def _read_header(self, frame: _Frame) -> tuple[bytes | None, int]:
        """Return VR (empty in implicit form) and length, and step over the header.

        The VR is None where the header itself does not fit.
        """
        vr = self._data[self._at + 4 : self._at + 6]
        if frame.implicit or not (vr.isalpha() and vr.isupper()):
            length = self._read_long(self._at + 4)
            self._at += 8
            return b"", length
        if vr not in LONG_FORM:
            length = int(self._short.unpack_from(self._data, self._at + 6)[0])
            self._at += 8
            return vr, length
        if frame.end - self._at < 12:
            self._fault(self._at + 12)
            self._at = frame.end
            return None, 0
        length = self._read_long(self._at + 8)
        self._at += 12
        return vr, length

    def _begin_sequence(self, frame: _Frame, tag: int, length: int, *, implicit: bool) -> None:
        items: list[Item] | None = None
        if frame.item is not None:
            if tag in frame.item.sequences:
                self._fault()
            items = frame.item.sequences.setdefault(tag, [])
        self._push(frame, length, implicit=implicit, is_sequence=True, items=items)

    def _push(
        self,
        parent: _Frame,
        length: int,
        *,
        implicit: bool,
        is_sequence: bool,
        item: Item | None = None,
        items: list[Item] | None = None,
    ) -> None:
        if len(self._open) > 2 * MAX_DEPTH:
            raise ReportLimitError("Zu tief verschachtelt. / Nested too deeply.")
        end = parent.end
        undefined = length == UNDEFINED
        overruns = not undefined and self._at + length > parent.end
        if not undefined and not overruns:
            end = self._at + length
        self._open.append(_Frame(end, undefined, implicit, is_sequence, item, items))
        if overruns:
            self._fault(self._at + length)

    def _keep(self, item: Item, tag: int, length: int) -> None:
        if tag in item.values:  # twice in one item: which one counts?
            self._fault()
        else:
            item.values[tag] = self._data[self._at : self._at + length]
        self._at += length

    def _skip(self, frame: _Frame, length: int) -> None:
        if self._at + length > frame.end:
            self._fault(self._at + length)
            self._at = frame.end
        else:
            self._at += length
