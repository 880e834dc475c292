"""Names in which letters stand as something else: what somebody before us wrote or lost.

None of it is repaired: the practice software knows the patient under what it wrote, and a guess
may be another name. A person is told.
"""

from __future__ import annotations

import re
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands for bytes that somebody before us could not read."""

_ESCAPED: Final = re.compile(
    r"&(?:#\d{2,5}|#[xX][0-9A-Fa-f]{2,4}|[A-Za-z][A-Za-z0-9]{1,7});"  # HTML, XML
    r"|%(?:[89A-Fa-f][0-9A-Fa-f]|2[0-9A-Fa-f])"  # URL
    r"|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|'[0-9a-f]{2})"  # JSON, C, RTF
    r"|=(?:[89A-F][0-9A-F])"  # quoted-printable
)
_LOST: Final = re.compile(r"[^\W\d_]\?|\?[^\W\d_]")
"""A question mark at a letter, as software writes where its character set lacks one."""
_CODECS: Final = ("cp1252", "latin-1", "cp437", "cp850", "mac_roman", "iso8859-15")
"""Character sets in which UTF-8 is mistaken for text."""
_LETTERS: Final = range(0x80, 0x250)
"""Letters a name of these parts of the world may have got so: of Latin-1 and its extensions."""


def name_flaw(text: str) -> str | None:
    """Return the code of the warning a name deserves, None for a name as names are."""
    if text.isascii():
        if _ESCAPED.search(text):
            return "escaped-characters"
        return "question-mark" if _LOST.search(text) else None
    doubled = _decoded_again(text)
    if REPLACEMENT in text or REPLACEMENT in doubled:
        return "replacement-character"
    if doubled:
        return "double-encoded"
    if _ESCAPED.search(text):
        return "escaped-characters"
    return "question-mark" if _LOST.search(text) else None


def _decoded_again(text: str) -> str:
    """Return what a text is as UTF-8, where its letters are the bytes of it; else nothing."""
    for codec in _CODECS:
        try:
            found = text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
        special = [char for char in found if char > "\x7f"]
        if all(ord(char) in _LETTERS or char == REPLACEMENT for char in special):
            return found
    return ""
