"""The dataset parser: every kind of lie about lengths, no half values."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdtbridge.dataset import parser
from gdtbridge.dataset.errors import DatasetTooLarge
from gdtbridge.dataset.parser import ParsedDataset
from gdtbridge.dataset.tags import Tag
from gdtbridge.sr.elements import WANTED

CONTENT = struct.pack("<HH", 0x0040, 0xA730)


def parse(data: bytes, *, implicit: bool, big_endian: bool = False) -> ParsedDataset:
    """Return what a report wants of ``data``."""
    return parser.parse(data, WANTED, implicit=implicit, big_endian=big_endian)


@given(data=st.binary(max_size=400), implicit=st.booleans(), big_endian=st.booleans())
@settings(max_examples=200)
def test_parser_survives_any_bytes(*, data: bytes, implicit: bool, big_endian: bool) -> None:
    """Nothing but `DatasetTooLarge` may come out of the parser."""
    parse(data, implicit=implicit, big_endian=big_endian)


def nested(depth: int, *, undefined: bool) -> bytes:
    """Return content sequences in content sequences."""
    inner = b""
    for _ in range(depth):
        if undefined:
            inner = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + inner + b"\xfe\xff\x0d\xe0" + bytes(4)
            head = b"SQ\0\0\xff\xff\xff\xff"
            inner = CONTENT + head + inner + b"\xfe\xff\xdd\xe0" + bytes(4)
        else:
            inner = struct.pack("<HHL", 0xFFFE, 0xE000, len(inner)) + inner
            inner = CONTENT + b"SQ\0\0" + struct.pack("<L", len(inner)) + inner
    return inner


@pytest.mark.parametrize("undefined", [False, True])
def test_nesting_is_read_to_the_limit_and_refused_beyond(*, undefined: bool) -> None:
    """Depth costs no recursion; beyond the limit the file is refused."""
    item = parse(nested(WANTED.deepest, undefined=undefined), implicit=False).root
    depth = 0
    while Tag.ContentSequence in item.sequences:
        (item,) = item.sequences[Tag.ContentSequence]
        depth += 1
    assert depth == WANTED.deepest
    with pytest.raises(DatasetTooLarge):
        parse(nested(WANTED.deepest + 2, undefined=undefined), implicit=False)


def test_number_of_items_is_bounded() -> None:
    """A sequence of more than two hundred thousand empty items is refused."""
    items = struct.pack("<HHL", 0xFFFE, 0xE000, 0) * 200_001
    with pytest.raises(DatasetTooLarge):
        parse(CONTENT + b"SQ\0\0" + struct.pack("<L", len(items)) + items, implicit=False)


def test_value_longer_than_its_item_is_dropped() -> None:
    """A length that runs past the item marks it and is no value."""
    value = struct.pack("<HH2sH", 0x0040, 0xA30A, b"DS", 40) + b"4.25"
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(value)) + value
    sequence = struct.pack("<HH2sHL", 0x0040, 0xA300, b"SQ", 0, len(item)) + item
    patient = struct.pack("<HH2sH", 0x0010, 0x0020, b"LO", 4) + b"4711"
    elements = parse(sequence + patient * 3, implicit=False)
    (found,) = elements.root.sequences[Tag.MeasuredValueSequence]
    assert found.values == {}
    assert not found.complete
    assert elements.damaged


def test_element_sent_twice_is_not_trusted() -> None:
    """Of two Numeric Values in one item neither is the right one."""
    value = struct.pack("<HH2sH", 0x0040, 0xA30A, b"DS", 4)
    elements = parse(value + b"4.25" + value + b"9.99", implicit=False)
    assert not elements.root.complete
    assert elements.repeated


def test_sequence_as_unknown_vr_is_read_in_implicit_form() -> None:
    """UN hides an implicit little endian sequence (PS3.5 6.2.2)."""
    value = struct.pack("<HHL", 0x0008, 0x0100, 2) + b"cm"
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(value)) + value
    head = struct.pack("<HH2sHL", 0x0040, 0x08EA, b"UN", 0, len(item))
    (unit,) = parse(head + item, implicit=False).root.sequences[Tag.MeasurementUnitsCodeSequence]
    assert unit.values == {Tag.CodeValue: b"cm"}


def test_unknown_sequences_of_undefined_length_are_stepped_over() -> None:
    """A private sequence before the content does not hide it."""
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF) + nested(2, undefined=True)
    item += b"\xfe\xff\x0d\xe0" + bytes(4)
    private = struct.pack("<HH2sHL", 0x0009, 0x1001, b"SQ", 0, 0xFFFFFFFF)
    private += item + b"\xfe\xff\xdd\xe0" + bytes(4)
    root = parse(private + nested(1, undefined=False), implicit=False).root
    assert len(root.sequences[Tag.ContentSequence]) == 1
