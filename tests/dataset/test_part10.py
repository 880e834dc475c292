"""Preamble, meta information and deflated data: what is believed and what is not."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pytest

from gdtbridge.dataset.errors import DatasetTooLarge, UnreadableDataset
from gdtbridge.dataset.header import read_header
from gdtbridge.dataset.inflate import InflatedStream, deflate
from gdtbridge.dataset.part10 import MAX_META, read_file_meta
from tests.tools.elements import EXPLICIT, IMPLICIT, element, identification, part10

PREAMBLE = bytes(128) + b"DICM"
SYNTAX = element(0x00020010, b"UI", IMPLICIT)
DATASET = identification(IMPLICIT)


def group_length(length: int) -> bytes:
    """Return File Meta Information Group Length with any value."""
    return element(0x00020000, b"UL", struct.pack("<L", length))


@pytest.mark.parametrize(
    "meta",
    [
        group_length(len(SYNTAX)) + SYNTAX,
        group_length(0) + SYNTAX,
        group_length(4_000_000_000) + SYNTAX,
        SYNTAX,
        element(0x00020001, b"OB", b"\0\1") + SYNTAX + element(0x00020102, b"OB", bytes(70_000)),
    ],
    ids=["true", "too short", "too long", "absent", "private information"],
)
def test_the_group_ends_where_another_begins(meta: bytes) -> None:
    """The group's length is not believed, as devices and tools get it wrong."""
    file = BytesIO(PREAMBLE + meta + DATASET)
    assert read_file_meta(file) == IMPLICIT
    assert file.read() == DATASET


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"DICM",
        bytes(128),
        bytes(127) + b"DICM" + SYNTAX,
        PREAMBLE,
        PREAMBLE + DATASET,
        DATASET,
        PREAMBLE + element(0x00020102, b"OB", bytes(MAX_META + 2)) + DATASET,
        PREAMBLE + element(0x00020016, b"AE", b"") * (MAX_META // 8 + 1) + DATASET,
    ],
)
def test_what_is_no_file_is_refused(data: bytes) -> None:
    """Without preamble or meta information a file is none of DICOM, nor with endless ones."""
    with pytest.raises(UnreadableDataset):
        read_file_meta(BytesIO(data))


@pytest.mark.parametrize("data", [SYNTAX + DATASET, PREAMBLE + SYNTAX + DATASET])
def test_a_lenient_reader_needs_no_preamble(data: bytes) -> None:
    """Some export what PS3.10 does not call a file."""
    file = BytesIO(data)
    assert read_file_meta(file, lenient=True) == IMPLICIT
    assert file.read() == DATASET


@pytest.mark.parametrize("data", [DATASET, PREAMBLE + DATASET])
def test_a_lenient_reader_needs_no_meta_information(data: bytes) -> None:
    """A bare dataset is taken for Explicit VR Little Endian; its first element tells the rest."""
    file = BytesIO(data)
    assert read_file_meta(file, lenient=True) == EXPLICIT
    assert file.read() == DATASET


def test_what_was_deflated_is_inflated_again() -> None:
    """In one piece, in pieces, and what is skipped counts."""
    data = bytes(range(256)) * 1000
    packed = deflate(data)
    assert len(packed) % 2 == 0
    assert b"".join(InflatedStream(BytesIO(packed), len(data)).pieces()) == data
    stream = InflatedStream(BytesIO(packed), len(data))
    stream.skip(100_001)
    assert stream.read(70_000) == data[100_001:170_001]
    assert not stream.is_whole
    assert stream.read(1_000_000) == data[170_001:]
    assert stream.is_whole


def test_inflating_ends_at_the_limit() -> None:
    """A few kilobytes never become more than was asked for."""
    packed = deflate(bytes(10_000_000))
    with pytest.raises(DatasetTooLarge):
        InflatedStream(BytesIO(packed), 9_999_999).skip(10_000_000)
    stream = InflatedStream(BytesIO(packed), 10_000)
    assert stream.read(10_000) == bytes(10_000)
    with pytest.raises(DatasetTooLarge):
        stream.read(1)


def test_cut_and_foreign_bytes() -> None:
    """What ends early gives what is there; what is not deflated is refused."""
    packed = deflate(bytes(range(256)) * 1000)
    cut = InflatedStream(BytesIO(packed[: len(packed) // 2]), 1_000_000)
    assert b"".join(cut.pieces())
    assert not cut.is_whole
    with pytest.raises(UnreadableDataset):
        InflatedStream(BytesIO(b"\xff" * 64), 1_000_000).read(8)


def test_deflated_frames_do_not_deflate_the_dataset(tmp_path: Path) -> None:
    """Deflated Image Frame Compression (PS3.5 A.4.13) packs the frames, not the elements."""
    path = part10(tmp_path / "a", identification(), "1.2.840.10008.1.2.8.1")
    assert read_header(path, "1.2.840.10008.1.2.8.1").PatientID == "4711"
