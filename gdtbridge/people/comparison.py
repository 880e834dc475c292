"""When two descriptions are surely of two persons: birth dates and family names compared.

Devices and practice software write one name in many ways: cut at 16 letters, in capitals, with the
title or all of it in the family name, given name first, in other letters or with ``?`` for them.
None of these is another name. What is undecided counts as another one: then a person is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from gdtbridge.dataset.values import ComponentGroup, PersonName
from gdtbridge.people.folding import plain_word
from gdtbridge.people.patient import Patient

_FIRST: Final = date(1900, 1, 1)
"""This and earlier birth dates are the zero of some software (1900, 1899-12-30, 1601, 0001)."""
_LAST: Final = date.max
_CUT: Final = 15
"""Letters a family name has at least where a field of 16 cut it, a blank at the end taken off."""

_DIGITS: Final = "0123456789"
_UNREADABLE: Final = re.compile("[?\ufffd]+")
"""What stands for letters that somebody on the way could not write (``M?ller``, ``M??ller``)."""
_MOST_UNREADABLE: Final = 4
"""So many places of a family name may be unreadable before it says nothing."""
_BETWEEN_WORDS: Final = re.compile("[^\\w'\u2019?]+|_+")


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PARTICLES: Final = _set_of(
    "von vom van vd der den de del della des di da do dos du zu zum zur und am im in op ter ten te"
    " la le lo el al abu bin ben ibn bint thi san st sankt"
    " freiherr frhr freifrau graf grafin baron baronin prinz"
    " dr prof med dent dipl ing mag herr frau hr fr mr mrs jr sr geb geborene nee"
)
"""Words in plain letters that alone tell no name from another: particles and titles."""

_NO_NAME: Final = _set_of(
    "notfall notfallpatient notfallpatientin notaufnahme emergency unbekannt unbekannter"
    " unbekannte unknown unidentified anonym anonymous anonymized anonymisiert"
    " patient patientin name noname nn xx xxx xxxx dr prof"
)
"""Words in plain letters that stand where nobody knows the name."""


@dataclass(frozen=True, slots=True)
class ComparedName:
    """One component group of a name in plain letters.

    ``family`` and ``given`` hold the words that tell names apart; ``joined`` has all letters of the
    family name, ``whole`` those of family and given name; ``length`` counts the family name as
    written.
    """

    family: frozenset[str]
    given: frozenset[str]
    joined: str
    whole: str
    length: int


def are_two(one: Patient, other: Patient) -> bool:
    """Return whether two descriptions are surely of two persons.

    Compared are family name and birth date, and only where both descriptions say both: they must
    differ in both. One difference proves nothing (names are misspelt and marry, birth dates are
    mistyped). A placeholder (``NOTFALL``, the patient's number, 01.01.1900) says nothing. Family
    names are compared in plain letters: ``Müller``, ``MUELLER`` and ``Muller`` are one name, as are
    ``Łukasz`` and ``Lukasz``; of a double name one half will do. One family has several persons: of
    one family name are two whose birth dates differ and whose given names begin with other letters,
    or have nothing in common where the sexes differ too. Never compared are the number (two
    practices give out the same one) and prefixes.
    """
    born = one.birth_date, other.birth_date
    if born[0] == born[1] or not (says_a_day(born[0]) and says_a_day(born[1])):
        return False
    numbers = {plain_word(one.id), plain_word(other.id)}
    names, others = (tuple(_names(patient, numbers)) for patient in (one, other))
    if not names or not others:
        return False
    sexes = {one.sex, other.sex} - {None, "O"}
    return not any(
        _may_be_one(name, another) and not _are_relatives(name, another, sexes)
        for name in names
        for another in others
    )


def _are_relatives(one: ComparedName, other: ComparedName, sexes: set[str | None]) -> bool:
    """Return whether two of one family name are surely not one: by given names, and sex."""
    if _given_agree(one, other) or one.given & other.family or other.given & one.family:
        return False
    names = [{word for word in name.given if len(word) > 1} for name in (one, other)]
    if not all(names) or not all(word.isascii() for words in names for word in words):
        return False  # initials, or another script
    first, second = ({word[0] for word in words} for words in names)
    return len(sexes) > 1 or first.isdisjoint(second)


def tells_a_person(patient: Patient) -> bool:
    """Return whether a description says family name and birth date, neither by a placeholder.

    Only then can `are_two` tell its person from another.
    """
    return says_a_day(patient.birth_date) and says_a_name(patient)


def agree(one: Patient, other: Patient) -> bool:
    """Return whether nothing that two descriptions say of name and birth date differs.

    Where no number ties them together one difference is enough, the given name (twins) included.
    A placeholder agrees with the same one, and with nobody who is known by name or number.
    """
    days = {born for born in (one.birth_date, other.birth_date) if says_a_day(born)}
    if len(days) > 1:
        return False
    names, others = _written(one), _written(other)
    if {name.whole for name in names} & {name.whole for name in others}:
        return True
    if not names or not others:
        named, unnamed = (one, other) if names else (other, one)
        return not unnamed.id or not _written(named) or says_a_name(named)
    numbers = {plain_word(one.id), plain_word(other.id)}
    return any(
        _may_be_one(name, another) and _given_agree(name, another)
        for name in _names(one, numbers)
        for another in _names(other, numbers)
    )


def _written(patient: Patient) -> list[ComparedName]:
    """Return the name in each script, placeholders too."""
    groups = PersonName.of(patient.person_name).groups
    return [name for name in map(_compared, groups) if name.whole]


def says_a_name(patient: Patient) -> bool:
    """Return whether the name is one, and no placeholder (``NOTFALL``, the patient's number)."""
    return any(_names(patient, {plain_word(patient.id)}))


def _given_agree(one: ComparedName, other: ComparedName) -> bool:
    """Return whether the given names may be one person's, as far as both are written."""
    if not one.given or not other.given:
        return True
    return _share_a_name(one.given, other.given) or _is_swapped(one, other)


def are_written_alike(one: Patient, other: Patient) -> bool:
    """Return whether nobody would say that family name or birth date are other ones.

    Spelling is no difference (``Müller`` and ``MUELLER``, a cut name, ``M?ller``), nor is what one
    does not say or has a placeholder for. One half of a double name is: who married is told.
    """
    born = one.birth_date, other.birth_date
    if born[0] != born[1] and says_a_day(born[0]) and says_a_day(born[1]):
        return False
    numbers = {plain_word(one.id), plain_word(other.id)}
    names, others = (tuple(_names(patient, numbers)) for patient in (one, other))
    if not names or not others:
        return True
    return any(_is_spelling(name, another) for name in names for another in others)


def says_a_day(born: date | None) -> bool:
    """Return whether a birth date is one, and not the zero of some software."""
    return born is not None and _FIRST < born < _LAST


def _names(patient: Patient, numbers: set[str]) -> Iterator[ComparedName]:
    """Yield the name in each script whose family name is known and none of ``numbers``."""
    for group in PersonName.of(patient.person_name).groups:
        name = _compared(group)
        if not _is_placeholder(name) and name.joined not in numbers:
            yield name


def _compared(group: ComponentGroup) -> ComparedName:
    family, given, middle = group.parts[:3]
    family_words, given_words = _words(family), _words(f"{given} {middle}")
    joined = "".join(family_words)
    return ComparedName(
        _telling(family_words),
        _telling(given_words),
        joined,
        joined + "".join(given_words),
        len(family),
    )


def _is_placeholder(name: ComparedName) -> bool:
    """Return whether the family name is empty, digits or words for "not known" (``NOTFALL 2``)."""
    words = {word.strip(_DIGITS) for word in name.family} - {"", "?"}
    return (
        words <= _NO_NAME
        or name.joined.strip(_DIGITS) in _NO_NAME
        or name.joined.count("?") > _MOST_UNREADABLE
    )


def _may_be_one(one: ComparedName, other: ComparedName) -> bool:
    """Return whether two written names may be one person's."""
    return (
        _is_spelling(one, other)
        or _is_part(one, other)
        or _is_part(other, one)
        or _is_swapped(one, other)
    )


def _is_spelling(one: ComparedName, other: ComparedName) -> bool:
    """Return whether two written names are one name, written or cut in two ways."""
    return (
        one.joined == other.joined
        or _is_unreadable(one, other)
        or _is_unreadable(other, one)
        or _is_cut(one, other)
        or _is_cut(other, one)
    )


def _is_unreadable(one: ComparedName, other: ComparedName) -> bool:
    """Return whether ``one`` is ``other`` with ``?`` for up to four letters here and there."""
    if "?" not in one.joined:
        return False
    pattern = "[^?]{0,4}".join(map(re.escape, one.joined.split("?")))
    return re.fullmatch(pattern, other.joined) is not None


def _is_cut(one: ComparedName, other: ComparedName) -> bool:
    """Return whether ``one`` is the beginning of ``other``, or all of it in one component."""
    if not one.given and one.whole == other.whole:
        return True
    return one.length >= _CUT and (other.whole if not one.given else other.joined).startswith(
        one.joined
    )


def _is_part(one: ComparedName, other: ComparedName) -> bool:
    """Return whether ``one`` is a half of the double name ``other``.

    Where ``other`` has no given name, its second word may be that: then the given names must agree.
    """
    if not one.family <= other.family:
        return False
    rest = other.family - one.family
    return bool(other.given) or not one.given or not rest or _share_a_name(one.given, rest)


def _share_a_name(given: frozenset[str], words: frozenset[str]) -> bool:
    """Return whether one of the given names is one of ``words``, either may be an initial."""
    return any(word.startswith(name) or name.startswith(word) for name in given for word in words)


def _is_swapped(one: ComparedName, other: ComparedName) -> bool:
    """Return whether the given name of each is the family name of the other."""
    return _fit(one.family, other.given) and _fit(other.family, one.given)


def _fit(words: frozenset[str], others: frozenset[str]) -> bool:
    return bool(words and others) and (words <= others or others <= words)


def _words(text: str) -> list[str]:
    readable = _UNREADABLE.sub("?", unicodedata.normalize("NFC", text))
    return [word for word in map(_plain_word, _BETWEEN_WORDS.split(readable)) if word]


def _plain_word(word: str) -> str:
    return "?".join(map(plain_word, word.split("?")))


def _telling(words: list[str]) -> frozenset[str]:
    """Return the words without particles and titles, all of them where there are no others."""
    return frozenset(words) - _PARTICLES or frozenset(words)
