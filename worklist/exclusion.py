"""Why an entry does not answer a query: the keys it fails, named by the very tests of the query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag

from worklist.attributes import is_key
from worklist.item import Element, Item
from worklist.query import KeyTest, Query


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A key of a query: where it stands, what was asked for, and what an entry says there.

    ``path`` are the keywords of the sequences it lies in and its own, ``GGGGEEEE`` for an attribute
    without one. ``asked`` and ``stored`` are the values; none stored means that the entry, or the
    whole sequence in it, knows nothing there, none asked for that only its profile decides. Both
    may be of a patient.
    """

    path: tuple[str, ...]
    asked: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()

    @property
    def keyword(self) -> str:
        """The keyword of the attribute itself."""
        return self.path[-1]


def exclusions(query: Query, entry: Item) -> tuple[Exclusion, ...]:
    """Return the keys ``entry`` fails; none exactly if it answers ``query``.

    Where a sequence or a name has several forms, those of the form that fails the fewest.
    """
    return _fewest(tuple(_failed(query, form, ())) for form in query.forms(entry))


def given_keys(keys: Item, path: tuple[str, ...] = ()) -> Iterator[Exclusion]:
    """Yield the keys of a query that have a value, in its order; of a sequence the first item's."""
    for tag, key in keys.items():
        here = (*path, _keyword(tag))
        if is_key(tag) and (asked := _values(key)):
            yield Exclusion(here, asked)
        for item in key.items[:1]:
            yield from given_keys(item, here)


def _fewest(found: Iterator[tuple[Exclusion, ...]]) -> tuple[Exclusion, ...]:
    return min(found, key=len, default=())


def _failed(query: Query, item: Item, path: tuple[str, ...]) -> Iterator[Exclusion]:
    for test in query.tests:
        if not test.passes(item):
            yield from _of_test(test, item, path)


def _of_test(test: KeyTest, item: Item, path: tuple[str, ...]) -> Iterator[Exclusion]:
    for tag, key in test.keys.items():
        stored = item.get(tag, Element("UN"))
        here = (*path, _keyword(tag))
        if test.inner is not None and stored.items:
            inner = test.inner
            yield from _fewest(tuple(_failed(inner, one, here)) for one in stored.items)
        else:
            yield Exclusion(here, _values(key), _values(stored))


def _keyword(tag: int) -> str:
    return keyword_for_tag(tag) or f"{tag:08X}"


def _values(element: Element) -> tuple[str, ...]:
    if element.is_empty:
        return ()
    return element.texts if element.other is None else (str(element.other),)
