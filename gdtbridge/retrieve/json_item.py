"""Datasets that clients send in the DICOM JSON Model (PS3.18 F.2), as items.

Read strictly: what is no attribute, or holds another kind of value than its VR has, is refused with
its tag. What `gdtbridge.retrieve.dicom_json` wrote reads back.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Final, TypeGuard

from gdtbridge.retrieve.dicom_json import BINARY, NAME_GROUPS
from worklist.item import PARAGRAPHS, TEXTS, Element, Item, vr_of

MOST_DEPTH: Final = 16
"""Sequences within sequences."""
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_VR: Final = re.compile(r"[A-Z]{2}")
_WHOLE: Final = frozenset({"SL", "SS", "SV", "UL", "US", "UV"})
_REAL: Final = frozenset({"FD", "FL"})


class JsonRefused(ValueError):
    """A text is no dataset; the text of the error says where, with tags and without values."""


def read_json_dataset(data: bytes) -> Item:
    """Return the one dataset of a JSON text, by itself or in a list; raise `JsonRefused`."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        raise JsonRefused("no JSON") from None
    if isinstance(told, list) and len(told) == 1:
        told = told[0]
    return _item(told, "", MOST_DEPTH)


def _item(told: object, place: str, depth: int) -> Item:
    if not isinstance(told, Mapping):
        raise JsonRefused(place or "one dataset")
    if not depth:
        raise JsonRefused(f"{place}: nested too deeply")
    item: dict[int, Element] = {}
    for name, attribute in told.items():
        if not _TAG.fullmatch(name) or not isinstance(attribute, Mapping):
            raise JsonRefused(f"{place}{name[:8]!r}: no attribute")
        tag = int(name, 16)
        if tag & 0xFFFF and tag >> 16 > 2:
            item[tag] = _element(tag, attribute, f"{place}{name}", depth)
    return item


def _element(tag: int, told: Mapping[str, object], place: str, depth: int) -> Element:
    said = told.get("vr")
    known = vr_of(tag)
    VR = known if known != "UN" else said  # noqa: N806
    if not isinstance(VR, str) or not _VR.fullmatch(VR):
        raise JsonRefused(f"{place}: no vr")
    if "BulkDataURI" in told:
        raise JsonRefused(f"{place}: BulkDataURI")
    if "InlineBinary" in told:
        if VR not in BINARY:
            raise JsonRefused(f"{place}: InlineBinary")
        return Element(VR, other=_bytes(told["InlineBinary"], place))
    values = told.get("Value") or []
    if not isinstance(values, list):
        raise JsonRefused(f"{place}: Value")
    if VR == "SQ":
        items = (_item(one, f"{place}.", depth - 1) for one in values)
        return Element(VR, items=tuple(items))
    if VR in TEXTS:
        texts = tuple(_text(VR, one, place) for one in values)
        return Element(VR, texts=texts if any(texts) else ())
    numbers = tuple(_number(VR, one, place) for one in values)
    return Element(VR, other=numbers[0] if len(numbers) == 1 else numbers or None)


def _bytes(value: object, place: str) -> bytes:
    try:
        return b64decode(str(value), validate=True)
    except (NotBase64, ValueError):
        raise JsonRefused(f"{place}: InlineBinary") from None


def _text(VR: str, value: object, place: str) -> str:  # noqa: N803
    if value is None:
        return ""
    if VR == "PN" and isinstance(value, Mapping):
        groups = [value.get(name) or "" for name in NAME_GROUPS]
        text = "=".join(str(group) for group in groups).rstrip("=")
    elif VR in {"DS", "IS"} and _is_finite(value):
        text = f"{value}"
    elif isinstance(value, str):
        text = value
    else:
        raise JsonRefused(f"{place}: {VR}")
    if "\\" in text and VR not in PARAGRAPHS:
        raise JsonRefused(f"{place}: backslash")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise JsonRefused(f"{place}: half a character") from None
    return text.strip()


def _number(VR: str, value: object, place: str) -> int | float:  # noqa: N803
    if VR == "AT" and isinstance(value, str) and _TAG.fullmatch(value):
        return int(value, 16)
    if VR in _WHOLE and isinstance(value, int) and not isinstance(value, bool):
        return value
    if VR in _REAL and _is_finite(value):
        return value
    raise JsonRefused(f"{place}: {VR}")


def _is_finite(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a number, and not beyond all a double holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
