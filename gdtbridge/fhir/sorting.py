"""The order of matches that a search asks for (``_sort``, R4 3.1.1.5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gdtbridge.fhir.date_range import range_of
from gdtbridge.fhir.elements import Json
from gdtbridge.fhir.matching import elements_of, tokens_of
from gdtbridge.fhir.query import CURSOR, LAST_UPDATED, SortKey
from gdtbridge.fhir.tables import ParameterKind
from gdtbridge.people.folding import folded_words
from gdtbridge.retrieve.query_keys import QueryRefused

Rank = tuple[float, ...]
"""Where a value stands: comparable with that of any other of its parameter."""
_LAST: Final = (float("inf"),)
_END: Final = -1.0
"""Behind the letters of a word: a word comes before those that begin with it."""
_DIVIDER: Final = "_"
"""Between the parts of a cursor; no id has it (R4 2.24.0.1)."""


def ranks_of(resource: Json, keys: Sequence[SortKey]) -> tuple[Rank, ...]:
    """Return where a resource stands; of several values the first in the order counts.

    What has no value is last, whichever way is sorted.
    """
    return tuple(min(_ranks(resource, key), default=_LAST) for key in keys)


def sorted_cursor(resource: Json, keys: Sequence[SortKey]) -> str:
    """Return what says that the next page begins behind a resource: its id, and when it changed.

    It may change until that page is asked for, and what lies between would be passed over. All
    else it is sorted by is looked up then, for a cursor stands in an address.
    """
    ranks = zip(keys, ranks_of(resource, keys), strict=True)
    times = (repr(rank[0]) for key, rank in ranks if key.parameter.name == LAST_UPDATED)
    return _DIVIDER.join((str(resource["id"]), *times))


def read_cursor(cursor: str, keys: Sequence[SortKey]) -> tuple[str, list[Rank]]:
    """Return the id and the ranks by time of a `sorted_cursor`; raise `QueryRefused`."""
    id_, *times = cursor.split(_DIVIDER)
    try:
        found: list[Rank] = [(float(one),) for one in times]
    except ValueError:
        raise QueryRefused(CURSOR) from None
    if len(found) != sum(key.parameter.name == LAST_UPDATED for key in keys):
        raise QueryRefused(CURSOR)
    return id_, found


def _ranks(resource: Json, key: SortKey) -> Iterator[Rank]:
    sign = -1.0 if key.is_down else 1.0
    for element in elements_of(resource, key.parameter):
        match key.parameter.kind:
            case ParameterKind.DATE:
                found = range_of(str(element))
                if found is not None:
                    yield (sign * found.begin.timestamp(),)
            case ParameterKind.TOKEN:
                for _, code, _ in tokens_of(element):
                    yield _of_letters(code.casefold(), sign)
            case _:
                yield _of_letters(" ".join(folded_words(str(element))), sign)


def _of_letters(text: str, sign: float) -> Rank:
    return (*(sign * ord(letter) for letter in text), sign * _END)
