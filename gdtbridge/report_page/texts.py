"""Foreign texts made fit for a page: one line, nothing that moves other letters about."""

from __future__ import annotations

import unicodedata
from typing import Final

UNWANTED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""General categories left out: controls, bidirectional marks, what has no meaning."""

MAX_MARKS: Final = 2
"""Marks one letter may carry; more would run over the lines above."""

CUT: Final = "…"


def page_text(text: str, longest: int) -> str:
    """Return ``text`` in composed letters and single blanks.

    What is too long has ``…`` for its middle: the side and the number of a repeat stand at the end.
    """
    if not text.isascii() or not text.isprintable():
        text = "".join(_kept(unicodedata.normalize("NFC", text)))
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    end = longest // 3
    return text[: longest - end - 1].rstrip() + CUT + text[-end:].lstrip()


def _kept(text: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for letter in text:
        category = unicodedata.category(letter)
        if category in UNWANTED:
            kept.append(" " if letter.isspace() else "")
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= MAX_MARKS:
            kept.append(letter)
    return kept
