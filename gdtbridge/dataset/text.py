"""Texts of a dataset, read whatever their label says, and the character sets we write.

Devices declare one Specific Character Set (0008,0005) and send another, so the label is a guess:

1. Escape sequences switch sets (ISO 2022, PS3.5 6.1.2.5), declared or not; behind a delimiter the
   first set holds again.
2. Without a label, with an unknown one and under ISO_IR 192: UTF-8, else Windows-1252.
3. Under the label of a Latin set: UTF-8 where the bytes are valid UTF-8 (Latin text practically
   never is), else the Windows code page where there are bytes 80-9F, else that set.
4. Under any other label: that set, else UTF-8, else Windows-1252.

Reading never fails. Python's codecs suffice, so no process loads pydicom for this.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

MAX_KNOWN: Final = 4096
"""Short texts remembered for one dataset."""

_ISO_IR: Final = {
    "13": "shift_jis",
    "58": "gb18030",
    "100": "latin_1",
    "101": "iso8859_2",
    "109": "iso8859_3",
    "110": "iso8859_4",
    "126": "iso8859_7",
    "127": "iso8859_6",
    "138": "iso8859_8",
    "144": "iso8859_5",
    "148": "iso8859_9",
    "149": "euc_kr",
    "166": "iso8859_11",
    "192": "utf_8",
    "203": "iso8859_15",
}
CODECS: Final[Mapping[str, str]] = MappingProxyType(
    {f"ISO{form}IR{number}": codec for form in ("", "2022") for number, codec in _ISO_IR.items()}
    | {"UTF8": "utf_8", "ISO88591": "latin_1", "ISO885915": "iso8859_15"}
    | dict.fromkeys(("GB18030", "GBK", "GB2312", "ISO2022GBK", "ISO202258"), "gb18030")
)
"""Defined Terms (PS3.3 Tables C.12-2 to C.12-5) in capitals and without blanks, hyphens and
underscores, which devices confuse, to Python's codecs; with terms that only devices use."""

WINDOWS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "latin_1": "cp1252",
        "iso8859_2": "cp1250",
        "iso8859_3": "cp1252",
        "iso8859_4": "cp1257",
        "iso8859_9": "cp1254",
        "iso8859_15": "cp1252",
    }
)
"""The Latin sets and the code pages that Windows means by them."""

_SWITCHES: Final = {
    # Escape sequence (PS3.3 Tables C.12-3 and C.12-4) to the codec of what follows
    b"\x1b-A": "latin_1",
    b"\x1b-B": "iso8859_2",
    b"\x1b-C": "iso8859_3",
    b"\x1b-D": "iso8859_4",
    b"\x1b-F": "iso8859_7",
    b"\x1b-G": "iso8859_6",
    b"\x1b-H": "iso8859_8",
    b"\x1b-L": "iso8859_5",
    b"\x1b-M": "iso8859_9",
    b"\x1b-T": "iso8859_11",
    b"\x1b-b": "iso8859_15",
    b"\x1b)I": "shift_jis",
    b"\x1b(J": "shift_jis",
    b"\x1b(B": "",
    b"\x1b$)A": "gb18030",
    b"\x1b$)C": "euc_kr",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$(D": "iso2022_jp_2",
}
_SWITCH: Final = re.compile(b"(" + b"|".join(map(re.escape, _SWITCHES)) + b")")
_DELIMITER: Final = re.compile(rb"[\\^=\r\n\t\f]")
_WINDOWS_ONLY: Final = re.compile(rb"[\x80-\x9f]")
_NOT_SHOWN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+"
)


class TextDecoder:
    """Decodes the texts of one dataset, cut to ``longest`` characters; never fails."""

    def __init__(self, SpecificCharacterSet: bytes = b"", *, longest: int | None = None) -> None:  # noqa: N803 - the element's keyword
        label = SpecificCharacterSet.decode("latin_1").partition("\\")[0]
        self._codec = _codec_of(label) or "utf_8"
        self._longest = longest
        self._known: dict[bytes, str] = {}

    def __call__(self, raw: bytes) -> str:
        """Return ``raw`` as one line a person can see, without padding (`one_line`)."""
        known = self._known.get(raw)  # the same few words come again and again
        if known is None:
            plain_ascii = raw.isascii() and b"\x1b" not in raw
            known = one_line(raw.decode("ascii") if plain_ascii else self.as_sent(raw))
            if self._longest is not None:
                known = known[: self._longest].strip()
            if len(raw) <= 64 and len(self._known) < MAX_KNOWN:
                self._known[raw] = known
        return known

    def as_sent(self, raw: bytes) -> str:
        """Return ``raw`` as text with its line breaks and padding."""
        if b"\x1b" in raw and _SWITCH.search(raw):
            return self._switching(raw)
        return self._guessed(raw)

    def _switching(self, raw: bytes) -> str:
        """Return text with escape sequences."""
        first, *rest = _SWITCH.split(raw)
        text = [self._guessed(first)]
        for escape, fragment in zip(rest[::2], rest[1::2], strict=True):
            codec = _SWITCHES[escape]
            if codec.startswith("iso2022"):  # two bytes of 7 bits: no byte is a delimiter
                text.append(_first_that_fits(escape + fragment, codec))
                continue
            end = delimiter.start() if (delimiter := _DELIMITER.search(fragment)) else len(fragment)
            here = fragment[:end]
            text.append(_first_that_fits(here, codec) if codec else self._guessed(here))
            text.append(self._guessed(fragment[end:]))
        return "".join(text)

    def _guessed(self, raw: bytes) -> str:
        """Return text without escape sequences."""
        if raw.isascii():
            return raw.decode("ascii")
        windows = WINDOWS.get(self._codec)
        if windows is None:
            return _first_that_fits(raw, self._codec, "utf_8", "cp1252")
        return _first_that_fits(raw, "utf_8", windows if _WINDOWS_ONLY.search(raw) else self._codec)


def _first_that_fits(raw: bytes, *names: str) -> str:
    """Return ``raw`` in the first codec that reads it, else in Latin-1, which reads anything."""
    for name in names:
        try:
            return raw.decode(name)
        except UnicodeError:
            continue
    return raw.decode("latin_1")


@lru_cache(maxsize=256)
def _codec_of(term: str) -> str:
    """Return Python's codec for a Defined Term, empty for the default and unknown ones."""
    return CODECS.get(_key(term), "")


def _key(term: str) -> str:
    """Return a Defined Term as `CODECS` has it."""
    return re.sub(r"[\0\s_-]+", "", term).upper()


def plain_text(raw: bytes) -> str:
    """Return an element outside of Specific Character Set (UI, AE, CS, DS …) without padding.

    These are ASCII; whatever else a device sends stands for the character of that number.
    """
    return raw.decode("latin_1").strip("\0 ")


def one_line(text: str) -> str:
    """Return ``text`` on one line without padding.

    Control characters, line separators and marks of writing direction become a blank.
    """
    return (text if text.isprintable() else _NOT_SHOWN.sub(" ", text)).strip()


class SpecificCharacterSet(Enum):
    """A character set we write; the value is the Defined Term of (0008,0005), empty for ASCII."""

    ASCII = ""
    LATIN_1 = "ISO_IR 100"
    LATIN_2 = "ISO_IR 101"
    LATIN_3 = "ISO_IR 109"
    LATIN_4 = "ISO_IR 110"
    LATIN_5 = "ISO_IR 148"
    CYRILLIC = "ISO_IR 144"
    GREEK = "ISO_IR 126"
    ARABIC = "ISO_IR 127"
    HEBREW = "ISO_IR 138"
    CHINESE = "GB18030"
    UTF_8 = "ISO_IR 192"

    @property
    def codec(self) -> str:
        """The name of Python's codec."""
        return _codec_of(self.value) or "ascii"

    def has(self, text: str) -> bool:
        """Return whether every character of ``text`` can be written."""
        try:
            text.encode(self.codec)
        except UnicodeEncodeError:
            return False
        return True

    @classmethod
    def asked(cls, terms: Iterable[str]) -> tuple[SpecificCharacterSet, ...]:
        """Return the sets we write of those a device names in its query, in its order.

        UTF-8 goes before all others, and ASCII, which the others hold, after them. The sets of one
        byte are the same with and without code extensions (PS3.3 Tables C.12-2 and C.12-3).
        """
        named = dict.fromkeys(_WRITTEN[key] for term in terms if (key := _key(term)) in _WRITTEN)
        return tuple(sorted(named, key=lambda one: (one is cls.ASCII) - (one is cls.UTF_8)))


_WRITTEN: Final = {
    f"ISO{form}IR{number}": charset
    for form in ("", "2022")
    for number, codec in {**_ISO_IR, "6": "ascii"}.items()
    for charset in SpecificCharacterSet
    if charset.codec == codec and charset is not SpecificCharacterSet.CHINESE
} | {
    "UTF8": SpecificCharacterSet.UTF_8,
    "ISO88591": SpecificCharacterSet.LATIN_1,
    "GB18030": SpecificCharacterSet.CHINESE,
}
"""By their Defined Terms in the form of `CODECS`."""


def character_set_for(texts: Iterable[str]) -> SpecificCharacterSet:
    """Return the smallest of ASCII, Latin-1 and UTF-8 that holds every one of ``texts``."""
    joined = "".join(texts)
    if joined.isascii():
        return SpecificCharacterSet.ASCII
    if all(character <= "\xff" for character in joined):
        return SpecificCharacterSet.LATIN_1
    return SpecificCharacterSet.UTF_8
