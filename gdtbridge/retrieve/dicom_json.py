"""The DICOM JSON Model (PS3.18 F.2) of datasets, whatever devices wrote into them.

What is written is always JSON, and in UTF-8: a number that is none stays the text it is, ``NaN``
too, an empty value among others is ``null``. What was read without its long values names where
those are.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from worklist.item import Element, Item, UnreadValue

JsonDataset = dict[str, Any]
"""Attributes by tag in eight capital hexadecimal digits, ascending."""
Place = tuple[int, ...]
"""Where an element is: tags, and between them the numbers of items, from 0."""
BulkLocator = Callable[[Place], str]
"""Returns the URI a value can be had from."""

LONGEST_INLINE: Final = 1024
"""Bytes of a binary value that are written into the JSON."""
UTF_8: Final = "ISO_IR 192"
_CHARACTER_SET: Final = 0x00080005
BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
"""VRs whose values are written as they are (F.2.7)."""
_JSON: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
NAME_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


def json_dataset(item: Item, bulk: BulkLocator | None = None, above: Place = ()) -> JsonDataset:
    """Return the JSON of a dataset; without ``bulk`` no value is too long to be written.

    ``above`` is where the dataset is within another. Left out are group lengths and the file meta
    information (`is_told`), and values that nobody read and nobody could fetch.
    """
    written: JsonDataset = {}
    for tag, element in sorted(item.items(), key=_by_tag):
        if not is_told(tag):
            continue
        attribute = json_attribute(tag, element, above, bulk)
        if attribute is not None:
            written[name_of(tag)] = attribute
    return written


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


def json_attribute(
    tag: int, element: Element, above: Place = (), bulk: BulkLocator | None = None
) -> JsonDataset | None:
    """Return an attribute of a dataset that is at ``above`` (`json_dataset`); None for none."""
    if tag == _CHARACTER_SET:
        return {"vr": "CS", "Value": [UTF_8]}
    told: JsonDataset = {"vr": element.VR}
    place = (*above, tag)
    value = element.other
    if isinstance(value, UnreadValue) or (bulk and _is_long(value)):
        if bulk is None:
            return None
        return told | {"BulkDataURI": bulk(place)}
    if element.VR == "SQ":
        items = [json_dataset(one, bulk, (*place, n)) for n, one in enumerate(element.items)]
        return told | {"Value": items} if items else told
    if element.VR in BINARY:
        data = value if isinstance(value, bytes) else b""
        return told | {"InlineBinary": base64.b64encode(data).decode("ascii")} if data else told
    values = [_text(element.VR, text) for text in element.texts] or _others(element)
    return told | {"Value": values} if values else told


def _is_long(value: object) -> bool:
    return isinstance(value, bytes) and len(value) > LONGEST_INLINE


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
