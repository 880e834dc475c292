"""The attributes of a work item, read from ``attributes.tsv``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from gdtbridge.tsv import table
from worklist.attributes import ROOT, AttributeTables
from worklist.item import tag_of, vr_of

NEVER_TOLD: Final = "TransactionUID"
"""Who knows it may change the item: it is written nowhere."""


class AttributeSource(StrEnum):
    """Who says an attribute."""

    ORDER = "order"
    CLIENT = "client"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class WorkItemAttribute:
    """An attribute of the dataset itself, or of the items of one of its sequences (``level``)."""

    tag: int
    level: int
    is_always_there: bool
    source: AttributeSource
    is_in_searches: bool

    @property
    def VR(self) -> str:  # noqa: N802
        """Its VR."""
        return vr_of(self.tag)


@cache
def attributes() -> tuple[WorkItemAttribute, ...]:
    """Return every row of the table."""
    return tuple(_rows())


def _rows() -> Iterator[WorkItemAttribute]:
    for path, kind, source, search in table("work_items/attributes.tsv"):
        *above, keyword = path.split(".")
        level = tag_of(above[0]) if above else ROOT
        is_there = kind in {"1", "2"}
        yield WorkItemAttribute(
            tag_of(keyword), level, is_there, AttributeSource(source), search == "yes"
        )


@cache
def of_order() -> frozenset[int]:
    """Return the attributes of the dataset that are the order's alone."""
    return frozenset(
        one.tag for one in attributes() if one.level == ROOT and one.source is AttributeSource.ORDER
    )


@cache
def search_tables() -> AttributeTables:
    """Return what a search answers unasked (as type 1), on request, and decides by."""
    levels: dict[int, set[int]] = {ROOT: set()}
    for one in attributes():
        levels.setdefault(one.level, set()).add(one.tag)
    known = {level: frozenset(tags) for level, tags in levels.items()}
    unasked = frozenset(one.tag for one in attributes() if one.is_in_searches)
    return AttributeTables(type_1={ROOT: unasked}, supported=known, matching=known)
