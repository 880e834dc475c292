"""Parameters of a search by web as keys (PS3.18 8.3.4): names of attributes, and their values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pydicom.datadict import tag_for_keyword

from gdtbridge.dataset.values import to_instant, to_microseconds
from gdtbridge.retrieve.query_keys import QueryRefused
from worklist.item import Element, Item, vr_of
from worklist.temporal import parse_range, to_day

MOST_LEVELS: Final = 64
"""Sequences a name may lead through, as many as metadata are written of."""
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_UID: Final = re.compile(r"[0-9.]{1,64}")
_BINARY_NUMBERS: Final = frozenset({"SL", "SS", "UL", "US"})
_NUMBER: Final = re.compile(r"-?[0-9]{1,10}")
_SEVERAL: Final = re.compile(r"[,\\]")


def tags_named(name: str) -> list[int]:
    """Return the tags a name leads through; none for what no dictionary has.

    Raises `QueryRefused` for more than `MOST_LEVELS`.
    """
    parts = name.split(".")
    if len(parts) > MOST_LEVELS:
        raise QueryRefused("so many levels")
    tags = [int(part, 16) if _TAG.fullmatch(part) else tag_for_keyword(part) for part in parts]
    found = [tag for tag in tags if tag is not None]
    return found if len(found) == len(tags) else []


def key_item(keys: Sequence[tuple[str, str]]) -> Item:
    """Return names with their values as keys by tag.

    Those below one sequence are met by one item; of a key that stands there again each value is
    enough. Raises `QueryRefused`.
    """
    found: dict[int, Element] = {}
    for name, value in keys:
        if tags := tags_named(name):
            key = key_element(tags, value)
            found[tags[0]] = _together(found[tags[0]], key) if tags[0] in found else key
    return found


def _together(one: Element, other: Element) -> Element:
    if one.texts or other.texts:
        return replace(one, texts=(*one.texts, *other.texts))
    if not one.items or not other.items:
        return one if other.is_empty else other
    items = dict(one.items[0])
    for tag, key in other.items[0].items():
        items[tag] = _together(items[tag], key) if tag in items else key
    return replace(one, items=(items,))


def key_element(tags: Sequence[int], value: str) -> Element:
    """Return the element of the first of some tags that asks for a value of the last.

    Raises `QueryRefused` for what no attribute of its VR can be.
    """
    tag, *below = tags
    if below:
        return Element("SQ", items=({below[0]: key_element(below, value)},))
    VR = vr_of(tag)  # noqa: N806
    values = _values(tag, VR, value)
    if VR in _BINARY_NUMBERS and values != ["*"]:
        return Element(VR, other=int(values[0]) if values else None)
    return Element(VR, texts=tuple(values))


def _values(tag: int, VR: str, value: str) -> list[str]:  # noqa: N803
    """Return the values of a key; raise `QueryRefused` for what none of its VR can be.

    Several come with a comma between them (8.3.4.1), or as DICOM has it with a backslash (OHIF).
    """
    many = VR in {"UI", "CS"}
    values = [part.strip() for part in _SEVERAL.split(value)] if many else [value.strip()]
    values = [one for one in values if one]
    if not all(_is_possible(VR, one) for one in values):
        raise QueryRefused(f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
    return values


def _is_possible(VR: str, value: str) -> bool:  # noqa: N803
    if VR == "UI":
        return _UID.fullmatch(value) is not None
    if VR == "DA":
        return parse_range(value, to_day) is not None
    if VR == "TM":
        return parse_range(value, to_microseconds) is not None
    if VR == "DT":
        return parse_range(value, to_instant) is not None
    if VR in _BINARY_NUMBERS:
        return value == "*" or _NUMBER.fullmatch(value) is not None
    return True
