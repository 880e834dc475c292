"""Values in one form, whichever way a device encoded them (PS3.5 6.2, 7.3).

Two forms are equal exactly where the values mean the same: padding, byte order and character set
are gone, everything else is kept.
"""

from __future__ import annotations

import re
from array import array
from functools import lru_cache
from typing import Final

from gdtbridge.dataset.text import TextDecoder, plain_text
from gdtbridge.dataset.values import PersonName

UNKNOWN_VRS: Final = frozenset({b"", b"UN"})
"""No VR is said: implicit form, and UN, which stands for any (PS3.5 6.2.2)."""

_BLANK_AT_BOTH_ENDS: Final = frozenset(b"AE CS DS IS LO SH".split())
"""Spaces before and after each value mean nothing (PS3.5 Table 6.2-1)."""
_BLANK_AT_THE_END: Final = frozenset(b"AS DA DT TM UC UI".split())
"""Padding after each value means nothing (PS3.5 Table 6.2-1, 6.2, 9.1 for UI)."""
_ONE_VALUE: Final = frozenset(b"LT ST UR UT".split())
"""A backslash is text, leading spaces count, trailing ones do not (PS3.5 Table 6.2-1, 6.4)."""
_IN_CHARACTER_SET: Final = frozenset(b"LO LT PN SH ST UC UT".split())
"""Texts in Specific Character Set (PS3.5 6.1.2.2); all others are ASCII."""
TEXT_VRS: Final = _BLANK_AT_BOTH_ENDS | _BLANK_AT_THE_END | _ONE_VALUE | {b"PN"}

_WORDS: Final = {
    **dict.fromkeys(b"AT OW SS US".split(), "H"),
    **dict.fromkeys(b"FL OF OL SL UL".split(), "I"),
    **dict.fromkeys(b"FD OD OV SV UV".split(), "Q"),
}
"""VRs whose bytes stand in the order of the transfer syntax (PS3.5 7.3, Table 6.2-1), to the
typecode of the words that are turned, of 2, 4 and 8 bytes. AT is two words."""

_PADDING: Final = " \0"
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
"""Characters that no text holds (PS3.5 6.1.3 allows TAB, LF, FF, CR and ESC)."""
_LONGEST_NUMBER: Final = 8
"""Bytes of the longest single binary value (FD, SV, UV)."""


@lru_cache(maxsize=4096)
def dictionary_vr(tag: int) -> bytes:
    """Return the VR of an element (PS3.6), the first where it may have several.

    Empty for what is private or not in the dictionary. Private creators are LO (PS3.5 7.8.1), and
    repeating groups are known by their first byte (PS3.5 7.6).
    """
    from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

    group, number = tag >> 16, tag & 0xFFFF
    if group % 2:
        return b"LO" if 0x10 <= number <= 0xFF else b""
    row = DicomDictionary.get(tag) or RepeatersDictionary.get(f"{group >> 8:02x}xx{number:04x}")
    return row[0].encode("ascii")[:2] if row else b""


def text_value(vr: bytes, raw: bytes, text: TextDecoder) -> bytes:
    """Return the value of a text VR, in UTF-8 without what is padding in that VR."""
    decoded = text.as_sent(raw) if vr in _IN_CHARACTER_SET else plain_text(raw)
    if vr in _ONE_VALUE:
        return _utf_8(decoded.rstrip(_PADDING))
    return _utf_8("\\".join(_without_padding(vr, value) for value in decoded.split("\\")))


def _without_padding(vr: bytes, value: str) -> str:
    """Return one of several values; of a name also without empty components at its end."""
    if vr == b"PN":  # PS3.5 6.2.1.1
        return str(PersonName.of(value))
    return value.strip(_PADDING) if vr in _BLANK_AT_BOTH_ENDS else value.rstrip(_PADDING)


def unknown_value(vr: bytes, raw: bytes, text: TextDecoder) -> bytes:
    """Return the value of an element outside of the dictionary, whether or not ``vr`` is said.

    Implicit form says none, so what is said counts only as far as it tells the padding: what reads
    as text is compared as text in any character set, anything else byte by byte. In up to eight
    bytes, which may be one number, a NUL at the end is no padding unless the VR is one of text.
    """
    if vr in TEXT_VRS:
        raw = raw.rstrip(b" \0")
        raw += b"\0" * (len(raw) % 2) if vr == b"UI" else b""
    trimmed = raw.rstrip(b" \0" if len(raw) > _LONGEST_NUMBER else b" ")
    if _CONTROL.search(trimmed) or (not trimmed and b"\0" in raw):
        return raw + b"\0" * (len(raw) % 2)
    return _utf_8(text.as_sent(trimmed))


def _utf_8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def little_endian(vr: bytes, data: bytes) -> bytes:
    """Return the big endian ``data`` of a binary value in little endian; a part of a word stays."""
    typecode = _WORDS.get(vr)
    if typecode is None:
        return data
    words = array(typecode)
    whole = len(data) - len(data) % words.itemsize
    words.frombytes(data[:whole])
    words.byteswap()
    return words.tobytes() + data[whole:]
