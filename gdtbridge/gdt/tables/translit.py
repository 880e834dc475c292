"""Substitutes for characters that a GDT character set lacks.

German practice: umlauts get an e; letters with strokes lose them; signs are spelled. Letters with
accents need no row, they are taken apart by Unicode.
"""

# ruff: noqa: RUF001 - characters that look alike are what this table is about

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_LETTERS: Final = {
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS",
    "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Ø": "O", "ø": "o",
    "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Þ": "Th", "þ": "th", "Ħ": "H", "ħ": "h",
    "ı": "i", "ĸ": "k", "Ŋ": "N", "ŋ": "n", "Ŧ": "T", "ŧ": "t", "ſ": "s", "Ə": "E", "ə": "e",
}  # fmt: skip

_PUNCTUATION: Final = {
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "⁄": "/", "∕": "/",
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "´": "'", "ʼ": "'", "′": "'", "`": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"', "‹": "'", "›": "'",
    "…": "...", "•": "*", "·": ".", "‧": ".", "†": "+", "¦": "|", "¡": "!", "¿": "?", "¨": '"',
    "¸": ",", "¯": "-", "¬": "-",
}  # fmt: skip

_SIGNS: Final = {
    "€": "EUR", "£": "GBP", "¥": "JPY", "¢": "ct", "§": "Par.", "©": "(c)", "®": "(R)",
    "™": "(TM)", "°": "Grad", "º": "o", "ª": "a", "µ": "u", "μ": "u", "Ω": "Ohm", "Δ": "Delta",
    "±": "+/-", "×": "x", "÷": "/", "√": "Wurzel", "∞": "unendlich", "∅": "O", "⌀": "O",
    "≤": "<=", "≥": ">=", "≠": "<>", "≈": "~", "‰": "o/oo", "∆": "Delta",
    "→": "->", "←": "<-", "↑": "hoch", "↓": "tief", "↔": "<->",
    "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁰": "0", "⁻": "-", "ⁿ": "n",
    "¼": "1/4", "½": "1/2", "¾": "3/4",
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta",
}  # fmt: skip

SAME: Final[Mapping[str, str]] = MappingProxyType({"μ": "µ", "∆": "Δ", "∙": "·"})
"""Characters Unicode has twice: to the one the character sets have."""

TRANSLITERATIONS: Final[Mapping[str, str]] = MappingProxyType(_LETTERS | _PUNCTUATION | _SIGNS)
"""Character to ASCII; used only where the character set lacks the character itself."""
