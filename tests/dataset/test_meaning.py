"""Two files of one object: what makes them the same, and what another content."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from gdtbridge.dataset import meaning
from gdtbridge.dataset.comparable import dictionary_vr
from gdtbridge.dataset.errors import DatasetError, DatasetTooLarge
from gdtbridge.dataset.meaning import NATIVE, ObjectMeaning, mean_the_same, meaning_of
from gdtbridge.dataset.part10 import read_file_meta
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

UNCOMPRESSED = [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED]
JPEG = "1.2.840.10008.1.2.4.50"
JPEG_2000 = "1.2.840.10008.1.2.4.91"

SEQUENCE = 0x00081111
"""A sequence of the dictionary."""
CREATOR = 0x00090010
PRIVATE = 0x00091001
PIXELS = 0x7FE00010
LIKE_A_VR = int.from_bytes(b"LO", "little")
"""A length whose bytes, in implicit form, stand where an explicit VR would."""


def means(folder: Path, dataset: bytes, ts: str = EXPLICIT) -> ObjectMeaning:
    """Return what a dataset means, written into a file of ``folder``."""
    return meaning_of(part10(folder / "object.dcm", dataset, ts), ts)


def unpadded(tag: int, vr: bytes, value: bytes) -> bytes:
    """Return an explicit element of any length, odd ones too."""
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def sequence(tag: int, items: bytes, ts: str = EXPLICIT, *, undefined: bool = False) -> bytes:
    """Return a sequence of encoded items."""
    if undefined:
        return element(tag, b"SQ", items, ts=ts, length=UNDEFINED) + delimiter(0xE0DD)
    return element(tag, b"SQ", items, ts=ts)


def private(vr: bytes, value: bytes | str, ts: str = EXPLICIT) -> bytes:
    """Return a private element with its creator."""
    return element(CREATOR, b"LO", "ACME", ts=ts) + element(PRIVATE, vr, value, ts=ts)


def series_item(text: bytes, label: str = "", ts: str = EXPLICIT, *, undefined: bool) -> bytes:
    """Return an item with a text in its own character set."""
    own = element(0x00080005, b"CS", label, ts=ts) if label else b""
    return item(own + element(0x0008103E, b"LO", text, ts=ts), undefined=undefined)


def fragments(*values: bytes) -> bytes:
    """Return encapsulated pixels; the first value is the Basic Offset Table."""
    items = b"".join(map(item, values))
    return element(PIXELS, b"OB", items, length=UNDEFINED) + delimiter(0xE0DD)


def image(
    pixels: bytes, *, photometric: str = "RGB", rows: int = 2, bits: int = 8, more: bytes = b""
) -> bytes:
    """Return an image of little endian pixels that are encoded already."""
    return (
        element(0x00280004, b"CS", photometric)
        + element(0x00280010, b"US", struct.pack("<H", rows))
        + element(0x00280101, b"US", struct.pack("<H", bits))
        + more
        + pixels
    )


FRAME = b"\xff\xd8abcdefgh\xff\xd9"
NATIVE_PIXELS = element(PIXELS, b"OW", bytes(range(16)))
NO_TABLE = fragments(b"", FRAME, FRAME)
ADULT = element(0x00100020, b"LO", "4711")

SAME: dict[str, tuple[bytes, str, bytes, str]] = {
    "group lengths": (
        ADULT,
        EXPLICIT,
        element(0x00100000, b"UL", struct.pack("<L", 12)) + ADULT,
        EXPLICIT,
    ),
    "length to end": (ADULT, EXPLICIT, element(0x00080001, b"UL", b"\1\2\3\4") + ADULT, EXPLICIT),
    "trailing padding": (ADULT, EXPLICIT, ADULT + element(0xFFFCFFFC, b"OB", bytes(64)), EXPLICIT),
    "nul bytes behind": (ADULT, EXPLICIT, ADULT + bytes(20), EXPLICIT),
    "padding blank and nul": (ADULT, EXPLICIT, element(0x00100020, b"LO", "4711 \0"), EXPLICIT),
    "blanks before": (ADULT, EXPLICIT, element(0x00100020, b"LO", "  4711"), EXPLICIT),
    "odd length": (
        element(0x00100020, b"LO", "471"),
        EXPLICIT,
        unpadded(0x00100020, b"LO", b"471"),
        EXPLICIT,
    ),
    "odd uid": (
        element(0x0020000D, b"UI", "1.2.3"),
        EXPLICIT,
        unpadded(0x0020000D, b"UI", b"1.2.3 "),
        EXPLICIT,
    ),
    "odd bytes": (
        element(0x00420011, b"OB", b"%PDF\n\0"),
        EXPLICIT,
        element(0x00420011, b"OB", b"")[:8] + struct.pack("<L", 5) + b"%PDF\n",
        EXPLICIT,
    ),
    "each value padded": (
        element(0x00080008, b"CS", "ORIGINAL\\PRIMARY"),
        EXPLICIT,
        element(0x00080008, b"CS", "ORIGINAL \\ PRIMARY"),
        EXPLICIT,
    ),
    "blanks around a number": (
        element(0x0040A30A, b"DS", "4.25"),
        EXPLICIT,
        element(0x0040A30A, b"DS", " 4.25 "),
        EXPLICIT,
    ),
    "empty name components": (
        element(0x00100010, b"PN", "A^B"),
        EXPLICIT,
        element(0x00100010, b"PN", "A^B^^^=="),
        EXPLICIT,
    ),
    "character set": (
        identification(),
        EXPLICIT,
        identification(
            SpecificCharacterSet="ISO_IR 192", PatientName="Müller^Änne".encode() + b" "
        ),
        EXPLICIT,
    ),
    "character set of an item": (
        sequence(SEQUENCE, series_item("für".encode(), "ISO_IR 192", undefined=False)),
        EXPLICIT,
        sequence(SEQUENCE, series_item("für".encode("latin-1"), "ISO_IR 100", undefined=False)),
        EXPLICIT,
    ),
    "undefined lengths": (
        sequence(SEQUENCE, series_item(b"x", undefined=False) * 2) + ADULT,
        EXPLICIT,
        sequence(SEQUENCE, series_item(b"x", undefined=True) * 2, undefined=True) + ADULT,
        EXPLICIT,
    ),
    "public text as UN": (ADULT, EXPLICIT, element(0x00100020, b"UN", "4711"), EXPLICIT),
    "sequence as UN": (
        sequence(SEQUENCE, series_item(b"x", undefined=False)),
        EXPLICIT,
        element(SEQUENCE, b"UN", series_item(b"x", ts=IMPLICIT, undefined=False)),
        EXPLICIT,
    ),
    "sequence as UN, with a length that looks like a VR": (
        sequence(SEQUENCE, series_item(b"x" * LIKE_A_VR, undefined=False)),
        EXPLICIT,
        element(SEQUENCE, b"UN", series_item(b"x" * LIKE_A_VR, ts=IMPLICIT, undefined=False)),
        EXPLICIT,
    ),
    "empty sequence": (
        sequence(PRIVATE, b""),
        EXPLICIT,
        sequence(PRIVATE, b"", IMPLICIT, undefined=True),
        IMPLICIT,
    ),
    "private text": (private(b"LO", "abc"), EXPLICIT, private(b"LO", "abc", IMPLICIT), IMPLICIT),
    "private text padded": (private(b"LO", "abc"), EXPLICIT, private(b"LO", "abc\0"), EXPLICIT),
    "private text padded, implicit": (
        private(b"LO", "abcdefghij", IMPLICIT),
        IMPLICIT,
        private(b"LO", "abcdefghij \0", IMPLICIT),
        IMPLICIT,
    ),
    "private uid": (private(b"UI", "1.2"), EXPLICIT, private(b"UI", "1.2", IMPLICIT), IMPLICIT),
    "private text in two character sets": (
        element(0x00080005, b"CS", "ISO_IR 100") + private(b"LO", "für".encode("latin-1")),
        EXPLICIT,
        element(0x00080005, b"CS", "ISO_IR 192", ts=IMPLICIT)
        + private(b"LO", "für".encode(), IMPLICIT),
        IMPLICIT,
    ),
    "private number": (
        private(b"FL", b"\0\0\x80\x3f"),
        EXPLICIT,
        private(b"FL", b"\0\0\x80\x3f", IMPLICIT),
        IMPLICIT,
    ),
    "private sequence": (
        sequence(PRIVATE, series_item(b"x", undefined=False) * 2),
        EXPLICIT,
        sequence(PRIVATE, series_item(b"x", ts=IMPLICIT, undefined=False) * 2, IMPLICIT),
        IMPLICIT,
    ),
    "private sequence of undefined length": (
        sequence(PRIVATE, series_item(b"x", undefined=False) * 2),
        EXPLICIT,
        sequence(
            PRIVATE, series_item(b"x", ts=IMPLICIT, undefined=True) * 2, IMPLICIT, undefined=True
        ),
        IMPLICIT,
    ),
    "private sequence as UN": (
        sequence(PRIVATE, series_item(b"x", undefined=False)),
        EXPLICIT,
        element(PRIVATE, b"UN", series_item(b"x", ts=IMPLICIT, undefined=False)),
        EXPLICIT,
    ),
    "words in big endian": (
        element(PIXELS, b"OW", b"\1\2\3\4"),
        EXPLICIT,
        element(PIXELS, b"OW", b"\2\1\4\3", ts=BIG_ENDIAN),
        BIG_ENDIAN,
    ),
    "bytes in big endian": (
        element(PIXELS, b"OB", b"\1\2\3\4"),
        EXPLICIT,
        element(PIXELS, b"OB", b"\1\2\3\4", ts=BIG_ENDIAN),
        BIG_ENDIAN,
    ),
    "private numbers in big endian": (
        private(b"US", b"\1\2\3\4", IMPLICIT),
        IMPLICIT,
        private(b"US", b"\2\1\4\3", BIG_ENDIAN),
        BIG_ENDIAN,
    ),
    "a longer number in big endian": (
        element(0x00720074, b"FD", struct.pack("<d", 1.5)),
        EXPLICIT,
        element(0x00720074, b"FD", struct.pack(">d", 1.5), ts=BIG_ENDIAN),
        BIG_ENDIAN,
    ),
    "a tag in big endian": (
        element(0x00280009, b"AT", b"\x18\x00\x63\x10"),
        EXPLICIT,
        element(0x00280009, b"AT", b"\x00\x18\x10\x63", ts=BIG_ENDIAN),
        BIG_ENDIAN,
    ),
    "basic offset table": (
        image(NO_TABLE),
        JPEG,
        image(fragments(struct.pack("<LL", 0, 20), FRAME, FRAME)),
        JPEG,
    ),
    "other fragments": (image(NO_TABLE), JPEG, image(fragments(b"", FRAME + FRAME)), JPEG),
    "extended offset table": (
        image(NO_TABLE),
        JPEG,
        image(element(0x7FE00001, b"OW", bytes(16)) + NO_TABLE),
        JPEG,
    ),
    "decompressed": (
        image(NO_TABLE, photometric="YBR_FULL_422"),
        JPEG,
        image(NATIVE_PIXELS, bits=7, more=element(0x00282110, b"CS", "01")),
        EXPLICIT,
    ),
    "compressed in two ways": (
        image(NO_TABLE, photometric="YBR_FULL_422"),
        JPEG,
        image(fragments(b"", b"jp2 "), photometric="YBR_RCT"),
        JPEG_2000,
    ),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME.keys())
def test_another_encoding_is_the_same_object(
    tmp_path: Path, pair: tuple[bytes, str, bytes, str]
) -> None:
    """Nothing that only says how an object is encoded makes another content of it."""
    one, one_ts, other, other_ts = pair

    assert mean_the_same(means(tmp_path, one, one_ts), means(tmp_path, other, other_ts))


OTHER: dict[str, tuple[bytes, str, bytes, str]] = {
    "another number": (ADULT, EXPLICIT, element(0x00100020, b"LO", "4712"), EXPLICIT),
    "another name": (identification(), EXPLICIT, identification(PatientName="A"), EXPLICIT),
    "nothing instead of a name": (
        identification(),
        EXPLICIT,
        identification(PatientName=""),
        EXPLICIT,
    ),
    "absent instead of empty": (ADULT, EXPLICIT, element(0x00080050, b"SH", "") + ADULT, EXPLICIT),
    "one more element": (ADULT, EXPLICIT, ADULT + element(0x00100040, b"CS", "F"), EXPLICIT),
    "another digit": (
        element(0x0040A30A, b"DS", "4.25"),
        EXPLICIT,
        element(0x0040A30A, b"DS", "4.250 "),
        EXPLICIT,
    ),
    "blanks before a long text": (
        element(0x0040A160, b"UT", "text"),
        EXPLICIT,
        element(0x0040A160, b"UT", "  text"),
        EXPLICIT,
    ),
    "another number of values": (
        element(0x00080008, b"CS", "ORIGINAL"),
        EXPLICIT,
        element(0x00080008, b"CS", "ORIGINAL\\"),
        EXPLICIT,
    ),
    "capital letters": (
        element(0x00080008, b"CS", "ORIGINAL"),
        EXPLICIT,
        element(0x00080008, b"CS", "Original"),
        EXPLICIT,
    ),
    "text in an item": (
        sequence(SEQUENCE, series_item(b"x", undefined=False)),
        EXPLICIT,
        sequence(SEQUENCE, series_item(b"y", undefined=False)),
        EXPLICIT,
    ),
    "one more item": (
        sequence(SEQUENCE, item(b"")),
        EXPLICIT,
        sequence(SEQUENCE, item(b"") * 2),
        EXPLICIT,
    ),
    "another order of items": (
        sequence(SEQUENCE, series_item(b"x", undefined=False) + item(b"")),
        EXPLICIT,
        sequence(SEQUENCE, item(b"") + series_item(b"x", undefined=False)),
        EXPLICIT,
    ),
    "beside the sequence instead of inside": (
        sequence(SEQUENCE, item(sequence(0x00081199, item(ADULT)))),
        EXPLICIT,
        sequence(SEQUENCE, item(sequence(0x00081199, b"") + ADULT) + item(b"")),
        EXPLICIT,
    ),
    "out of its item": (
        sequence(SEQUENCE, item(ADULT)),
        EXPLICIT,
        sequence(SEQUENCE, item(b"")) + ADULT,
        EXPLICIT,
    ),
    "what describes pixels in another item": (
        sequence(SEQUENCE, item(element(0x00280101, b"US", b"\x08\0")) + item(b"")),
        EXPLICIT,
        sequence(SEQUENCE, item(b"") + item(element(0x00280101, b"US", b"\x08\0"))),
        EXPLICIT,
    ),
    "a character set that changes the text": (
        identification(SpecificCharacterSet="ISO_IR 144"),
        EXPLICIT,
        identification(SpecificCharacterSet="ISO_IR 100"),
        EXPLICIT,
    ),
    "private 32 and 0": (
        private(b"US", b"\x20\0", IMPLICIT),
        IMPLICIT,
        private(b"US", b"\0\0", IMPLICIT),
        IMPLICIT,
    ),
    "private 65 and 8257": (
        private(b"US", b"A\0", IMPLICIT),
        IMPLICIT,
        private(b"US", b"A ", IMPLICIT),
        IMPLICIT,
    ),
    "zeros of two lengths": (
        private(b"OB", bytes(10), IMPLICIT),
        IMPLICIT,
        private(b"OB", bytes(12), IMPLICIT),
        IMPLICIT,
    ),
    "a private number at its end": (
        private(b"UL", b"\1\0\0\0"),
        EXPLICIT,
        private(b"UL", b"\1\0\0\x20"),
        EXPLICIT,
    ),
    "a hidden group length": (
        ADULT,
        EXPLICIT,
        element(0x00090000, b"LO", "another text") + ADULT,
        EXPLICIT,
    ),
    "pixels": (
        image(NATIVE_PIXELS),
        EXPLICIT,
        image(element(PIXELS, b"OW", bytes(range(15)) + b"\0")),
        EXPLICIT,
    ),
    "no pixels": (image(NATIVE_PIXELS), EXPLICIT, image(b""), EXPLICIT),
    "pixels of another length": (
        element(PIXELS, b"OB", bytes(16)),
        EXPLICIT,
        element(PIXELS, b"OB", bytes(18)),
        EXPLICIT,
    ),
    "colours of native pixels": (
        image(NATIVE_PIXELS),
        EXPLICIT,
        image(NATIVE_PIXELS, photometric="YBR_FULL"),
        EXPLICIT,
    ),
    "a fragment": (
        image(NO_TABLE),
        JPEG,
        image(fragments(b"", FRAME, FRAME[::-1])),
        JPEG,
    ),
    "the first fragment where the table is missing": (
        image(fragments(FRAME, FRAME)),
        JPEG,
        image(fragments(FRAME[::-1], FRAME)),
        JPEG,
    ),
    "decompressed and of another height": (
        image(NO_TABLE),
        JPEG,
        image(NATIVE_PIXELS, rows=4),
        EXPLICIT,
    ),
    "decompressed for another patient": (
        ADULT + image(NO_TABLE),
        JPEG,
        element(0x00100020, b"LO", "4712") + image(NATIVE_PIXELS),
        EXPLICIT,
    ),
    "compressed, but without pixels": (image(NO_TABLE), JPEG, image(b""), EXPLICIT),
    "cut": (ADULT + NATIVE_PIXELS, EXPLICIT, (ADULT + NATIVE_PIXELS)[:-1], EXPLICIT),
    "cut where a zero stood": (
        element(PIXELS, b"OB", bytes(16)),
        EXPLICIT,
        element(PIXELS, b"OB", bytes(16))[:-1],
        EXPLICIT,
    ),
    "without the end of an item": (
        sequence(SEQUENCE, item(ADULT, undefined=True), undefined=True),
        EXPLICIT,
        sequence(SEQUENCE, item(ADULT, undefined=True), undefined=True)[:-16],
        EXPLICIT,
    ),
}


@pytest.mark.parametrize("pair", OTHER.values(), ids=OTHER.keys())
def test_anything_else_is_another_content(
    tmp_path: Path, pair: tuple[bytes, str, bytes, str]
) -> None:
    """A change that anyone could read in the object is never taken for padding."""
    one, one_ts, other, other_ts = pair

    assert not mean_the_same(means(tmp_path, one, one_ts), means(tmp_path, other, other_ts))


def test_a_deflated_object_that_is_cut_is_another(tmp_path: Path) -> None:
    """Half of the deflated data is not the object, even where no element is missing."""
    path = part10(tmp_path / "whole.dcm", identification(), DEFLATED)
    whole = meaning_of(path, DEFLATED)
    path.write_bytes(path.read_bytes()[:-1])

    assert not mean_the_same(whole, meaning_of(path, DEFLATED))


def test_the_form_of_the_pixels_is_told(tmp_path: Path) -> None:
    """Nothing, native or the transfer syntax of the compression."""
    assert means(tmp_path, ADULT).pixel_form == ""
    assert means(tmp_path, image(NATIVE_PIXELS)).pixel_form == NATIVE
    assert means(tmp_path, image(NO_TABLE), JPEG).pixel_form == JPEG


def test_pixels_of_an_icon_are_no_pixels_of_the_object(tmp_path: Path) -> None:
    """The form is that of the image; the icon is compared only where the forms are equal."""
    icon = sequence(0x00880200, item(image(NATIVE_PIXELS)))
    black = sequence(0x00880200, item(image(element(PIXELS, b"OW", bytes(16)))))

    assert means(tmp_path, icon).pixel_form == ""
    assert not mean_the_same(means(tmp_path, icon), means(tmp_path, black))
    assert mean_the_same(
        means(tmp_path, icon + image(NO_TABLE), JPEG), means(tmp_path, black + image(NATIVE_PIXELS))
    )


@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x00100010, b"PN"),
        (0x60023000, b"OB"),
        (0x00280106, b"US"),
        (0x00090010, b"LO"),
        (0x00091001, b""),
        (0x00080FFF, b""),
    ],
)
def test_vr_of_an_element_without_one(tag: int, vr: bytes) -> None:
    """The dictionary knows repeating groups and private creators; what it lacks has none."""
    assert dictionary_vr(tag) == vr


# Datasets that another library writes


def written(dataset: Dataset, ts: str) -> bytes:
    """Return ``dataset`` as pydicom encodes it, not deflated."""
    file = io.BytesIO()
    pydicom.dcmwrite(file, dataset, implicit_vr=ts == IMPLICIT, little_endian=ts != BIG_ENDIAN)
    return file.getvalue()


NAMES = ["Müller^Änne", "Özil^Jörg^^Dr.", "Weiß", "A^B=C^D"]
WORDS = ["Abdomen", "Schilddrüse links", "a", "Größe: 4 cm", "-"]
VALUES: dict[tuple[int, str], st.SearchStrategy[Any]] = {
    (0x00080020, "DA"): st.sampled_from(["20240115", "19581224", ""]),
    (0x00080008, "CS"): st.sampled_from([["ORIGINAL", "PRIMARY"], ["DERIVED"], ["A", "", "B"]]),
    (0x00081030, "LO"): st.sampled_from(WORDS),
    (0x00091001, "LO"): st.sampled_from(WORDS),
    (0x00091002, "US"): st.integers(0, 0xFFFF),
    (0x00091003, "FD"): st.floats(allow_nan=False),
    (0x00091004, "OB"): st.binary(min_size=6, max_size=6),
    (0x00091005, "UI"): st.sampled_from(["1.2", "1.2.3", "1.2.840.113619.2.55"]),
    (0x00091006, "UT"): st.sampled_from([*WORDS, "zwei\r\nZeilen"]),
    (0x00100010, "PN"): st.sampled_from(NAMES),
    (0x00181063, "DS"): st.sampled_from(["1.5", "-3", "1e3", "0"]),
    (0x0020000D, "UI"): st.sampled_from(["1.2.3", "1.2.34"]),
    (0x00186020, "SL"): st.integers(-(2**31), 2**31 - 1),
    (0x00200013, "IS"): st.integers(-5, 99999),
    (0x00280009, "AT"): st.sampled_from([0x00181063, 0x00181065]),
    (0x00280010, "US"): st.integers(0, 0xFFFF),
    (0x0040A160, "UT"): st.sampled_from([*WORDS, "zwei\r\nZeilen"]),
    (0x00720074, "FD"): st.floats(allow_nan=False),
}
NESTED = [(0x00081111, "SQ"), (0x00091010, "SQ"), (0x0040A730, "SQ")]


@st.composite
def plans(draw: st.DrawFn, depth: int = 2) -> dict[tuple[int, str], Any]:
    """Return what a small dataset holds: values, and plans of the items of sequences."""
    plan = {key: draw(VALUES[key]) for key in draw(st.sets(st.sampled_from(list(VALUES))))}
    if depth:
        items = st.lists(plans(depth - 1), max_size=2)
        plan |= {key: draw(items) for key in draw(st.sets(st.sampled_from(NESTED)))}
    return plan


def built(plan: dict[tuple[int, str], Any], label: str = "") -> Dataset:
    """Return the dataset of a plan, with the creator of its private block."""
    dataset = Dataset()
    if label:
        dataset.SpecificCharacterSet = label
    dataset.add_new(CREATOR, "LO", "ACME")
    for (tag, vr), value in plan.items():
        if vr == "SQ":
            dataset.add_new(tag, vr, [built(inner) for inner in value])
        else:
            dataset.add_new(tag, vr, value)
    return dataset


ENCODINGS = [
    ("ISO_IR 100", EXPLICIT),
    ("ISO_IR 100", BIG_ENDIAN),
    ("ISO_IR 192", IMPLICIT),
    ("ISO_IR 192", DEFLATED),
]


@given(plans())
def test_every_encoding_of_a_dataset_means_the_same(
    tmp_path_factory: pytest.TempPathFactory, plan: dict[tuple[int, str], Any]
) -> None:
    """Four transfer syntaxes and two character sets are one object."""
    folder = tmp_path_factory.getbasetemp()
    found = {means(folder, written(built(plan, label), ts), ts) for label, ts in ENCODINGS}

    assert len(found) == 1


@given(st.data())
def test_one_changed_value_is_another_content(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever the two are encoded in."""
    folder = tmp_path_factory.getbasetemp()
    plan = data.draw(plans())
    key = data.draw(st.sampled_from(list(VALUES)))
    plan[key] = data.draw(VALUES[key])
    changed = data.draw(VALUES[key].filter(lambda value: value != plan[key]))
    wrap = data.draw(st.sampled_from(["", "public", "private"]))
    one, other = (
        built(wrapped(wrap, content), "ISO_IR 192") for content in (plan, {**plan, key: changed})
    )
    one_ts, other_ts = data.draw(st.tuples(*[st.sampled_from(UNCOMPRESSED)] * 2))

    assert not mean_the_same(
        means(folder, written(one, one_ts), one_ts),
        means(folder, written(other, other_ts), other_ts),
    )


def wrapped(where: str, plan: dict[tuple[int, str], Any]) -> dict[tuple[int, str], Any]:
    """Return a plan inside the item of a sequence, or as it is."""
    tags = {"public": SEQUENCE, "private": 0x00091010}
    return {(tags[where], "SQ"): [plan]} if where else plan


# Real objects


def transfer_syntax(path: Path) -> str:
    """Return the transfer syntax of a file."""
    with path.open("rb") as file:
        return read_file_meta(file)


def turned(dataset: Dataset, _: object = None) -> None:
    """Turn the bytes of words, which pydicom leaves as they are."""
    for data_element in dataset:
        if data_element.VR == "OW":
            data_element.value = b"".join(
                data_element.value[at : at + 2][::-1] for at in range(0, len(data_element.value), 2)
            )


@pytest.mark.parametrize("name", ["images/echo-1.dcm", "sr/abdomen.dcm", "sr/echo.dcm"])
@pytest.mark.parametrize("ts", UNCOMPRESSED)
def test_a_sample_in_another_transfer_syntax(
    tmp_path: Path, project: Path, name: str, ts: str
) -> None:
    """The samples mean the same in every uncompressed transfer syntax."""
    assert_same_after_transcoding(project / "samples" / name, ts, tmp_path)


def assert_same_after_transcoding(path: Path, ts: str, folder: Path) -> None:
    """Compare a file in little endian with what pydicom makes of it."""
    was = transfer_syntax(path)
    dataset = pydicom.dcmread(path)
    if "PixelData" in dataset and dataset.file_meta.TransferSyntaxUID.is_compressed:
        return
    if BIG_ENDIAN in {ts, was} and ts != was:
        turned(dataset)
    encoded = written(Dataset(dict(dataset.items())), ts)

    assert mean_the_same(meaning_of(path, was), means(folder, encoded, ts)), path.name


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of values that are too long
@pytest.mark.parametrize("ts", [IMPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("folder", ["sr", "images"])
def test_foreign_objects_in_another_transfer_syntax(
    tmp_path: Path, corpus: Path, folder: str, ts: str
) -> None:
    """Objects of many devices mean the same in the transfer syntaxes that differ the most."""
    for path in sorted((corpus / folder).glob("*.dcm")):
        if "truncated" not in path.name and path.stat().st_size < 500_000:
            assert_same_after_transcoding(path, ts, tmp_path)


@pytest.mark.parametrize("folder", ["sr", "images", "field/sr"])
def test_foreign_objects_are_told_apart(corpus: Path, folder: str) -> None:
    """No two files of the corpus mean the same but the one that is there in two encodings."""
    paths = [
        path
        for path in sorted((corpus / folder).glob("*.dcm"))
        if path.stat().st_size < 2_000_000 and path.name != "edge_ts_deflated.dcm"
    ]

    contents = {meaning_of(path, transfer_syntax(path)).content for path in paths}

    assert len(contents) == len(paths)


def test_a_sample_that_was_compressed(tmp_path: Path, project: Path) -> None:
    """Compressed without loss, an image is the same object, and its pixels are still told apart."""
    path = project / "samples" / "images" / "echo-1.dcm"
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(tmp_path / "rle.dcm")

    native, encapsulated = meaning_of(path, EXPLICIT), meaning_of(tmp_path / "rle.dcm", RLELossless)

    assert mean_the_same(native, encapsulated)
    assert native.coding != encapsulated.coding


@pytest.mark.parametrize(
    "name", ["JPGLosslessP14SV1_1s_1f_8b.dcm", "US1_J2KR.dcm", "YBR_FULL-RLE.dcm"]
)
def test_a_foreign_image_that_was_decompressed(tmp_path: Path, corpus: Path, name: str) -> None:
    """Whatever a decompressor changes in what describes the pixels."""
    path = corpus / "images" / name
    dataset = pydicom.dcmread(path)
    dataset.decompress(generate_instance_uid=False)
    dataset.save_as(tmp_path / "native.dcm")
    compressed = meaning_of(path, transfer_syntax(path))

    assert mean_the_same(compressed, meaning_of(tmp_path / "native.dcm", EXPLICIT))

    dataset.NumberOfFrames = 2
    dataset.save_as(tmp_path / "native.dcm")
    assert not mean_the_same(compressed, meaning_of(tmp_path / "native.dcm", EXPLICIT))


# Hostile bytes, and limits


@given(st.binary(max_size=300), st.sampled_from(UNCOMPRESSED))
def test_any_bytes_mean_something_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, dataset: bytes, ts: str
) -> None:
    """Only `DatasetError` ever comes out of a dataset of any bytes."""
    with contextlib.suppress(DatasetError):
        means(tmp_path_factory.getbasetemp(), dataset, ts)


CROWDED = (
    identification()
    + sequence(SEQUENCE, series_item("für".encode(), "ISO_IR 192", undefined=True), undefined=True)
    + private(b"UN", series_item(b"x", ts=IMPLICIT, undefined=False))
    + image(fragments(struct.pack("<LL", 0, 20), FRAME, FRAME))
)
MARKS = [b"\xff\xff\xff\xff", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"SQ\0\0", b"UN\0\0"]


@given(st.data())
def test_a_damaged_object_is_another_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Bytes changed, lost and doubled anywhere: a meaning or `DatasetError`, nothing else."""
    damaged = bytearray(CROWDED)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(damaged)))
        damaged[at : at + data.draw(st.integers(0, 6))] = data.draw(
            st.one_of(st.binary(max_size=6), st.sampled_from(MARKS))
        )
    with contextlib.suppress(DatasetError):
        means(tmp_path_factory.getbasetemp(), bytes(damaged))


def test_no_cut_object_is_the_whole_one(tmp_path: Path) -> None:
    """Wherever the transfer ended."""
    whole = means(tmp_path, CROWDED)

    for end in range(len(CROWDED)):
        assert not mean_the_same(whole, means(tmp_path, CROWDED[:end])), end


def test_hostile_files_mean_something_or_are_refused(corpus: Path) -> None:
    """Nothing but `DatasetError` comes out of files made to do harm."""
    for path in sorted((corpus / "hostile").glob("*.dcm")):
        if "bomb" not in path.name:
            with contextlib.suppress(DatasetError):
                meaning_of(path, transfer_syntax(path))


def test_a_file_without_meta_information_is_refused(tmp_path: Path) -> None:
    """What is not Part 10 is no object of ours."""
    (tmp_path / "a").write_bytes(identification())

    with pytest.raises(DatasetError):
        meaning_of(tmp_path / "a", EXPLICIT)


def deep(levels: int) -> bytes:
    """Return a sequence that nests as often as ``levels`` says."""
    head = element(SEQUENCE, b"SQ", b"", length=UNDEFINED)
    return (head + struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED)) * levels


def many(elements: int) -> bytes:
    """Return a dataset of as many empty elements."""
    return element(0x00100020, b"LO", b"") * elements


@pytest.mark.parametrize(
    ("limit", "dataset"),
    [("_MOST_STEPS", many(200)), ("_DEEPEST", deep(120)), ("_MOST_INFLATED", bytes(1000))],
    ids=["elements", "depth", "inflated size"],
)
def test_an_object_beyond_a_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, dataset: bytes
) -> None:
    """Elements, depth and inflated bytes are bounded, whatever the object says."""
    ts = DEFLATED if limit == "_MOST_INFLATED" else EXPLICIT
    means(tmp_path, dataset, ts)
    monkeypatch.setattr(meaning, limit, 100)
    if limit == "_DEEPEST":
        monkeypatch.setattr(meaning, limit, 50)

    with pytest.raises(DatasetTooLarge):
        means(tmp_path, dataset, ts)


def large_native(path: Path) -> None:
    """Write 64 MB of native pixels, which take no room on the disk."""
    size = 64 * 1024 * 1024
    part10(path, element(PIXELS, b"OW", b"", ts=BIG_ENDIAN, length=size), BIG_ENDIAN)
    os.truncate(path, path.stat().st_size + size)


def large_fragment(path: Path) -> None:
    """Write an encapsulated frame of 64 MB."""
    size = 64 * 1024 * 1024
    head = element(PIXELS, b"OB", item(b""), length=UNDEFINED)
    part10(path, head + struct.pack("<HHL", 0xFFFE, 0xE000, size))
    os.truncate(path, path.stat().st_size + size)


def large_text(path: Path) -> None:
    """Write a text of 64 MB, and a private value of as much."""
    size = 64 * 1024 * 1024
    text = element(0x0040A160, b"UT", b"", length=size)
    part10(path, text)
    os.truncate(path, path.stat().st_size + size)
    with path.open("ab") as file:
        file.write(element(PRIVATE, b"UN", b"", length=size))
    os.truncate(path, path.stat().st_size + size)


def large_deflated(path: Path) -> None:
    """Write pixels that inflate to 16 MB."""
    part10(path, element(PIXELS, b"OW", bytes(16 * 1024 * 1024)), DEFLATED)


@pytest.mark.parametrize("write", [large_native, large_fragment, large_text, large_deflated])
def test_a_large_object_is_never_held_in_memory(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """A cine is digested piece by piece."""
    path = tmp_path / "large.dcm"
    write(path)
    tracemalloc.start()
    try:
        meaning_of(path, transfer_syntax(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * 1024 * 1024
