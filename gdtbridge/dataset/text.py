"""Text values of a dataset: their character sets as the standard has them and as devices send them.

PS3.5 6.1 and PS3.3 C.12.1.1.2. Devices mislabel: UTF-8 sent as Latin-1, Latin-1 sent without a
label. A value is decoded by its label where that works, and by what its bytes are otherwise.
"""

from __future__ import annotations

import re
from typing import Final

from pydicom.charset import decode_bytes, python_encoding

DELIMITERS: Final = {ord(c) for c in "\\^="}
SINGLE_BYTE: Final = frozenset(
    {"iso8859", "latin_1", "iso8859_1", "iso8859_15", "iso8859_2", "cp1252", "ascii"}
)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def decode(value: bytes, specific_character_set: bytes) -> str:
    """Return ``value`` as text without padding and control characters; never fails."""
    terms = [t.strip() for t in specific_character_set.decode("ascii", "ignore").split("\\")]
    encodings = [python_encoding[term] for term in terms if term in python_encoding]
    return clean(_decode(value.strip(b"\0 "), encodings))


def clean(text: str) -> str:
    """Return ``text`` on one line: what is no character a person sees becomes a space."""
    return _CONTROL.sub(" ", text).strip()


def _decode(value: bytes, encodings: list[str]) -> str:
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    if len(encodings) > 1 or b"\x1b" in value:
        return _decode_extended(value, encodings)
    declared = encodings[0] if encodings else "iso8859"
    if declared in SINGLE_BYTE:
        return _first_that_fits(value, "utf-8", "cp1252" if _has_c1(value) else declared)
    return _first_that_fits(value, declared, "utf-8", "cp1252")


def _has_c1(value: bytes) -> bool:
    return any(0x80 <= byte < 0xA0 for byte in value)


def _decode_extended(value: bytes, encodings: list[str]) -> str:
    """Decode with code extensions (ISO 2022, PS3.5 6.1.2.5)."""
    try:
        return decode_bytes(value, encodings or ["iso8859"], DELIMITERS)
    except (LookupError, UnicodeError, UserWarning):
        return value.decode("latin-1")


def _first_that_fits(value: bytes, *encodings: str) -> str:
    for encoding in encodings:
        try:
            return value.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return value.decode("latin-1")
