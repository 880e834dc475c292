"""Reading the head of an object, whatever surrounds it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.dataset.errors import DatasetError, DatasetTooLarge
from gdtbridge.dataset.header import header_in, read_header
from gdtbridge.dataset.part10 import read_file_meta
from gdtbridge.dataset.text import one_line
from tests.tools.elements import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    UNDEFINED,
    delimiter,
    element,
    identification,
    item,
    part10,
)

SEQUENCE = 0x00081111


@pytest.mark.parametrize("ts", [IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN])
def test_every_encoding_is_read(tmp_path: Path, ts: str) -> None:
    """The same head comes out of all four encodings of PS3.5 annex A."""
    header = read_header(part10(tmp_path / "a", identification(ts), ts), ts)

    assert (header.PatientID, header.PatientName) == ("4711", "Müller^Änne")
    assert (header.StudyInstanceUID, header.StudyTime) == ("2.25.1000", "103015")


@pytest.mark.parametrize("announced", [IMPLICIT, EXPLICIT])
@pytest.mark.parametrize("really", [IMPLICIT, EXPLICIT])
def test_a_wrongly_announced_vr_encoding_is_noticed(
    tmp_path: Path, announced: str, really: str
) -> None:
    """Devices announce implicit and send explicit, and the other way round."""
    path = part10(tmp_path / "a", identification(really), announced)

    assert read_header(path, announced).PatientID == "4711"


def test_an_item_that_stands_in_no_sequence_hides_nothing(tmp_path: Path) -> None:
    """A Philips iU22 wrote one before the study's UID (GH364.dcm of the corpus)."""
    data = identification()
    at = data.index(element(0x0020000D, b"UI", "2.25.1000"))
    stray = item(element(0x00186012, b"US", struct.pack("<H", 1)))
    header = read_header(part10(tmp_path / "a", data[:at] + stray + data[at:]), EXPLICIT)

    assert header.StudyInstanceUID == "2.25.1000"


def nested(depth: int, *, undefined: bool) -> bytes:
    """Return a sequence that nests ``depth`` times."""
    content = b""
    for _ in range(depth):
        inner = item(content, undefined=undefined)
        length = UNDEFINED if undefined else None
        content = element(SEQUENCE, b"SQ", inner, length=length)
        content += delimiter(0xE0DD) if undefined else b""
    return content


@pytest.mark.parametrize("depth", [1, 64, 300, 5000])
@pytest.mark.parametrize("undefined", [True, False])
def test_nesting_costs_nothing(tmp_path: Path, depth: int, undefined: bool) -> None:  # noqa: FBT001
    """Sequences before the wanted elements are skipped at any depth."""
    whole = identification()
    cut = whole.index(struct.pack("<HH", 0x0008, 0x1030))
    dataset = whole[:cut] + nested(depth, undefined=undefined) + whole[cut:]

    assert read_header(part10(tmp_path / "a", dataset), EXPLICIT).PatientID == "4711"


def test_an_unknown_vr_of_undefined_length_is_implicit_inside(tmp_path: Path) -> None:
    """UN with undefined length holds implicit VR (PS3.5 6.2.2 note 4)."""
    inner = element(0x00081150, b"UI", "1.2.3", ts=IMPLICIT)
    unknown = element(0x00091001, b"UN", item(inner, undefined=True), length=UNDEFINED)
    whole = identification()
    cut = whole.index(struct.pack("<HH", 0x0010, 0x0010))
    dataset = whole[:cut] + unknown + delimiter(0xE0DD) + whole[cut:]

    assert read_header(part10(tmp_path / "a", dataset), EXPLICIT).PatientID == "4711"


def test_pixels_are_not_looked_at(tmp_path: Path) -> None:
    """An element that announces four gigabytes behind the head harms nobody."""
    pixels = element(0x7FE00010, b"OB", b"xx", length=0xFFFFFFF0)

    header = read_header(part10(tmp_path / "a", identification() + pixels), EXPLICIT)

    assert header.PatientID == "4711"


def test_a_deflate_bomb_is_refused(tmp_path: Path) -> None:
    """Inflating stops at a limit when the head is not found before it."""
    bomb = element(0x00080006, b"OB", b"\0" * (40 * 1024 * 1024)) + identification()

    with pytest.raises(DatasetTooLarge, match="when inflated"):
        read_header(part10(tmp_path / "a", bomb, DEFLATED), DEFLATED)


def test_too_many_elements_are_refused(tmp_path: Path) -> None:
    """Time is bounded by the number of elements looked at."""
    many = element(0x00080005, b"CS", "") * 120_000

    with pytest.raises(DatasetTooLarge, match="Too many"):
        read_header(part10(tmp_path / "a", many), EXPLICIT)


def test_control_characters_become_spaces(tmp_path: Path) -> None:
    """No value carries a line break further."""
    dataset = identification(PatientID=b"4711\r\n01030004712", StudyDescription="a\0b\x1b[31mc")

    header = read_header(part10(tmp_path / "a", dataset), EXPLICIT)

    assert header.PatientID == "4711 01030004712"
    assert header.StudyDescription == "a b [31mc"


@given(st.binary(max_size=300), st.sampled_from([IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, dataset: bytes, ts: str
) -> None:
    """Only `DatasetError` ever comes out of a dataset of any bytes."""
    path = tmp_path_factory.mktemp("any") / "a"
    part10(path, dataset if ts == DEFLATED else identification(ts)[:40] + dataset, ts)
    try:
        header = read_header(path, ts)
    except DatasetError:
        return
    assert not any(ord(c) < 32 for c in header.PatientName + header.PatientID)


def test_a_file_without_meta_information_is_refused(tmp_path: Path) -> None:
    """What is not Part 10 is no object of ours."""
    (tmp_path / "a").write_bytes(identification())

    with pytest.raises(DatasetError):
        read_header(tmp_path / "a", EXPLICIT)


@pytest.mark.parametrize(("length", "kept"), [(512, True), (513, False)])
@pytest.mark.parametrize("keyword", ["AccessionNumber", "StudyInstanceUID"])
def test_an_endless_key_is_no_key(tmp_path: Path, keyword: str, length: int, *, kept: bool) -> None:
    """A number or UID that is longer than any index takes counts as absent, never as another."""
    value = "1" * length
    header = read_header(part10(tmp_path / "a", identification(**{keyword: value})), EXPLICIT)

    assert getattr(header, keyword) == (value if kept else "")
    assert header.PatientID == "4711"


@given(st.data())
def test_a_damaged_head_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes changed, lost and doubled anywhere: clean text or `DatasetError`, nothing else."""
    ts = data.draw(st.sampled_from([IMPLICIT, EXPLICIT, BIG_ENDIAN]))
    head = bytearray(identification(ts, SpecificCharacterSet=data.draw(st.sampled_from(LABELS))))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(head)))
        head[at : at + data.draw(st.integers(0, 6))] = data.draw(
            st.one_of(st.binary(max_size=6), st.sampled_from(MARKS))
        )
    path = part10(tmp_path_factory.getbasetemp() / "damaged.dcm", bytes(head), ts)
    with contextlib.suppress(DatasetError):
        header = read_header(path, ts)
        texts = dataclasses.astuple(header)
        assert all(one_line(text) == text for text in texts)
        assert all(text.encode().decode() == text for text in texts)  # no lone surrogates


@given(st.data())
def test_the_start_of_a_dataset_gives_the_same_head_or_none(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """However much of it is known, and whatever is wrong in it: never another answer."""
    ts = data.draw(st.sampled_from([IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN]))
    dataset = bytearray(identification(ts) + element(0x00200010, b"SH", "1" * 40, ts=ts) * 3)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(dataset)))
        dataset[at : at + data.draw(st.integers(0, 6))] = data.draw(
            st.one_of(st.binary(max_size=6), st.sampled_from(MARKS))
        )
    path = part10(tmp_path_factory.getbasetemp() / "start.dcm", bytes(dataset), ts)
    with path.open("rb") as file:
        read_file_meta(file)
        whole = file.read()
    start = whole[: data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))]
    found = header_in(start, len(whole), ts)
    try:
        expected = read_header(path, ts)
    except DatasetError:
        assert found is None
        return
    assert found in {None, expected}
    assert found is not None or len(start) < len(whole)


def test_the_start_of_a_large_object_is_enough() -> None:
    """Where the head ends in what is known, pixels are not looked at, nor missed."""
    dataset = identification() + element(0x00281052, b"DS", "1 ")

    found = header_in(dataset, 10_000_000, EXPLICIT)

    assert found is not None
    assert found.PatientID == "4711"
    assert header_in(dataset[:200], 10_000_000, EXPLICIT) is None
    assert header_in(bytes(dataset[:3]), 3, EXPLICIT) is not None  # nothing, and that is all


LABELS = ["ISO_IR 100", "ISO_IR 192", "GB18030", "ISO 2022 IR 87", "\\ISO 2022 IR 149", "x"]
MARKS = [b"\xff\xff\xff\xff", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"SQ\0\0", b"\x1b$B"]


def test_two_hundred_megabytes_of_tiny_elements(tmp_path: Path) -> None:
    """The time needed has a bound that does not depend on the size."""
    path = tmp_path / "tiny.dcm"
    part10(path, element(0x00080001, b"UL", b"") * 200_000)
    os.truncate(path, 200 * 1024 * 1024)
    begun = time.process_time()
    with pytest.raises(DatasetError):
        read_header(path, EXPLICIT)
    assert time.process_time() - begun < 5


def test_damage_behind_the_identifiers_keeps_no_object_out(tmp_path: Path) -> None:
    """What an object is listed by may be missing; whose it is counts."""
    whole = identification() + element(0x00200013, b"IS", "7 ")
    cut = whole + element(0x00280010, b"US", struct.pack("<H", 480))[:-1]

    header = read_header(part10(tmp_path / "a", cut), EXPLICIT)

    assert (header.PatientID, header.Rows) == ("4711", "")
    assert header_in(cut, len(cut), EXPLICIT) == header


@pytest.mark.parametrize("ts", [IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN])
def test_rows_and_columns_are_numbers_in_every_byte_order(tmp_path: Path, ts: str) -> None:
    """They are binary, unlike everything else in the head."""
    order = ">" if ts == BIG_ENDIAN else "<"
    rows = element(0x00280010, b"US", struct.pack(f"{order}H", 480), ts=ts)
    columns = element(0x00280011, b"US", struct.pack(f"{order}H", 640), ts=ts)
    bits = element(0x00280100, b"US", struct.pack(f"{order}H", 16), ts=ts)

    header = read_header(part10(tmp_path / "a", identification(ts) + rows + columns + bits, ts), ts)

    assert (header.Rows, header.Columns, header.BitsAllocated) == ("480", "640", "16")
