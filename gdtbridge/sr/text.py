"""Bytes of a text element to text a person can read (PS3.3 C.12.1.1.2, PS3.5 6.1).

Devices declare a character set and send another, so the declaration is only the first guess. What
comes out is one line without control characters, whatever came in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

MAX_CHARACTERS: Final = 512
"""Longer texts are no names; they are cut."""

MAX_KNOWN: Final = 4096
"""Short texts remembered for one report."""

CODECS: Final[dict[str, str]] = {
    # Defined terms of Specific Character Set (PS3.3 Tables C.12-2 to C.12-5) to Python's codecs,
    # with the misspellings devices send.
    "": "latin_1",
    "ISO_IR 6": "latin_1",
    "ISO 2022 IR 6": "latin_1",
    "ISO_IR 100": "latin_1",
    "ISO 2022 IR 100": "latin_1",
    "ISO-IR 100": "latin_1",
    "ISO IR 100": "latin_1",
    "ISO_IR_100": "latin_1",
    "ISO8859-1": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO 2022 IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO 2022 IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO 2022 IR 110": "iso8859_4",
    "ISO_IR 126": "iso8859_7",
    "ISO 2022 IR 126": "iso8859_7",
    "ISO_IR 127": "iso8859_6",
    "ISO 2022 IR 127": "iso8859_6",
    "ISO_IR 138": "iso8859_8",
    "ISO 2022 IR 138": "iso8859_8",
    "ISO_IR 144": "iso8859_5",
    "ISO 2022 IR 144": "iso8859_5",
    "ISO_IR 148": "iso8859_9",
    "ISO 2022 IR 148": "iso8859_9",
    "ISO_IR 203": "iso8859_15",
    "ISO 2022 IR 203": "iso8859_15",
    "ISO_IR 13": "shift_jis",
    "ISO 2022 IR 13": "shift_jis",
    "ISO_IR 166": "iso8859_11",
    "ISO 2022 IR 166": "iso8859_11",
    "ISO_IR 192": "utf_8",
    "ISO IR 192": "utf_8",
    "UTF-8": "utf_8",
    "UTF8": "utf_8",
    "GB18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
}

LATIN: Final = frozenset(
    {"latin_1", "iso8859_2", "iso8859_3", "iso8859_4", "iso8859_9", "iso8859_15"}
)
"""Sets whose text practically never is valid UTF-8 by accident, so that valid UTF-8 is UTF-8."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ESCAPE: Final = b"\x1b"


class Decoder:
    """Decodes the texts of one dataset; never fails."""

    def __init__(self, SpecificCharacterSet: bytes) -> None:  # noqa: N803 - the element's keyword
        declared = SpecificCharacterSet.decode("latin_1").strip("\0 ")
        self._terms = [term.strip() for term in declared.split("\\")]
        self._codec = CODECS.get(self._terms[0].upper(), "latin_1")
        self._known: dict[bytes, str] = {}

    def __call__(self, raw: bytes) -> str:
        """Return ``raw`` as one line of at most `MAX_CHARACTERS`, without padding."""
        known = self._known.get(raw)  # the same few words come again and again
        if known is None:
            known = self._decoded(raw[: MAX_CHARACTERS * 8])
            if len(raw) <= 64 and len(self._known) < MAX_KNOWN:
                self._known[raw] = known
        return known

    def _decoded(self, raw: bytes) -> str:
        plain = raw.isascii() and _ESCAPE not in raw
        return one_line(raw.decode("ascii") if plain else self._decode(raw))

    def _decode(self, raw: bytes) -> str:
        if _ESCAPE in raw and len(self._terms) > 1:
            return self._decode_extended(raw)
        if self._codec in LATIN and (text := _try(raw, "utf_8")) is not None:
            return text
        for codec in (self._codec, "utf_8"):
            if (text := _try(raw, codec)) is not None:
                return text
        return raw.decode("latin_1")

    def _decode_extended(self, raw: bytes) -> str:
        """Decode ISO 2022 code extensions (PS3.5 6.1.2.5) with pydicom, imported when needed."""
        from pydicom import charset

        from gdtbridge.dataset.hardening import harden_pydicom

        harden_pydicom()
        encodings: Sequence[str] = [
            encoding
            for term in self._terms
            if (encoding := charset.python_encoding.get(term)) is not None
        ]
        if not encodings:
            return raw.decode("latin_1")
        try:
            return str(charset.decode_bytes(raw, encodings, set()))
        except (LookupError, ValueError):
            return raw.decode("latin_1")


def one_line(text: str) -> str:
    """Return ``text`` without control characters, padding and what is too long."""
    return _CONTROL.sub(" ", text).strip()[:MAX_CHARACTERS].strip()


def _try(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeError:
        return None
