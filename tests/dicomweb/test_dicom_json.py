"""The JSON of datasets: whatever a device wrote, JSON comes out."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree as ET

import pytest
from pydicom import Dataset, config
from pydicom.dataelem import DataElement

from gdtbridge.retrieve.dicom_json import json_dataset
from gdtbridge.retrieve.dicom_xml import xml_dataset
from worklist.item import Element, Item, item_from, tag_of


def of(keyword: str, VR: str, *texts: str, other: object = None) -> object:  # noqa: N803
    """Return what an attribute becomes, by way of text."""
    tag = tag_of(keyword)
    item: Item = {tag: Element(VR, texts=texts, other=other)}
    return json.loads(json.dumps(json_dataset(item), allow_nan=False))[f"{tag:08X}"]


@pytest.mark.parametrize(
    ("VR", "texts", "value"),
    [
        ("SH", (), None),
        ("SH", ("a", "", "b"), ["a", None, "b"]),
        ("IS", ("3",), [3]),
        ("IS", ("3.0",), ["3.0"]),
        ("IS", ("1_000",), ["1_000"]),
        ("IS", ("9" * 400, "9" * 5000), ["9" * 400, "9" * 5000]),
        ("DS", ("33.3",), [33.3]),
        ("DS", ("33,3", "abc", "NaN", "1e999", ""), ["33,3", "abc", "NaN", "1e999", None]),
        ("PN", ("A^B=C=D",), [{"Alphabetic": "A^B", "Ideographic": "C", "Phonetic": "D"}]),
        ("PN", ("=C",), [{"Ideographic": "C"}]),
        ("PN", ("A", ""), [{"Alphabetic": "A"}, None]),
        ("PN", ("^^^",), [None]),
    ],
)
def test_texts(VR: str, texts: tuple[str, ...], value: object) -> None:  # noqa: N803
    """Numbers are numbers where they are, empty values null, and nothing is refused."""
    wanted = {"vr": VR} if value is None else {"vr": VR, "Value": value}

    assert of("PatientComments", VR, *texts) == wanted


@pytest.mark.parametrize(
    ("VR", "other", "told"),
    [
        ("US", 5, {"Value": [5]}),
        ("US", (5, 6), {"Value": [5, 6]}),
        ("FD", (1.5, math.nan, -math.inf), {"Value": [1.5, "nan", "-inf"]}),
        ("AT", (0x00181063,), {"Value": ["00181063"]}),
        ("OB", b"\x00\xff", {"InlineBinary": "AP8="}),
        ("UN", b"", {}),
        ("SQ", None, {}),
    ],
)
def test_what_is_no_text(VR: str, other: object, told: dict[str, object]) -> None:  # noqa: N803
    """Numbers, tags and bytes; no NaN, which JSON does not know."""
    assert of("PatientComments", VR, other=other) == {"vr": VR, **told}


def test_a_dataset_with_everything_dirty_is_json_and_xml() -> None:
    """One bad object spoils no series (pydicom's own writer raises)."""
    dataset = Dataset()
    for tag, kind, value in (
        (0x00101030, "DS", "33,3"),
        (0x00200013, "IS", "eins"),
        (0x00100010, "PN", "A\\"),
        (0x00104000, "LT", "a\x00\x08b"),
    ):
        dataset.add(
            DataElement(tag, kind, value, already_converted=True, validation_mode=config.IGNORE)
        )
    written = json_dataset(item_from(dataset))

    json.dumps(written, allow_nan=False)
    ET.fromstring(xml_dataset(written))
