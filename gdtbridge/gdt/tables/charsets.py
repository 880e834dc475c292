"""The character sets a record may be written in.

Field 9206: 1 = 7 bit, 2 = IBM code page 437 (also what its absence means), 3 = ANSI. Public sources
disagree whether 3 is ISO 8859-1, cp1252 or ISO 8859-15, and importers confuse code pages 437 and
850. Therefore ``iso8859-1`` and ``cp437`` are written only with the characters all of these agree
on; whoever chooses ``iso8859-15`` says that the importer reads it as such. ``utf-8`` is no set of
GDT: some newer software asks for it, and 4 is the only value of 9206 published for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.errors import GdtError

GERMAN_ANSI: Final = b"\xe4\xf6\xfc\xdf\xc4\xd6\xdc"
"""The German letters in ISO 8859-1, -15 and cp1252; drawing and mathematics in code page 437."""


@dataclass(frozen=True, slots=True)
class GdtCharset:
    """One character set: its Python codec, its value of field 9206, the characters written.

    ``repertoire`` are those beyond ASCII; all there are where the set is ``universal``.
    """

    name: str
    code: str
    repertoire: frozenset[str]
    universal: bool = False

    def has(self, text: str) -> bool:
        """Return whether every character of ``text`` can be written."""
        if self.universal:
            return not any("\ud800" <= char <= "\udfff" for char in set(text))
        return all(char < "\x80" or char in self.repertoire for char in set(text))

    def size(self, text: str) -> int:
        """Return the bytes of ``text``, all of whose characters can be written."""
        return len(text.encode(self.name)) if self.universal else len(text)


def _common(*codecs: str, first: int, without: bytes = b"") -> frozenset[str]:
    """Return the characters from byte ``first`` up that are the same in each of ``codecs``."""
    found = set()
    for number in range(first, 0x100):
        byte = bytes([number])
        readings = {byte.decode(codec, "replace") for codec in codecs}
        if len(readings) == 1 and byte not in without:
            found |= readings
    return frozenset(found)


CHARSETS: Final[Mapping[str, GdtCharset]] = MappingProxyType(
    {
        charset.name: charset
        for charset in (
            GdtCharset("ascii", "1", frozenset()),
            GdtCharset("cp437", "2", _common("cp437", "cp850", first=0x80, without=GERMAN_ANSI)),
            GdtCharset("iso8859-1", "3", _common("iso8859-1", "iso8859-15", "cp1252", first=0xA1)),
            GdtCharset("iso8859-15", "3", _common("iso8859-15", first=0xA1)),
            GdtCharset("utf-8", "4", frozenset(), universal=True),
        )
    }
)
"""By the names of the setting ``gdt.encoding``."""


def charset_named(name: str) -> GdtCharset:
    """Return a character set; :class:`GdtError` names the known ones."""
    try:
        return CHARSETS[name]
    except KeyError:
        known = ", ".join(CHARSETS)
        raise GdtError(
            f"Unbekannter Zeichensatz; bekannt sind {known}. / "
            f"Unknown character set; known are {known}."
        ) from None
