"""What an entry that matches a query is answered with (PS3.4 C.2.2.1.3 and K.4.1.1.3.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from worklist.attributes import ROOT, WORKLIST, AttributeTables, is_key
from worklist.charset import in_readable_set
from worklist.form import entry_number
from worklist.item import NOTHING, Element, Item, dataset_from, is_private_creator, item_from
from worklist.query import STANDARD, MatchPolicy, Query


@dataclass(slots=True)
class Projection:
    """What a query gets back of an entry: what ``keys`` ask for (PS3.4 C.2.2.1.3, K.4.1.1.3.2).

    Every attribute asked for is there, zero length where nothing is known, at its own place inside
    the sequences; the attributes of Return Key Type 1 are there even if nobody asked.
    """

    keys: Item
    attributes: AttributeTables = WORKLIST
    unsupported_keys: bool = field(default=False, init=False)
    """After :meth:`of`: whether a key was ignored that this service does not answer for."""

    def of(self, entry: Item) -> Item:
        """Return the answer's content."""
        return self._level(self.keys, entry, ROOT)

    def _level(self, keys: Item, stored: Item, level: int) -> Item:
        answer = {
            tag: stored[tag] for tag in self.attributes.type_1.get(level, ()) if tag in stored
        }
        for tag, key in keys.items():
            if is_key(tag):
                answer[tag] = self._element(key, stored.get(tag), level, tag)
        return answer

    def _element(self, key: Element, stored: Element | None, level: int, tag: int) -> Element:
        if stored is None or stored.is_empty:
            self._note_ignored(key, level, tag)
            return key if is_private_creator(tag) else Element(key.VR)
        asked = key.items[0] if key.items else NOTHING
        if stored.VR != "SQ" or not asked:
            return stored
        return Element("SQ", items=tuple(self._level(asked, item, tag) for item in stored.items))

    def _note_ignored(self, key: Element, level: int, tag: int) -> None:
        has_value = bool(key.texts) and not self.attributes.is_matching(level, tag)
        if has_value or not self.attributes.is_supported(level, tag):
            self.unsupported_keys = True


@dataclass(frozen=True, slots=True)
class Match:
    """One answer; ``unsupported_keys`` means its status is FF01 instead of FF00.

    ``number`` names the entry (`entry_number`), whether or not the query asked for that.
    """

    dataset: Dataset
    unsupported_keys: bool
    number: str = ""


def matches(query: Dataset, entry: Dataset, policy: MatchPolicy = STANDARD) -> bool:
    """Whether ``entry`` answers ``query``."""
    return Query.of(item_from(query), policy).matches(item_from(entry))


def project(query: Dataset, entry: Dataset, policy: MatchPolicy = STANDARD) -> Dataset:
    """Return the part of ``entry`` that ``query`` asks for, in a character set the asker reads."""
    keys = item_from(query)
    return answer_to(keys, item_from(entry), Query.of(keys, policy)).dataset


def answer_to(
    keys: Item, entry: Item, query: Query, attributes: AttributeTables = WORKLIST
) -> Match:
    """Return what ``query``, read of ``keys``, gets of an entry that matches it."""
    projection = Projection(keys, attributes)
    answer, charset = in_readable_set(query.as_named(projection.of(entry)), query.sets)
    return Match(dataset_from(answer, charset), projection.unsupported_keys, entry_number(entry))
