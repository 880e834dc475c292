"""What a file says as JSON: every encoding and VR, whole whatever surrounds it, and bounded."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from gdtbridge.dataset.errors import DatasetError, DatasetTooLarge
from gdtbridge.retrieve import metadata_reading
from gdtbridge.retrieve.bulk_values import bulk_value
from gdtbridge.retrieve.dicom_json import json_dataset
from gdtbridge.retrieve.metadata_reading import ITS_URI, MOST_LEVELS, metadata_in
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
from worklist.item import item_from

TREE = 0x0040A730
SYNTAXES = [IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN]


def told(folder: Path, dataset: bytes, syntax: str = EXPLICIT) -> Any:
    """Return what is told of a dataset, at the URI ``x``."""
    return json.loads(metadata_in(part10(folder / "a", dataset, syntax), syntax).replace("\0", "x"))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_encoding_says_the_same(tmp_path: Path, syntax: str) -> None:
    """Texts and numbers, in any byte order, as pydicom reads them; no file meta information."""
    order = ">" if syntax == BIG_ENDIAN else "<"
    numbers = element(0x00280010, b"US", struct.pack(f"{order}H", 480), ts=syntax)
    numbers += element(0x0040A0B0, b"US", struct.pack(f"{order}3H", 256, 0, 16), ts=syntax)
    numbers += element(0x00280009, b"AT", struct.pack(f"{order}HH", 0x18, 0x1063), ts=syntax)
    tags = element(0x0018602C, b"FD", struct.pack(f"{order}d", 0.0123), ts=syntax)
    data = identification(syntax) + tags + numbers

    found = told(tmp_path, data, syntax)

    assert found["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Müller^Änne"}]}
    assert found["00080005"] == {"vr": "CS", "Value": ["ISO_IR 192"]}
    assert found["0018602C"] == {"vr": "FD", "Value": [0.0123]}
    assert found["00280009"] == {"vr": "AT", "Value": ["00181063"]}
    assert found["0040A0B0"] == {"vr": "US", "Value": [256, 0, 16]}
    assert found == json_dataset(item_from(dcmread(tmp_path / "a")))


def test_a_character_set_that_comes_late_is_that_of_the_texts_before(tmp_path: Path) -> None:
    """And of the items within, which may have their own."""
    name = "Жук".encode("iso8859_5")
    sets = element(0x00080005, b"CS", "ISO_IR 144")
    inner = item(element(0x00100010, b"PN", name))
    other = item(element(0x00080005, b"CS", "ISO_IR 100") + element(0x00100010, b"PN", "Ä"))
    data = element(0x00080070, b"LO", name) + sets + element(TREE, b"SQ", inner + other)

    found = told(tmp_path, data)

    assert found["00080070"]["Value"] == ["Жук"]
    names = [one["00100010"]["Value"][0]["Alphabetic"] for one in found["0040A730"]["Value"]]
    assert names == ["Жук", "Ä"]


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("vr", [b"SQ", b"UN"])
def test_sequences_of_any_length(tmp_path: Path, vr: bytes, *, undefined: bool) -> None:
    """Also as UN, which holds implicit elements (PS3.5 6.2.2); an empty item is one."""
    inner = element(0x00080100, b"SH", "T-1", ts=IMPLICIT if vr == b"UN" else EXPLICIT)
    items = item(inner, undefined=undefined) + item(b"", undefined=undefined)
    data = items + delimiter(0xE0DD) if undefined else items
    length = UNDEFINED if undefined else None
    after = element(0x0040A730, b"SQ", b"")

    found = told(tmp_path, element(0x0040A043, vr, data, length=length) + after)

    code = {"00080100": {"vr": "SH", "Value": ["T-1"]}}
    assert found == {"0040A043": {"vr": "SQ", "Value": [code, {}]}, "0040A730": {"vr": "SQ"}}


def test_long_values_are_named_and_had_there(tmp_path: Path) -> None:
    """Of any VR at the top, of bytes anywhere; of private ones too, whatever pydicom calls them."""
    icon = element(0x7FE00010, b"OB", item(b"\1\2") + delimiter(0xE0DD), length=UNDEFINED)
    data = (
        element(0x00081111, b"SQ", item(b"") + item(element(0x00420011, b"OB", bytes(1026))))
        + element(0x00880200, b"SQ", item(icon))
        + element(0x0040A160, b"UT", "a" * 70_000)
    )
    found = told(tmp_path, data)
    places = {
        "00081111/1/00420011": found["00081111"]["Value"][1]["00420011"],
        "00880200/0/7FE00010": found["00880200"]["Value"][0]["7FE00010"],
        "0040A160": found["0040A160"],
    }
    for place, attribute in places.items():
        assert attribute["BulkDataURI"] == f"x/bulkdata/{place}"
        numbers = [int(one, 10 if at % 2 else 16) for at, one in enumerate(place.split("/"))]
        assert bulk_value(tmp_path / "a", EXPLICIT, numbers).size

    maker = element(0x60050010, b"LO", "GEMS_Ultrasound_ExamGroup_001", ts=IMPLICIT)
    private = element(0x60051010, b"UN", bytes(2000), ts=IMPLICIT)
    path = part10(tmp_path / "b", identification(IMPLICIT) + maker + private, IMPLICIT)
    assert f'"UN","BulkDataURI":"{ITS_URI}/bulkdata/60051010"' in metadata_in(path, IMPLICIT)
    assert b"".join(bulk_value(path, IMPLICIT, [0x60051010]).whole()) == bytes(2000)


@pytest.mark.parametrize(("length", "VR"), [(None, "OW"), (UNDEFINED, "OB"), (0xFFFFFFF0, "OW")])
def test_pixels_are_named_and_end_it(tmp_path: Path, length: int | None, VR: str) -> None:  # noqa: N803
    """Compressed ones are OB; nothing behind them is read, and no length of theirs believed."""
    pixels = element(0x7FE00010, b"OW", bytes(4), length=length)
    found = told(tmp_path, identification() + pixels + element(0xFFFCFFFC, b"OB", bytes(2)))

    assert found["7FE00010"] == {"vr": VR, "BulkDataURI": "x/bulkdata/7FE00010"}
    assert "FFFCFFFC" not in found


def test_half_a_value_is_none(tmp_path: Path) -> None:
    """One cut off, one that runs out of its item, numbers of a wrong length, a VR nobody knows."""
    cut_inside = item(element(0x00080100, b"SH", "T-1", length=400))
    data = (
        element(0x00080050, b"SH", "R42")
        + element(0x00280010, b"US", b"\1\2\3\4\5\6", length=5)[:-1]
        + element(0x00280011, b"ZZ", b"\1\2")
        + element(TREE, b"SQ", cut_inside)
        + element(0x0040DB73, b"UL", bytes(4), length=40)
    )
    found = told(tmp_path, data)

    assert found == {
        "00080050": {"vr": "SH", "Value": ["R42"]},
        "0040A730": {"vr": "SQ", "Value": [{}]},
    }
    for content in (b"", b"no DICOM"):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(DatasetError):
            metadata_in(tmp_path / "a", EXPLICIT)


def test_deep_trees_are_told_so_far(tmp_path: Path) -> None:
    """Levels beyond the limit are empty, and no depth exhausts the stack."""
    data = b""
    for _ in range(500):
        data = element(TREE, b"SQ", item(data, undefined=True), length=UNDEFINED)
        data += delimiter(0xE0DD)
    found, levels = told(tmp_path, data), 0
    while value := found["0040A730"].get("Value"):
        (found,), levels = value, levels + 1

    assert levels == MOST_LEVELS


@pytest.mark.parametrize(
    ("limit", "data"),
    [
        ("MOST_ELEMENTS", element(TREE, b"SQ", item(b"") * 60)),
        ("MOST_BYTES", element(TREE, b"SQ", item(element(0x0040A160, b"UT", "a" * 30)) * 2)),
        ("MOST_BYTES", b"".join(element(0x00420011 + at, b"OB", bytes(1026)) for at in range(7))),
        ("_MOST_INFLATED", element(0x00420011, b"OB", bytes(2000))),
    ],
)
def test_what_goes_on_for_ever_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, data: bytes
) -> None:
    """Elements, bytes and places that are kept, and what a few deflated bytes may become."""
    syntax = DEFLATED if limit == "_MOST_INFLATED" else EXPLICIT
    monkeypatch.setattr(metadata_reading, limit, 50)
    with pytest.raises(DatasetTooLarge):
        told(tmp_path, data, syntax)
