"""The fonts of the PDF: which letters they have, how wide they are, where a text breaks.

Liberation Sans in regular and bold; what it lacks comes from Droid Sans Fallback (Chinese,
Japanese), which is loaded only when it is needed. What neither has, and scripts that run from right
to left, which are not set here, become `MISSING`. ``fonts/README.md`` has sources and licences.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

MISSING: Final = "□"
RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
"""Bidirectional classes of letters that would stand in the wrong order."""

_FOLDER: Final = Path(__file__).parent / "fonts"
FONTS: Final = {
    "Regular": _FOLDER / "LiberationSans-Regular.ttf",
    "Bold": _FOLDER / "LiberationSans-Bold.ttf",
    "Fallback": _FOLDER / "DroidSansFallbackFull.ttf",
}
"""The font files by the names `TypeFace.runs` gives."""


class _FontFile:
    """One font file, registered with ReportLab under its short name."""

    def __init__(self, name: str) -> None:
        self.name = name
        font = TTFont(name, FONTS[name])
        pdfmetrics.registerFont(font)
        self._glyphs: dict[int, int] = font.face.charToGlyph
        self._widths: dict[int, float] = font.face.charWidths
        self._usual: float = font.face.defaultWidth

    def has(self, letter: str) -> bool:
        return ord(letter) in self._glyphs

    def width(self, letter: str) -> float:
        """Return the width in thousandths of the size."""
        return self._widths.get(ord(letter), self._usual)


@lru_cache(maxsize=len(FONTS))
def _font(name: str) -> _FontFile:
    return _FontFile(name)


class TypeFace:
    """Regular or bold letters."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._own = _font(name)
        self._chosen: dict[str, tuple[_FontFile, str]] = {}

    def runs(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield the text in pieces, each with the name of the font that has its letters."""
        chosen = [self._choose(letter) for letter in text]
        for name, pieces in groupby(chosen, key=lambda one: one[0].name):
            yield name, "".join(letter for _, letter in pieces)

    def width(self, text: str, size: float) -> float:
        """Return the width of a text in points."""
        return sum(font.width(letter) for font, letter in map(self._choose, text)) * size / 1000

    def fitting(self, text: str, width: float, size: float) -> float:
        """Return the size, or the smaller one in which the text is no wider than ``width``."""
        return min(size, 0.999 * size * width / max(self.width(text, size), 1.0))

    def lacks(self, text: str) -> bool:
        """Return whether some letter of the text cannot be drawn."""
        return any(
            shown == MISSING != letter
            for letter, (_, shown) in zip(text, map(self._choose, text), strict=True)
        )

    def wrapped(self, text: str, width: float, size: float) -> list[str]:
        """Return the lines of a text; a word that is wider than a line is broken."""
        lines: list[str] = []
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if self.width(longer, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = self._broken(word, width, size)
            lines += full
        return [*lines, line]

    def _broken(self, word: str, width: float, size: float) -> list[str]:
        pieces = [""]
        used = 0.0
        for letter in word:
            step = self.width(letter, size)
            if used + step > width and pieces[-1]:
                pieces.append("")
                used = 0.0
            pieces[-1] += letter
            used += step
        return pieces

    def _choose(self, letter: str) -> tuple[_FontFile, str]:
        found = self._chosen.get(letter)
        if found is None:
            found = self._chosen[letter] = self._find(letter)
        return found

    def _find(self, letter: str) -> tuple[_FontFile, str]:
        if unicodedata.bidirectional(letter) in RIGHT_TO_LEFT:
            return self._own, MISSING
        for font in (self._own, _font("Fallback")):
            if font.has(letter):
                return font, letter
        return self._own, MISSING


@lru_cache(maxsize=2)
def face(*, bold: bool = False) -> TypeFace:
    """Return the regular or the bold letters."""
    return TypeFace("Bold" if bold else "Regular")
