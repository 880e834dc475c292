"""The order of matches that a search asks for (``_sort``, R4 3.1.1.5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gdtbridge.fhir.date_range import range_of
from gdtbridge.fhir.elements import Json
from gdtbridge.fhir.matching import elements_of, tokens_of
from gdtbridge.fhir.query import SortKey
from gdtbridge.fhir.tables import ParameterKind
from gdtbridge.people.folding import folded_words

Rank = tuple[float, ...]
"""Where a value stands: comparable with that of any other of its parameter."""
_LAST: Final = (float("inf"),)
_END: Final = -1.0
"""Behind the letters of a word: a word comes before those that begin with it."""


def ranks_of(resource: Json, keys: Sequence[SortKey]) -> tuple[Rank, ...]:
    """Return where a resource stands; of several values the first in the order counts.

    What has no value is last, whichever way is sorted.
    """
    return tuple(min(_ranks(resource, key), default=_LAST) for key in keys)


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
