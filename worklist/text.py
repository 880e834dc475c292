"""Comparing texts: wildcards, and names as people type them (PS3.4 C.2.2.2.1 and C.2.2.2.4)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from gdtbridge.dataset.values import ComponentGroup
from gdtbridge.people.folding import search_keys, sought_keys, sought_words
from gdtbridge.transliteration import transliterated

TextTest = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class WildcardPattern:
    """A text with ``*`` (any run of characters) and ``?`` (one character), matched in linear steps.

    The parts between the stars are looked for from left to right, each at its first possible place,
    which is enough and never explodes however many stars a key has.
    """

    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> WildcardPattern:
        """Read a pattern."""
        return cls(tuple(text.split("*")))

    def matches(self, value: str) -> bool:
        """Whether the whole of ``value`` fits the pattern."""
        first, *rest = self.parts
        if not rest:
            return len(value) == len(first) and _fits(first, value, 0)
        *middle, last = rest
        end = len(value) - len(last)
        if end < len(first) or not _fits(first, value, 0) or not _fits(last, value, end):
            return False
        place = len(first)
        for part in middle:
            found = _found(part, value, place, end)
            if found is None:
                return False
            place = found + len(part)
        return True


def _fits(part: str, value: str, place: int) -> bool:
    if "?" not in part:
        return value.startswith(part, place)
    there = value[place : place + len(part)]
    return len(there) == len(part) and all(
        wanted in ("?", character) for wanted, character in zip(part, there, strict=True)
    )


def _found(part: str, value: str, start: int, end: int) -> int | None:
    if "?" not in part:
        place = value.find(part, start, end)
        return None if place < 0 else place
    places = range(start, end - len(part) + 1)
    return next((place for place in places if _fits(part, value, place)), None)


def has_wildcard(text: str) -> bool:
    """Whether ``text`` is a pattern."""
    return "*" in text or "?" in text


def text_test(key: str) -> TextTest:
    """Return the test for a case-sensitive text key, with wildcards."""
    wanted = unicodedata.normalize("NFC", key)
    if not has_wildcard(wanted):
        return lambda value: unicodedata.normalize("NFC", value) == wanted
    pattern = WildcardPattern.of(wanted)
    return lambda value: pattern.matches(unicodedata.normalize("NFC", value))


def name_groups(name: str) -> tuple[str, ...]:
    """Return the component groups of a PN, each without case, padding and trailing carets.

    Two forms of writing the same letter in Unicode are one, and ``ß`` is ``ss``.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return tuple(str(ComponentGroup.of(group)) for group in folded.split("="))


@lru_cache(maxsize=4096)
def name_forms(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the component groups of a PN as they may be typed where its letters are missing.

    ``Müller`` is found as it is, as ``Mueller`` and as ``Muller``.
    """
    return tuple(dict.fromkeys((*key_forms(name), name_groups(_base_letters(name)))))


def key_forms(key: str) -> tuple[tuple[str, ...], ...]:
    """Return the component groups of a PN key: as it is, and in ASCII (``Müller``: ``Mueller``).

    A key does not mean more than it says: ``Muller`` is among the forms of a name alone.
    """
    if key.isascii():
        return (name_groups(key),)
    written = transliterated(key, str.isascii)
    if written.count("?") > key.count("?"):  # a sign nothing stands for is no wildcard
        return (name_groups(key),)
    return name_groups(key), name_groups(written)


def _base_letters(name: str) -> str:
    """Return a name without the marks on its letters."""
    if name.isascii():
        return name
    apart = unicodedata.normalize("NFD", name)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def name_test(key: str) -> TextTest:
    """Return the test for a person name key (PS3.4 C.2.2.2.1: insensitive to case and padding).

    A key of one component group finds the name in any of the stored groups (alphabetic,
    ideographic, phonetic); a key of several must fit group by group, an empty one fitting any.
    Letters with marks are found by those a device without them has (`name_forms`).
    """
    as_typed, *in_ascii = map(_groups_test, key_forms(key))

    def fits(value: str) -> bool:
        said, *written = name_forms(value)
        return as_typed(said) or any(map(as_typed, written)) or any(one(said) for one in in_ascii)

    return fits


def fuzzy_name_test(key: str) -> TextTest:
    """Return the test for a person name key that need not be written as the name is.

    Beside what `name_test` finds: names in which each word of the key begins some word, whatever
    the order and the spelling, or sounds like the family name (PS3.4 C.2.2.2.1.1 leaves it open).
    """
    literally = name_test(key)
    wanted = [sought_keys(word) for word in sought_words(key)]

    def fits(value: str) -> bool:
        if literally(value):
            return True
        keys = search_keys(value)
        return bool(wanted) and all(
            sound in keys or any(one.startswith(word) for one in keys) for word, sound in wanted
        )

    return fits


def _groups_test(key: tuple[str, ...]) -> Callable[[tuple[str, ...]], bool]:
    wanted = tuple(_group_test(group) for group in key)
    if len(wanted) == 1:
        return lambda stored: any(wanted[0](group) for group in stored if group)
    nothing = ("",) * len(wanted)
    return lambda stored: all(
        test(group) for test, group in zip(wanted, stored + nothing, strict=False)
    )


def _group_test(key: str) -> TextTest:
    if not key:
        return lambda _: True
    if not has_wildcard(key):
        return lambda group: group == key
    pattern = WildcardPattern.of(key)
    # "müller^*" is meant to find a name of which only the family name is known
    return lambda group: pattern.matches(group) or pattern.matches(group + "^")
