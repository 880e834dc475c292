"""Contents on their way into a line: cleaned, put into the character set, wrapped.

Everything that is written passes :class:`Encoder`. What comes out holds no line break, no control
character and nothing the character set lacks, so that no content can become a line of its own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from gdtbridge.gdt.tables.charsets import GdtCharset
from gdtbridge.gdt.tables.fields import MAX_CONTENT
from gdtbridge.gdt.text import clean
from gdtbridge.transliteration import SAME, substitutes


class Loss(StrEnum):
    """A kind of change a content suffered because it could not be written as it was."""

    CONTROLS = "control-characters"
    TRANSLITERATED = "transliterated"
    REPLACED = "replaced"
    CUT = "cut"
    OVER_LENGTH = "over-length"
    NOT_REPRESENTABLE = "not-representable"
    UNSUPPORTED = "unsupported"
    FOREIGN = "not-in-version"


_NAMES: Final = frozenset({"3101", "3102", "3301", "3302"})
_UNBRACED: Final = str.maketrans("[\\]{|}~", "(/)(/)-")
"""In seven bits a reader may take these for the umlauts of DIN 66003 where a name holds them."""


class Encoder:
    """Puts contents into one character set and remembers, by field, what was lost on the way."""

    def __init__(self, charset: GdtCharset) -> None:
        self.charset = charset
        self._losses: dict[tuple[str, Loss], None] = {}

    @property
    def losses(self) -> tuple[str, ...]:
        """Return "field kind" for each loss, e.g. "3101 transliterated"; no content."""
        return tuple(f"{field} {kind}" for field, kind in self._losses)

    @property
    def most(self) -> int:
        """Return the characters that fit into a line, whatever they are."""
        return MAX_CONTENT // 4 if self.charset.universal else MAX_CONTENT

    def lost(self, field: str, kind: Loss) -> None:
        """Remember a loss."""
        self._losses[field, kind] = None

    def text(self, field: str, value: str) -> str:
        """Return ``value`` as it can be written: each character is one of the set."""
        text, removed = clean(value)
        if removed:
            self.lost(field, Loss.CONTROLS)
        if not (text.isascii() or self.charset.has(text)):
            pairs = substitutes(text, self.charset.has)
            written = (self._written(field, char, other) for char, other in pairs)
            text = "".join(written).strip(" ")
        return self._unbraced(field, text) if field in _NAMES else text

    def _unbraced(self, field: str, name: str) -> str:
        """Return a name without braces where these may be read as umlauts."""
        written = name.translate(_UNBRACED) if self.charset.code == "1" else name
        if written != name:
            self.lost(field, Loss.TRANSLITERATED)
        return written

    def _written(self, field: str, char: str, substitute: str | None) -> str:
        """Return the substitute of ``char``, ``?`` as the last resort."""
        if substitute is None:
            self.lost(field, Loss.REPLACED)
            return "?"
        if substitute not in (char, SAME.get(char)):
            self.lost(field, Loss.TRANSLITERATED)
        return substitute

    def line(self, field: str, text: str) -> bytes:
        """Return one line: length of three digits, field number, content, CR LF."""
        content = text.encode(self.charset.name)
        return b"%03d%s%s\r\n" % (len(content) + 9, field.encode("ascii"), content)


def wrap(text: str, width: int) -> list[str]:
    """Break ``text`` into pieces of at most ``width``, at spaces where there are any."""
    pieces = []
    while len(text) > width:
        cut = text.rfind(" ", 1, width + 1)
        cut = cut if cut > 0 else width
        pieces.append(text[:cut].rstrip(" "))
        text = text[cut:].lstrip(" ")
    return [*pieces, text]


ELLIPSIS: Final = "..."


def split_title(text: str, width: int, kept: int = 0) -> tuple[str, str]:
    """Return a title of at most ``width`` and what it lacks, both marked with "...".

    The last ``kept`` characters stay in the title, so that it is cut before them.
    """
    if len(text) <= width:
        return text, ""
    tail = text[len(text) - kept :] if kept < width // 2 else ""
    stem = text[: len(text) - len(tail)]
    head = wrap(stem, width - len(tail) - len(ELLIPSIS))[0].rstrip(" ,")
    return head + ELLIPSIS + tail, ELLIPSIS + stem[len(head) :].lstrip(" ,")
