"""Names that fit their field, and device wording a person can read."""

from __future__ import annotations

import re
from typing import Final

ELLIPSIS: Final = "..."

_INTERNAL: Final = re.compile(r"[A-Z0-9]{2,}(?:_[A-Z0-9]+)+")
"""A name of a device's software, such as ``MCR_WEIGHT_US_PERC_EFW_HADLOCK``."""

_MEANINGLESS: Final = frozenset({"MCR", "US", "PERC", "CALC", "MEAS", "M", "WEIGHT"})
"""Words of such names that say nothing to a doctor."""


GENERIC_NAMES: Final = frozenset({"value", "distance", "measurement"})
"""What devices call any measurement whose name is its label."""

GENERIC_CONTAINERS: Final = frozenset(
    {
        "user-defined concepts",
        "user defined concepts",
        "user-defined",
        "user defined",
        "measurement",
        "measurements",
        "calculation",
        "calculations",
        "general anatomy",
    }
)
"""Private containers that say nothing of what they hold."""

_SHORT: Final = re.compile(r"((?:[LR][VA]-)?)\S.*\((\w*[A-Z]\w*[A-Z]\w*)\)")


_WEIGHT: Final = re.compile(
    r"EFW by (?P<of>[A-Z][A-Za-z]{1,3}(?:, ?[A-Z][A-Za-z]{1,3})*), ?(?P<author>[^,]*[a-z][^,]*)"
)
"""An equation of PS3.16 CID 12014: ``EFW by AC, BPD, Hadlock 1984``."""

_ABBREVIATED: Final = frozenset({"BPD", "HC", "AC", "FL", "OFD", "CRL", "GS", "HL", "TCD"})
"""What devices put before the author of a table: the measurement it is for."""


def abbreviated(name: str) -> str:
    """Return what stands for a name in brackets behind it (``LV-EF``); empty without."""
    short = _SHORT.fullmatch(name)
    return "".join(short.groups()) if short is not None else ""


def fitted(stem: str, tail: str, length: int) -> str:
    """Return stem and tail in ``length`` characters; of a longer stem the end is left out."""
    whole = stem + tail
    if len(whole) <= length:
        return whole
    room = max(length - len(tail) - len(ELLIPSIS), 0)
    head = stem[:room].rstrip(" ,;(")
    return (head + ELLIPSIS + tail)[:length]


def readable(text: str) -> str:
    """Return a device's words without internals and doubled words: ``FL, FL`` is ``FL``.

    A formula for the weight of a child is named by its author, what goes into it in brackets.
    """
    weight = _WEIGHT.fullmatch(text)
    if weight is not None:
        return f"{weight['author']} ({weight['of']})"
    parts = dict.fromkeys(_spoken(part.strip()) for part in text.split(","))
    return ", ".join(part for part in parts if part)


def beside(text: str, measured: str) -> str:
    """Return what is said behind ``measured`` (BIP) without saying it again (BPD)."""
    again = {measured, *_ABBREVIATED}
    return ", ".join(part for part in text.split(", ") if part not in again)


def _spoken(text: str) -> str:
    if not _INTERNAL.fullmatch(text):
        return text
    words = [word for word in text.split("_") if word not in _MEANINGLESS]
    return " ".join(word.capitalize() if len(word) > 4 else word for word in words)
