"""What a query gets back of an entry (PS3.4 C.2.2.1.3 and K.4.1.1.3.2).

Every attribute asked for is there, zero length where nothing is known, at its own place inside the
sequences; the attributes of Return Key Type 1 are there even if nobody asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from worklist.attributes import ROOT, TYPE_1, is_key, is_matching, is_supported
from worklist.item import NOTHING, Element, Item


@dataclass(slots=True)
class Projection:
    """The part of one entry that ``keys`` ask for."""

    keys: Item
    unsupported_keys: bool = field(default=False, init=False)
    """After :meth:`of`: whether a key was ignored that this service does not answer for."""

    def of(self, entry: Item) -> Item:
        """Return the answer's content."""
        return self._level(self.keys, entry, ROOT)

    def _level(self, keys: Item, stored: Item, level: int) -> Item:
        answer = {tag: stored[tag] for tag in TYPE_1.get(level, ()) if tag in stored}
        for tag, key in keys.items():
            if is_key(tag):
                answer[tag] = self._element(key, stored.get(tag), level, tag)
        return answer

    def _element(self, key: Element, stored: Element | None, level: int, tag: int) -> Element:
        if stored is None or stored.is_empty:
            self._note_ignored(key, level, tag)
            return key if _is_private_creator(tag) else Element(key.VR)
        asked = key.items[0] if key.items else NOTHING
        if stored.VR != "SQ" or not asked:
            return stored
        return Element("SQ", items=tuple(self._level(asked, item, tag) for item in stored.items))

    def _note_ignored(self, key: Element, level: int, tag: int) -> None:
        has_value = bool(key.texts) and not is_matching(level, tag)
        if has_value or not is_supported(level, tag):
            self.unsupported_keys = True


def _is_private_creator(tag: int) -> bool:
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF
