"""Units as devices write them, in the spelling of UCUM.

``unit_words.tsv`` has the words that can mean one thing only. Units made of several are put
together here: ``beats per minute``, ``square centimeter``, ``cm^2``, ``mm Hg``, ``UNITS_MM``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gdtbridge.tsv import table

ANY_CASE: Final = 3
"""Letters a word has at least that counts in any case; ``mW`` and ``MW`` are two units."""

WHOLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Units that are no words: "%tile" and a power that is no whole number, as devices write
        # them; brackets of UCUM around a symbol that has none
        "%tile": "%",
        "[%]": "%",
        "per cent": "%",
        "g/m2.7": "[g/m2.7]",
        "g/m^2.7": "[g/m2.7]",
        "b/min": "/min",
        "M/S": "m/s",
        "M/SEC": "m/s",
    }
)

_SIGNS: Final = str.maketrans(
    {"²": "2", "³": "3", "µ": "u", "μ": "u", "·": ".", "*": ".", "°": "deg"}
)

_PHRASES: Final = tuple(
    # Signs and words around the words, outside of UCUM's brackets, in this order
    (re.compile(pattern, re.IGNORECASE), by)
    for pattern, by in (
        (r"^UNITS?[_ ]", ""),
        (r"_(?![^\[]*\])", " "),
        (r"\^(?=[+-]?[0-9](?![0-9.]))", ""),
        (r"\bmm\s*hg\b|\bmillimet(?:er|re)s?\s+(?:of\s+)?mercury\b", "mm[Hg]"),
        (r"\bbeats?\b\s*(?=/|per\b)", ""),
        (r"\s*(?:/|\b(?:per|pro|par|por)\b)\s*", "/"),
        (r"([^\W\d_])\s+squared\b", r"\g<1>2"),
        (r"([^\W\d_])\s+cubed\b", r"\g<1>3"),
        (r"\b(?:square|sq\.?|quadrat)\s*([^\W\d_]+)", r"\g<1>2"),
        (r"\b(?:cubic|cu\.?|kubik)\s*([^\W\d_]+)", r"\g<1>3"),
        (r"\.$", ""),
        (r"(?<=[a-z0-9])/S$", "/s"),
    )
)

_WORD: Final = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|[^\W\d_]+")


@lru_cache(maxsize=1)
def unit_words() -> Mapping[str, str]:
    """Return the words of ``unit_words.tsv`` to their UCUM codes."""
    return MappingProxyType({word: ucum for word, ucum, _ in table("sr/unit_words.tsv")})


def respelled(text: str) -> str:
    """Return a unit in the spelling of UCUM; what no word is known for stays as it is."""
    if text in WHOLE:
        return WHOLE[text]
    text = text.translate(_SIGNS)
    for pattern, by in _PHRASES:
        text = pattern.sub(by, text)
    return _WORD.sub(_respelled_word, text)


def named_by_note(note: str) -> str:
    """Return the word of an annotation that is a unit itself (``{bpm}``), else nothing.

    UCUM makes a mere number of it; a ratio is one.
    """
    word = note[1:-1].strip()
    return word if _known(word) not in {"", "1"} else ""


def _respelled_word(match: re.Match[str]) -> str:
    return _known(match[0]) or match[0]


def _known(word: str) -> str:
    words = unit_words()
    if word in words:
        return words[word]
    return words.get(word.casefold(), "") if len(word) >= ANY_CASE else ""
