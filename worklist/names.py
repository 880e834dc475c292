"""A patient's name in the forms that devices show: some have one line, some no room for titles."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Final

from gdtbridge.dataset.values import ComponentGroup, PersonName

LONGEST_GROUP: Final = 64
"""Characters of a component group (PS3.5 Table 6.2-1)."""


class NameForm(Enum):
    """One thing a device needs of a name; several go together."""

    ALPHABETIC = "alphabetic"
    """Of the component groups only the first that says anything."""
    NO_AFFIXES = "no-affixes"
    """Without prefix and suffix."""
    ONE_COMPONENT = "one-component"
    """All of a group in the family name, with blanks between, without prefix and suffix: there
    they would be taken for a part of the family's name."""
    UPPER = "upper"
    """In capitals; ``ß`` is ``SS``."""


def formed(name: str, forms: AbstractSet[NameForm]) -> str:
    """Return a PN value in ``forms``; itself where there are none."""
    if not forms:
        return name
    whole = PersonName.of(name)
    groups = (whole.written,) if NameForm.ALPHABETIC in forms else whole.groups
    return "=".join(str(_formed(group, forms)).rstrip("^")[:LONGEST_GROUP] for group in groups)


def _formed(group: ComponentGroup, forms: AbstractSet[NameForm]) -> ComponentGroup:
    parts = group.components
    if forms & {NameForm.NO_AFFIXES, NameForm.ONE_COMPONENT}:
        parts = parts[:3]
    if NameForm.ONE_COMPONENT in forms:
        parts = (" ".join(filter(None, parts)),)
    if NameForm.UPPER in forms:
        parts = tuple(part.upper() for part in parts)
    return ComponentGroup(parts)
