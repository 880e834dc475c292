"""The DICOM JSON Model (PS3.18 F.2) of datasets, whatever devices wrote into them.

What is written is always JSON, and in UTF-8: a number that is none stays the text it is, ``NaN``
too, an empty value among others is ``null``.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from typing import Any, Final

from worklist.item import Element, Item

JsonDataset = dict[str, Any]
"""Attributes by tag in eight capital hexadecimal digits, ascending."""

UTF_8: Final = "ISO_IR 192"
_CHARACTER_SET: Final = 0x00080005
BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
"""VRs whose values are written as they are (F.2.7)."""
_JSON: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
NAME_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


def json_dataset(item: Item) -> JsonDataset:
    """Return the JSON of a dataset, whatever is long in it; left out is what is not `is_told`."""
    return {
        name_of(tag): json_attribute(tag, element)
        for tag, element in sorted(item.items(), key=_by_tag)
        if is_told(tag)
    }


def is_told(tag: int) -> bool:
    """Return whether the model has an attribute: no group length, no file meta (F.2.2)."""
    return tag & 0xFFFF != 0 and tag >> 16 > 2


def _by_tag(pair: tuple[int, Element]) -> int:
    return pair[0]


def name_of(tag: int) -> str:
    """Return a tag as the model writes it."""
    return f"{tag:08X}"


def json_text(datasets: JsonDataset | Sequence[JsonDataset]) -> str:
    """Return datasets as they are sent."""
    return _JSON.encode(datasets)


def json_attribute(tag: int, element: Element) -> JsonDataset:
    """Return the JSON of one attribute; of the character set that of what is sent."""
    if tag == _CHARACTER_SET:
        return {"vr": "CS", "Value": [UTF_8]}
    told: JsonDataset = {"vr": element.VR}
    if element.VR == "SQ":
        items = [json_dataset(one) for one in element.items]
        return told | {"Value": items} if items else told
    if element.VR in BINARY:
        data = element.other if isinstance(element.other, bytes) else b""
        return told | {"InlineBinary": base64.b64encode(data).decode("ascii")} if data else told
    values = [_text(element.VR, text) for text in element.texts] or _others(element)
    return told | {"Value": values} if values else told


def _text(VR: str, text: str) -> object:  # noqa: N803
    """Return one text as JSON has it; None for an empty one among others (F.2.5)."""
    if not text:
        return None
    if VR == "PN":
        groups = zip(NAME_GROUPS, text.split("="), strict=False)
        return {name: group for name, group in groups if group.strip("^ ")} or None
    if VR in {"DS", "IS"}:
        return _number(VR, text)
    return text


def _number(VR: str, text: str) -> int | float | str:  # noqa: N803
    """Return a number; the text where it is none, or none that JSON can hold as it is."""
    try:
        number = int(text) if VR == "IS" else float(text)
        is_plain = math.isfinite(number) and "_" not in text
    except (ValueError, OverflowError):
        return text
    return number if is_plain else text


def _others(element: Element) -> list[object]:
    """Return numbers and tags."""
    value = element.other
    values = value if isinstance(value, tuple) else () if value in (None, b"") else (value,)
    if element.VR == "AT":
        return [name_of(one) for one in values if isinstance(one, int)]
    return [one if _is_plain(one) else str(one) for one in values]


def _is_plain(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
