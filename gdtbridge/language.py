"""The languages people are told things in."""

from __future__ import annotations

from datetime import date
from enum import IntEnum


class Language(IntEnum):
    """The language of a text; its place in a pair of texts."""

    GERMAN = 0
    ENGLISH = 1

    @property
    def tag(self) -> str:
        """``de`` or ``en`` (BCP 47)."""
        return ("de", "en")[self]

    def day(self, day: date) -> str:
        """Return a day as people write it: ``30.11.2026``, ``30/11/2026``."""
        return day.strftime(("%d.%m.%Y", "%d/%m/%Y")[self])

    @classmethod
    def tagged(cls, tag: str) -> Language:
        """Return the language of a tag; raise `StopIteration` for another."""
        return next(one for one in cls if one.tag == tag)
