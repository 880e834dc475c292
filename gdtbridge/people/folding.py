"""Words as people search for them: without case, accents and spelling, and as they sound."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from gdtbridge.dataset.values import PersonName
from gdtbridge.transliteration import plain_letters

_UMLAUTS: Final = str.maketrans("äöüÄÖÜ", "aouAOU")
_SPELLED_UMLAUT: Final = re.compile(r"(a|o|(?<![aeq])u)e")
"""``ae oe ue`` for an umlaut; in ``Bauer`` and ``Quell`` there is none."""
_BETWEEN_WORDS: Final = re.compile("[^\\w'`\u00b4\u2018\u2019\\-\u2010\u2011]+|_+")
_HYPHENS: Final = re.compile("[\\-\u2010\u2011]+")

WORD_MARK: Final = " "
"""Begins a key that is a folded word."""
FAMILY_MARK: Final = ";"
"""Begins a key that is a folded word of a family name."""
GIVEN_MARK: Final = ","
"""Begins a key that is a folded word of a given name."""
SOUND_MARK: Final = "~"
"""Begins a key that is the sound of a family name."""
TAIL_MARK: Final = "<"
"""Begins a key that is a number read from its end."""
LONGEST_KEY: Final = 64
"""Characters kept of a key."""
LONGEST_TEXT: Final = 400
"""Characters of a text whose words are kept: more than any may have (PS3.5 6.2, PN and LO)."""


def plain_word(text: str) -> str:
    """Return the letters and digits of a word in lower case, umlauts as ``a o u``."""
    return _SPELLED_UMLAUT.sub(r"\1", plain_letters(text.translate(_UMLAUTS)))


def folded(word: str) -> str:
    """Return a word as it is searched: ``Müller``, ``MUELLER`` and ``muller`` are one, ``ß`` is s.

    What is folded of the beginning of a word begins what is folded of the word.
    """
    return plain_word(unicodedata.normalize("NFC", word)).replace("ss", "s")


def folded_words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text, in its order, each once; particles are words.

    Apostrophes and hyphens are no ends of words; of ``Hans-Peter`` each half is a word as well.
    """
    found: dict[str, None] = {}
    for word in _BETWEEN_WORDS.split(text.replace("^", " ").replace("=", " ")):
        for part in (word, *(_HYPHENS.split(word) if _HYPHENS.search(word) else ())):
            if said := folded(part):
                found[said] = None
    return tuple(found)


def sought_words(text: str) -> tuple[str, ...]:
    """Return the folded words of a text somebody searches by; a hyphen is an end of a word here.

    So ``Hans-Peter`` is found as ``Hans Peter`` as well.
    """
    return folded_words(_HYPHENS.sub(" ", text))


def sought_keys(word: str) -> tuple[str, str]:
    """Return the key that begins those of names with a sought word, and that of its sound.

    The sound is that of a family name, empty where it says too little to go by.
    """
    sound = sound_of(word)
    return word_key(word), word_key(sound, SOUND_MARK) if len(sound) > 1 else ""


def search_keys(
    person_name: str, texts: Iterable[str] = (), numbers: Iterable[str] = ()
) -> set[str]:
    """Return the keys under which a PN, further texts and the ends of numbers can be found."""
    person_name = person_name[:LONGEST_TEXT]
    words = {word for text in (person_name, *texts) for word in folded_words(text[:LONGEST_TEXT])}
    groups = [group.parts for group in PersonName.of(person_name).groups]
    families = [family for family, *_ in groups]
    given = [" ".join(names) for _, *names, _, _ in groups]
    sounds = {sound for family in families if (sound := sound_of(family))}
    return {
        *(word_key(word) for word in words),
        *(word_key(word, FAMILY_MARK) for name in families for word in folded_words(name)),
        *(word_key(word, GIVEN_MARK) for name in given for word in folded_words(name)),
        *(word_key(sound, SOUND_MARK) for sound in sounds),
        *(tail_key(number) for number in numbers if number),
    }


def word_key(word: str, mark: str = WORD_MARK) -> str:
    """Return the key of a folded word, or of the beginning of one."""
    return f"{mark}{word}"[:LONGEST_KEY]


def tail_key(number: str) -> str:
    """Return the key of a number, or of the end of one."""
    return f"{TAIL_MARK}{number.casefold()[::-1]}"[:LONGEST_KEY]


def after(beginning: str) -> str:
    """Return the first text that sorts behind all that begin so."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)


_CODES: Final = (
    # letters, the letters before and behind that it depends on, digit (Postel 1969)
    ("aeijouy", "0"),
    ("b", "1"),
    ("fvw", "3"),
    ("gkq", "4"),
    ("l", "5"),
    ("mn", "6"),
    ("r", "7"),
    ("sz", "8"),
)
_DIGITS: Final = {letter: digit for letters, digit in _CODES for letter in letters}


def sound_of(name: str) -> str:
    """Return how a name sounds in German: Kölner Phonetik (H. J. Postel, 1969); empty for none.

    ``Meyer``, ``Maier`` and ``Mayr`` are ``67``; particles and all words count together.
    """
    letters = "".join(char for char in plain_word(name) if "a" <= char <= "z")
    digits = [digit for digit in _sounds(letters) if digit]
    single = [one for place, one in enumerate(digits) if place == 0 or digits[place - 1] != one]
    return "".join(one for place, one in enumerate(single) if place == 0 or one != "0")


def _sounds(letters: str) -> Iterator[str]:
    for place, letter in enumerate(letters):
        before = letters[place - 1] if place else ""
        behind = letters[place + 1] if place + 1 < len(letters) else ""
        yield _sound(letter, before, behind)


def _sound(letter: str, before: str, behind: str) -> str:
    """Return the digits of a letter between two others."""
    match letter:
        case "h":
            return ""
        case "p":
            return "3" if behind == "h" else "1"
        case "d" | "t":
            return "8" if behind and behind in "csz" else "2"
        case "x":
            return "8" if before and before in "ckq" else "48"
        case "c":
            return _sound_of_c(before, behind)
        case _:
            return _DIGITS.get(letter, "")


def _sound_of_c(before: str, behind: str) -> str:
    hard = bool(behind) and behind in ("ahkloqrux" if not before else "ahkoqux")
    return "4" if hard and not (before and before in "sz") else "8"
