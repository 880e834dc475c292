"""The character set of an answer: one the device reads, with other letters for what it lacks.

A query names the sets its device reads (0008,0005); nothing is negotiated. Old devices show an
answer in another set as garbage or refuse it, so an answer comes in theirs, transliterated. Numbers
come back with the images and are compared letter by letter: they are never changed. An entry whose
numbers the device's sets cannot hold is answered in a set that can.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from types import MappingProxyType

from pydicom.datadict import keyword_for_tag

from gdtbridge.dataset.text import SpecificCharacterSet, character_set_for
from gdtbridge.dataset.values import PersonName
from gdtbridge.transliteration import transliterated
from worklist.attributes import IDENTIFIERS
from worklist.item import (
    CHARSET_DEPENDENT,
    SPECIFIC_CHARACTER_SET,
    Element,
    Item,
    charset_dependent,
)

log = logging.getLogger(__name__)


class AnswerCharset(Enum):
    """What decides about the character set of an answer; ASCII needs none."""

    DEVICE = "device"
    """The query: the set it came in. Latin-1 where it names none that we write."""
    LATIN_1 = "latin-1"
    UTF_8 = "utf-8"
    ASCII = "ascii"


_FIXED: Mapping[AnswerCharset, tuple[SpecificCharacterSet, ...]] = MappingProxyType(
    {
        AnswerCharset.LATIN_1: (SpecificCharacterSet.LATIN_1,),
        AnswerCharset.UTF_8: (SpecificCharacterSet.UTF_8,),
        AnswerCharset.ASCII: (SpecificCharacterSet.ASCII,),
    }
)
LIMITS: Mapping[str, int] = MappingProxyType(
    {"LO": 64, "LT": 10240, "PN": 64, "SH": 16, "ST": 1024}
)
"""Characters a value may have, for PN each component group (PS3.5 Table 6.2-1)."""


def readable_sets(decides: AnswerCharset, keys: Item) -> tuple[SpecificCharacterSet, ...]:
    """Return the sets an answer to the query ``keys`` may come in, the preferred one first."""
    if decides in _FIXED:
        return _FIXED[decides]
    label = keys.get(SPECIFIC_CHARACTER_SET, Element("CS"))
    return SpecificCharacterSet.asked(label.texts) or (SpecificCharacterSet.LATIN_1,)


def in_readable_set(
    item: Item, sets: tuple[SpecificCharacterSet, ...]
) -> tuple[Item, SpecificCharacterSet]:
    """Return an answer as it can be written in one of ``sets``, and that set."""
    joined = _joined(item)
    if joined.isascii():
        return item, SpecificCharacterSet.ASCII
    if holding := next((charset for charset in sets if charset.has(joined)), None):
        return item, holding
    if charset := next((charset for charset in sets if not _unwritable(item, charset)), None):
        written = _written(item, charset)
        return written, SpecificCharacterSet.ASCII if _joined(written).isascii() else charset
    _name_once(_unwritable(item, sets[0]))
    return item, character_set_for(joined)


def _joined(item: Item) -> str:
    return "".join(text for _, element in charset_dependent(item) for text in element.texts)


def as_shown(element: Element, sets: tuple[SpecificCharacterSet, ...]) -> Element:
    """Return an element as a device that reads ``sets`` is shown it; itself if nothing changes."""
    if all(any(charset.has(text) for charset in sets) for text in element.texts):
        return element
    return _written_element(element, sets[0])


def _unwritable(item: Item, charset: SpecificCharacterSet) -> set[int]:
    """Return the tags of the numbers that ``charset`` cannot hold."""
    return {
        tag
        for tag, element in charset_dependent(item)
        if tag in IDENTIFIERS and not all(map(charset.has, element.texts))
    }


def _written(item: Item, charset: SpecificCharacterSet) -> Item:
    return dict(_written_elements(item, charset))


def _written_elements(item: Item, charset: SpecificCharacterSet) -> Iterator[tuple[int, Element]]:
    for tag, element in item.items():
        if element.items:
            yield (
                tag,
                replace(element, items=tuple(_written(one, charset) for one in element.items)),
            )
        elif tag in IDENTIFIERS or element.VR not in CHARSET_DEPENDENT:
            yield tag, element
        else:
            yield tag, _written_element(element, charset)


def _written_element(element: Element, charset: SpecificCharacterSet) -> Element:
    texts = tuple(
        text if charset.has(text) else _written_text(element.VR, text, charset)
        for text in element.texts
    )
    return replace(element, texts=texts)


def _written_text(VR: str, text: str, charset: SpecificCharacterSet) -> str:  # noqa: N803
    if VR == "PN":
        return _written_name(text, charset)
    return transliterated(text, charset.has)[: LIMITS.get(VR)].rstrip()


def _written_name(name: str, charset: SpecificCharacterSet) -> str:
    """Return a PN without the component groups of which nothing is left but signs.

    A name that has no other group is shown as ``?^?``.
    """
    groups = PersonName.of(name).groups
    written = [transliterated(str(group), charset.has)[: LIMITS["PN"]] for group in groups]
    legible = [group if any(map(str.isalnum, group)) else "" for group in written]
    if any(legible):
        return str(PersonName.of("=".join(legible)))
    return next((group for group in written if group), "?")


def shown_names(name: str) -> set[str]:
    """Return a PN in every form in which some device is shown it; see `as_shown`."""
    if name.isascii():
        return {name}
    lacking = (charset for charset in SpecificCharacterSet if not charset.has(name))
    return {name, *(_written_name(name, charset) for charset in lacking)}


_named: set[int] = set()


def _name_once(tags: set[int]) -> None:
    """Say once of each attribute, without its value, that it made us leave the device's set."""
    for tag in tags - _named:
        _named.add(tag)
        log.warning(
            "%s has letters outside of a device's character set; its entry is answered in another",
            keyword_for_tag(tag),
        )
