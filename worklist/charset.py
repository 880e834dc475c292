"""Character sets: which one a dataset needs, and reading text whatever its label says.

Reading never fails: the label (0008,0005) is tried first, then what German devices really send
under that label. Writing knows three cases only: plain ASCII needs no label, what fits Latin-1 is
ISO_IR 100, everything else is ISO_IR 192 (PS3.3 C.12.1.1.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from pydicom.charset import decode_bytes, python_encoding

ESC = b"\x1b"


class Charset(Enum):
    """A character set we write; the value is the Defined Term of (0008,0005), empty for ASCII."""

    ASCII = ""
    LATIN_1 = "ISO_IR 100"
    UTF_8 = "ISO_IR 192"

    @property
    def codec(self) -> str:
        """The name of Python's codec."""
        return {"": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}[self.value]


def charset_for(texts: Iterable[str], *, prefer_utf_8: bool = False) -> Charset:
    """Return the smallest character set that holds every one of ``texts``."""
    joined = "".join(texts)
    if joined.isascii():
        return Charset.ASCII
    if not prefer_utf_8 and all(character <= "\xff" for character in joined):
        return Charset.LATIN_1
    return Charset.UTF_8


def terms(label: str) -> tuple[str, ...]:
    """Return the Defined Terms of a Specific Character Set, misspelt ones repaired."""
    return tuple(_repaired(term) for term in label.split("\\"))


def _repaired(term: str) -> str:
    words = re.sub(r"[ _-]+", " ", term.strip(" \0")).upper()
    return words.replace("ISO IR ", "ISO_IR ") if words.startswith("ISO IR ") else words


def decoded(data: bytes, charset: tuple[str, ...]) -> str:
    """Return ``data`` as text; ``charset`` are the Defined Terms it was labelled with.

    Without a label, or with one nobody knows, UTF-8 is tried before Windows-1252. ISO_IR 100 is
    read as Windows-1252, its superset apart from control characters (devices on Windows send that
    under this label).
    """
    if data.isascii() and ESC not in data:
        return data.decode("ascii")
    if ESC in data and len(charset) > 1:
        return _with_code_extensions(data, charset)
    first = charset[0] if charset else ""
    codec = python_encoding.get(first)
    if first in ("", "ISO_IR 6", "ISO_IR 192", "ISO 2022 IR 6") or codec is None:
        return _utf_8_or_windows(data)
    if codec == "latin_1":
        return _windows(data)
    return data.decode(codec, errors="replace")


def _with_code_extensions(data: bytes, charset: tuple[str, ...]) -> str:
    """Return text that switches sets by escape sequences (PS3.5 6.1.2.5)."""
    known = [python_encoding[term] for term in charset if term in python_encoding]
    try:
        return decode_bytes(data, known or ["iso8859"], {ord("^"), ord("="), ord("\\")})
    except (UnicodeError, LookupError):
        return data.decode("latin-1")


def _utf_8_or_windows(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _windows(data)


def _windows(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")
