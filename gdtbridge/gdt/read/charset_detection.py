"""Detection of the character set a record is in.

Field 9206 decides; only where the bytes flatly contradict it they win. Without it the order is:
UTF-8 if the bytes are mostly that, ruled lines of code page 437, German letters at the places
letters have, the practice's setting (ISO 8859-15 in GDT 3.5, which has no other), chardet among
the four sets that occur, code page 437 (what the absence of 9206 means).

Not all of this can be certain: the German letters are the same in code pages 437 and 850 and in
ISO 8859-1, -15 and cp1252, but a lone accent may be ambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

DECLARED: Final[Mapping[str, str]] = MappingProxyType(
    {"1": "ascii", "2": "cp437", "3": "cp1252", "4": "utf-8"}
)
"""Field 9206 to a codec. 3 is ANSI: cp1252 holds ISO 8859-1. 4 is one vendor's own UTF-8."""

ANSI: Final = frozenset({"iso8859-1", "iso8859-15", "cp1252"})
DOS: Final = frozenset({"cp437", "cp850"})
UTF_8: Final = frozenset({"utf-8"})
READABLE: Final = ANSI | DOS | UTF_8 | {"ascii"}
"""Values of ``default_encoding``."""

_STANDARD: Final = "cp437"

_FRAME: Final = re.compile(rb"[\xb3-\xda]*([\xc4\xcd])\1{2,}[\xb3-\xda]*")
"""A ruled line of code page 437; in ANSI the same capital umlaut three times in a row."""

_STROKE: Final = re.compile(rb"[\xb3\xba]")
"""The vertical lines beside it."""

_ONLY_DOS: Final = re.compile(rb"(?<=[A-Za-z])[\x81\x84\x94](?=[A-Za-z\x81\x84\x94\xe1])")
"""Umlauts of code page 437; in cp1252 these are no character and quotation marks."""

_ONLY_ANSI: Final = re.compile(
    rb"(?<=[A-Za-z])[\xe4\xf6\xdf]|(?<=[A-Za-ln-z])\xfc|(?<=m)\xfc(?=[A-Za-z])"
    rb"|[\xc4\xd6\xdc](?=[a-z])"
)
"""German letters of ANSI; in DOS these are mathematics, line drawing and, after "cm", a cube."""

_ONLY_850: Final = re.compile(
    rb"(?<=m)\xfc(?![A-Za-z])|\xf5 ?(?=\d)|\x9d(?= ?\d|[a-z])|(?<=\d) ?\x9e(?= ?\d)"
    rb"|(?<=[A-Za-z])[\x9b\xb5-\xb7\xc6\xc7\xd0-\xd8\xde\xe0\xe2-\xe5\xe7-\xed](?=[A-Za-z])"
)
"""A cube, a paragraph, an average, a product and letters, where code page 437 has none of them."""

_LATIN9: Final = re.compile(rb"[\xa4\xa6\xa8\xb8]|(?<=[A-Za-z])[\xbc\xbd\xbe]|[\xbc\xbe](?=[a-z])")
"""Letters and the euro of ISO 8859-15, where ISO 8859-1 has signs nobody types."""

_C1: Final = re.compile(rb"[\x80-\x9f]")
"""Punctuation of cp1252; in ISO 8859 these are controls."""

_MULTIBYTE: Final = re.compile(
    rb"[\xc2-\xd4\xd8-\xdb][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
"""Characters of UTF-8, but for the scripts whose bytes are an Ö, Ü or ß before a quotation mark."""

_HIGH: Final = re.compile(rb"[\x80-\xff]")

_UMLAUT: Final = re.compile(r"[äöüÄÖÜ]")
_SHARP_S: Final = re.compile(r"(?<=[aeiouäöü])ß(?![cdgprvxz])")
"""A ß as German words have it; the same byte is the á of "Suárez" in ANSI."""

_STRANGE: Final = re.compile(
    r"(?<=[^\W\d_])[^\x00-\x7f\w\u00b4\u2019](?=[^\W\d_])"  # a sign within a word
    r"|(?<=[^\W\d_])[\u201a\u201e\u02c6\u2039\u2021]|(?<=[a-z])[ŠŒŽŸ](?=[a-z])"
    r"|(?<=\d)ø|(?<=[\d ])ø(?=C)|(?<=[\d ])æ(?=[glm])|(?<=[cdm/\d ]m)[ýüⁿ](?!\w)"  # units
    r"|(?<!\w)(?![àµØ])[^\W\d_\x00-\x7f](?!\w)"  # a letter that is no word
    r"|[\u0393-\u03c9\u20a7\u2200-\u25ff\ufffd\x80-\x9f]"  # Greek, mathematics, line drawing
)
"""Characters and places that German text does not have."""

DIN_66003: Final[Mapping[int, str]] = MappingProxyType(
    dict(zip(map(ord, "[\\]{|}~"), "ÄÖÜäöüß", strict=True))
)
"""Code to letter in the German variant of seven bits; as ``str.translate`` takes it."""

_SEVEN_BIT: Final = re.compile(
    rb"(?<=[A-Za-z])[{|}~](?=[a-z])|(?<=[a-z])~(?= |-|\Z)|(?<=[A-Z])[\[\\\]](?=[A-Z])"
    rb"|\A[\[\\\]](?=[a-z])"
)
"""Umlauts of DIN 66003; in ASCII no name has these."""

_SAMPLE: Final = 65_536
"""Bytes looked at; more tell nothing new."""


@dataclass(frozen=True, slots=True)
class CharsetChoice:
    """A codec, and the code of the warning the choice deserves."""

    codec: str
    flaw: str | None = None


def choose(text: bytes, declared: str | None, default: str | None) -> CharsetChoice:
    """Return the character set of ``text``: the contents of a record that are not ASCII.

    ``declared`` is field 9206, ``default`` what the practice is set to (one of
    :data:`READABLE`).
    """
    flaw = None if declared is None or declared in DECLARED else "charset-unknown"
    codec = DECLARED.get(declared or "")
    whole, text = text, text[:_SAMPLE]
    if not text:
        return CharsetChoice(codec or "ascii", flaw)
    if is_utf8(text):
        contradicted = "charset-utf-8" if codec is None else "charset-contradicted"
        return CharsetChoice("utf-8", None if codec == "utf-8" else contradicted)
    if codec == "utf-8" or (codec is None and default == "utf-8"):
        # scripts of which `is_utf8` is not certain
        with suppress(UnicodeDecodeError):
            whole.decode("utf-8")
            return CharsetChoice("utf-8", flaw if codec else "charset-utf-8")
    words, framed = _without_frames(text)
    family = _family_of(codec)
    if family is not None:
        return _settled(words, family, default, otherwise="charset-contradicted")
    inferred = _inferred(words, default, framed=framed)
    return CharsetChoice(inferred.codec, "charset-contradicted" if codec else flaw or inferred.flaw)


def evidence(contents: Iterable[bytes]) -> bytes:
    """Return those contents of a record that are not ASCII and so tell of its character set."""
    return b"\n".join(content for content in contents if not content.isascii())


def is_utf8(text: bytes) -> bool:
    """Return whether the bytes are UTF-8, or were before a writer cut some of its characters.

    No other set puts such sequences together so that more bytes are in them than are not.
    """
    text = text[:_SAMPLE]
    sequences = len(_MULTIBYTE.findall(text))
    return sequences > len(_HIGH.findall(_MULTIBYTE.sub(b"", text)))


def is_din_66003(names: Iterable[bytes]) -> bool:
    """Return whether names of seven bits (field 9206 = 1) are written in the German variant."""
    return any(_SEVEN_BIT.search(name) for name in names)


def _without_frames(text: bytes) -> tuple[bytes, bool]:
    """Return the text without the lines drawn in it, and whether there were any."""
    words, frames = _FRAME.subn(b"", text)
    return (_STROKE.sub(b"", words), True) if frames else (text, False)


def _inferred(text: bytes, default: str | None, *, framed: bool) -> CharsetChoice:
    """Return the codec of bytes nobody declared."""
    family = _family_of(default) or (DOS if framed else None)
    if family is not None:
        return _settled(text, family, default)
    dos, ansi = _variant(text, DOS, default), _variant(text, ANSI, default)
    scores = _score(text, dos), _score(text, ansi)
    if scores[0] != scores[1]:
        return CharsetChoice(dos if scores[0] > scores[1] else ansi)
    return CharsetChoice(ansi if _ask_chardet(text) == "cp1252" else dos, "charset-guessed")


def _settled(
    text: bytes, family: frozenset[str], default: str | None, *, otherwise: str | None = None
) -> CharsetChoice:
    """Return a member of the expected family, unless the bytes flatly contradict it."""
    other = DOS if family is ANSI else ANSI
    if _means(text, other, rather_than=family):
        return CharsetChoice(_variant(text, other, default), otherwise)
    return CharsetChoice(_variant(text, family, default))


def _means(text: bytes, family: frozenset[str], *, rather_than: frozenset[str]) -> bool:
    """Return whether umlauts appear in ``family`` where ``rather_than`` has what no text holds."""
    certain = {DOS: _ONLY_DOS.search(text), ANSI: _ONLY_ANSI.search(text)}
    if certain[rather_than]:
        return False
    if certain[family]:
        return True
    this = text.decode(_variant(text, family, None), "replace")
    that = text.decode("cp1252" if rather_than is ANSI else _STANDARD, "replace")
    plain = _UMLAUT.search(this) and not _STRANGE.search(this)
    return bool(plain and _STRANGE.search(that))


def _family_of(codec: str | None) -> frozenset[str] | None:
    """Return the family a codec belongs to."""
    return next((family for family in (ANSI, DOS) if codec in family), None)


def _variant(text: bytes, family: frozenset[str], default: str | None) -> str:
    """Return the member of a family: what the practice is set to, else what the bytes suggest."""
    if family is ANSI and _C1.search(text):
        return "cp1252"
    if default is not None and default in family:
        return default
    if family is ANSI:
        return "iso8859-15" if _LATIN9.search(text) else "cp1252"
    return "cp850" if _ONLY_850.search(text) else _STANDARD


def _score(text: bytes, codec: str) -> int:
    """Return how much the bytes look like German text in that codec."""
    decoded = text.decode(codec, "replace")
    german = len(_UMLAUT.findall(decoded)) + len(_SHARP_S.findall(decoded))
    return german - 2 * len(_STRANGE.findall(decoded))


def _ask_chardet(text: bytes) -> str:
    """Return chardet's opinion among the sets that occur in GDT files: a codec's name."""
    import chardet

    found = chardet.detect(text, include_encodings=["ascii", "utf-8", "cp437", "cp1252"])
    return "cp1252" if (found["encoding"] or "").lower() == "windows-1252" else _STANDARD
