"""Spans of time a search is looked through in, one after the other, where it is sorted by time.

What is in one comes before all that is in the next, so that a page of the newest exams of a large
archive needs the first few spans alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from gdtbridge.fhir.date_range import DatePrefix, range_of
from gdtbridge.fhir.query import (
    LAST_UPDATED,
    MISSING,
    ResourceQuery,
    SearchCondition,
    SearchValue,
    SortKey,
)
from gdtbridge.fhir.tables import SearchParameter

DAYS: Final = tuple(7 * 3**power for power in range(9))
"""How far back the spans begin: from a week to 125 years."""
BY_DAY: Final[Mapping[str, str]] = MappingProxyType(
    {"ImagingStudy": "started", "DocumentReference": "period"}
)
"""Parameters for which an index has the days, by resource."""
OF_EXAMS: Final = frozenset(
    {"ImagingStudy", "DocumentReference", "DiagnosticReport", "Observation"}
)
"""Resources for which an index has what changed since when."""


def has_spans(query: ResourceQuery) -> bool:
    """Return whether an index finds what is in a span of what a search is sorted by first."""
    return any(_is_indexed(query.kind, key) for key in query.sorting[:1])


def spans_of(query: ResourceQuery, today: date) -> Iterator[ResourceQuery]:
    """Yield the search for each span in the order of its first key, at last what has no time."""
    key = query.sorting[0]
    edges = [None, *(today - timedelta(days=days) for days in DAYS), None]
    spans = [(begin, end) for end, begin in pairwise(edges)]
    for begin, end in spans if key.is_down else reversed(spans):
        limits = [
            *([_limit(key.parameter, DatePrefix.GE, begin)] if begin is not None else []),
            *([_limit(key.parameter, DatePrefix.LT, end)] if end is not None else []),
        ]
        yield _with(query, *limits)
    if key.parameter.name != LAST_UPDATED:
        yield _with(query, SearchCondition(key.parameter, (SearchValue("true"),), MISSING))


def _is_indexed(kind: str, key: SortKey) -> bool:
    name = key.parameter.name
    return BY_DAY.get(kind) == name or (name == LAST_UPDATED and key.is_down and kind in OF_EXAMS)


def _limit(parameter: SearchParameter, prefix: DatePrefix, day: date) -> SearchCondition:
    text = day.isoformat()
    return SearchCondition(parameter, (SearchValue(text, range=range_of(text), prefix=prefix),))


def _with(query: ResourceQuery, *conditions: SearchCondition) -> ResourceQuery:
    return replace(query, conditions=(*query.conditions, *conditions))
