"""Contents on one line: without line breaks, control characters and bidirectional marks."""

from __future__ import annotations

import unicodedata
from typing import Final

_REMOVED: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories that have no place in a line: controls, formats (bidi), separators."""

SIGN: Final = "\ufffd"
"""Sign shown to a person in place of a control character."""

_EDGE: Final = " \0"
"""Padding of DICOM values, which says nothing."""


def _blank(char: str) -> str:
    """Return the substitute of ``char`` in a line: a mark to collapse, a space or ``char``."""
    category = unicodedata.category(char)
    if category in _REMOVED:
        return "\n"
    return " " if category == "Zs" else char


def clean(text: str) -> tuple[str, bool]:
    """Return ``text`` in NFC without line breaks and controls, and whether any were removed.

    Each run of them, with the spaces around it, becomes one space; other spaces stay.
    """
    text = text.strip(_EDGE)
    if text.isprintable():  # none of the removed, and no space but U+0020
        return unicodedata.normalize("NFC", text), False
    marked = "".join(map(_blank, text))
    removed = "\n" in marked
    if removed:
        parts = (part.strip(" ") for part in marked.split("\n"))
        marked = " ".join(part for part in parts if part)
    return unicodedata.normalize("NFC", marked).strip(" "), removed


def printable(text: str) -> str:
    """Return ``text`` on one line, without controls: fit for a name or a number that was read."""
    return clean(text)[0]


def visible(text: str) -> str:
    """Return ``text`` as it stands, blanks too, but with a sign for each control character."""
    return "".join(SIGN if _blank(char) == "\n" else char for char in text)
