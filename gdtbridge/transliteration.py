"""Letters and signs in other letters, where a character set lacks them: the one table of all rooms.

GDT records, worklist answers and the comparison of names stand on it. Substitutes are those of
German practice: umlauts get an e; letters with strokes lose them; signs are spelled. Letters with
accents need no row, they are taken apart by Unicode. Cyrillic is written as passports write it
(ICAO Doc 9303-3, 6.B), Greek words by ISO 843; a single Greek letter is a sign (alpha).
Other scripts have no substitute. What must not live here: what the text is for.
"""

# ruff: noqa: RUF001 - characters that look alike are what a table is about

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

Has = Callable[[str], bool]
"""Whether a character set has every character of a text."""

_LETTERS: Final = {
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS",
    "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Ø": "O", "ø": "o",
    "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Þ": "Th", "þ": "th", "Ħ": "H", "ħ": "h",
    "ı": "i", "ĸ": "k", "Ŋ": "N", "ŋ": "n", "Ŧ": "T", "ŧ": "t", "ſ": "s", "Ə": "E", "ə": "e",
}  # fmt: skip

_CYRILLIC: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
    "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia", "і": "i",
    "ї": "i", "є": "ie", "ґ": "g", "ў": "u", "ђ": "d", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c",
    "џ": "dz", "ѓ": "g", "ќ": "k", "ѕ": "dz",
}  # fmt: skip

_GREEK: Final = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i",
    "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s",
    "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
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


def _capitals(letters: Mapping[str, str]) -> dict[str, str]:
    """Return the rows of the capital letters, ``Щ`` as ``Shch``."""
    return {letter.upper(): written.capitalize() for letter, written in letters.items()}


SAME: Final[Mapping[str, str]] = MappingProxyType({"μ": "µ", "∆": "Δ", "∙": "·"})
"""Signs Unicode has twice: to the one the character sets have."""

TRANSLITERATIONS: Final[Mapping[str, str]] = MappingProxyType(
    _LETTERS | _CYRILLIC | _capitals(_CYRILLIC) | _PUNCTUATION | _SIGNS
)
"""Character to ASCII; used only where the character set lacks the character itself."""

_WORD: Final = re.compile(r"[^\W\d_]+|.", re.DOTALL)
_GREEK_WORDS: Final[Mapping[str, str]] = MappingProxyType(_capitals(_GREEK) | _GREEK)


def substitutes(text: str, has: Has) -> Iterator[tuple[str, str | None]]:
    """Yield each character of ``text`` and what is written for it: itself where the set has it.

    ``text`` is in NFC, the set must have ASCII. None: nothing stands for the character. Several
    letters for a capital are capitals where the word is (``MÜLLER``: ``MUELLER``).
    """
    for place, char in enumerate(text):
        yield char, char if char.isascii() or has(char) else _substitute(text, place, has)


def transliterated(text: str, has: Has) -> str:
    """Return ``text`` (any normal form) with only what the character set has, ``?`` as last resort.

    The set must have ASCII.
    """
    if has(text):
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join("?" if written is None else written for _, written in substitutes(composed, has))


def plain_letters(text: str) -> str:
    """Return the letters and digits of ``text`` in lower case, in ASCII where they can be."""
    if text.isascii():
        written = text
    else:
        composed = unicodedata.normalize("NFC", text)
        written = "".join(
            char if to is None else to for char, to in substitutes(composed, str.isascii)
        )
    return "".join(char for char in written.casefold() if char.isalnum())


def _substitute(text: str, place: int, has: Has) -> str | None:
    char = text[place]
    written = _greek(text, place)
    if written is None:
        if has(same := SAME.get(char, char)):
            return same
        written = TRANSLITERATIONS.get(char)
    if written is None:
        written = _reduced(char, has)
    return _in_capitals(text, place, written) if written is not None and has(written) else None


def _reduced(char: str, has: Has) -> str | None:
    """Return ``char`` with as few of its accents removed as the character set needs."""
    parts = unicodedata.normalize("NFD", char)
    for end in range(len(parts) - 1, 0, -1):
        candidate = unicodedata.normalize("NFC", parts[:end])
        if has(candidate):
            return candidate
    if unicodedata.combining(char):
        return ""
    apart = unicodedata.normalize("NFKD", char)
    return (
        "".join(TRANSLITERATIONS.get(c, c) for c in apart if not unicodedata.combining(c)) or None
    )


def _greek(text: str, place: int) -> str | None:
    """Return the letters for a Greek letter that stands beside another one, as in a word."""
    letter = _greek_base(text[place])
    before = _greek_base(text[place - 1]) if place else ""
    after = _greek_base(text[place + 1]) if place + 1 < len(text) else ""
    if not letter or not (before or after):
        return None
    if letter in "υΥ" and before in ("ο", "Ο"):
        return "u" if letter == "υ" else "U"
    return _GREEK_WORDS[letter]


def _greek_base(char: str) -> str:
    """Return a Greek letter without its accents, empty for any other character."""
    if not "\u0370" <= char <= "\u1fff":
        return ""
    base = unicodedata.normalize("NFD", char)[0]
    return base if base in _GREEK_WORDS else ""


def _in_capitals(text: str, place: int, written: str) -> str:
    """Return the letters for a capital as capitals within a word of capitals."""
    if len(written) < 2 or not text[place].isupper():
        return written
    word = next(found[0] for found in _WORD.finditer(text) if found.end() > place)
    return written.upper() if len(word) > 1 and word.isupper() else written
