"""The attributes of Query/Retrieve by level (PS3.4 C.6), read from ``keys.tsv``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from gdtbridge.tsv import table
from worklist.attributes import ROOT, AttributeTables
from worklist.item import tag_of

TABLE: Final = "retrieve/keys.tsv"
ALWAYS: Final = frozenset({"QueryRetrieveLevel", "RetrieveAETitle", "InstanceAvailability"})
"""In every answer, asked for or not (PS3.4 C.4.1.1.3.2)."""


class QueryLevel(StrEnum):
    """Query/Retrieve Level (0008,0052), from the top (PS3.4 C.6.1.1)."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"

    @property
    def path(self) -> tuple[QueryLevel, ...]:
        """This level and those above it, from the top."""
        levels = tuple(QueryLevel)
        return levels[: levels.index(self) + 1]


@cache
def keywords() -> Mapping[QueryLevel, Mapping[str, str]]:
    """Return the attributes of each level and their key types (U, R or O)."""
    found: dict[QueryLevel, dict[str, str]] = {level: {} for level in QueryLevel}
    for level, keyword, kind in table(TABLE):
        found[QueryLevel(level)][keyword] = kind
    return MappingProxyType(found)


def unique_keys(level: QueryLevel) -> frozenset[str]:
    """Return what an entity of a level is named by."""
    return frozenset(word for word, kind in keywords()[level].items() if kind == "U")


@cache
def tables_of(level: QueryLevel) -> AttributeTables:
    """Return what is answered at a level: its attributes and those of the levels above.

    All of them decide (PS3.4 C.2.2.2): who asks for a value gets only what is known to have it.
    """
    here = {word for one in level.path for word in keywords()[one]}
    unique = unique_keys(level)
    supported = frozenset(map(tag_of, here | ALWAYS))
    return AttributeTables(
        type_1={ROOT: frozenset(map(tag_of, unique | ALWAYS))},
        supported={ROOT: supported},
        matching={ROOT: supported},
    )
