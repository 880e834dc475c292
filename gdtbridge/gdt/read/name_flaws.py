"""Names in which letters stand as something else: what somebody before us wrote or lost.

None of it is repaired: the practice software knows the patient under what it wrote, and a guess
may be another name. A person is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
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
_MISTAKEN_FOR_MAC: Final = ("cp437", "cp850", "cp1252", "latin-1")
"""Character sets in which letters of a Macintosh are taken for others."""
_GERMAN: Final = frozenset("äöüÄÖÜßé")
_IN_NAMES: Final = frozenset(
    char for char in map(chr, range(0xC0, 0x250)) if char.isalpha() and char not in "Ÿƒ"
)
"""Letters that names may have."""
_LETTERS: Final = range(0x80, 0x250)
"""Letters a name of these parts of the world may have got so: of Latin-1 and its extensions."""


def name_flaw(text: str) -> str | None:
    """Return the code of the warning a name deserves, None for a name as names are."""
    return next((code for code, has in _FLAWS.items() if has(text)), None)


def _is_lost(text: str) -> bool:
    return REPLACEMENT in text or REPLACEMENT in _decoded_again(text)


def _is_mac_roman(text: str) -> bool:
    """Return whether letters of a Macintosh were taken for those of another system.

    ``ü`` is ``ƒ`` then, ``Ÿ`` or a control character. A letter names have says nothing (``Ç`` for
    ``Ä``): one of the others must be a sign no name has, at a letter (``€gypten``, not ``5 €``).
    """
    special = {char for char in text if char > "\x7f"}
    if not any(_is_at_a_letter(text, sign) for sign in special - _IN_NAMES):
        return False
    for codec in _MISTAKEN_FOR_MAC:
        try:
            meant = "".join(sorted(special)).encode(codec).decode("mac_roman")
        except UnicodeError:
            continue
        if set(meant) <= _GERMAN:
            return True
    return False


def _is_at_a_letter(text: str, sign: str) -> bool:
    before, *rest = text.split(sign)
    for after in rest:
        if before[-1:].isalpha() or after[:1].isalpha():
            return True
        before = after
    return False


def _decoded_again(text: str) -> str:
    """Return what a text is as UTF-8, where its letters are the bytes of it; else nothing."""
    if text.isascii():
        return ""
    for codec in _CODECS:
        try:
            found = text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
        special = [char for char in found if char > "\x7f"]
        if all(ord(char) in _LETTERS or char == REPLACEMENT for char in special):
            return found
    return ""


_FLAWS: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {
        "replacement-character": _is_lost,
        "mac-roman": _is_mac_roman,
        "double-encoded": _decoded_again,
        "escaped-characters": _ESCAPED.search,
        "question-mark": _LOST.search,
    }
)
NAME_FLAWS: Final = frozenset(_FLAWS)
"""Codes of the warnings a name may deserve."""
