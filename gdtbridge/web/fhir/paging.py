"""The links of a page: where the next one is (R4 3.1.1.5.2)."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from gdtbridge.fhir.query import CURSOR
from gdtbridge.web.problems import refuse

PAGE: Final = "_page"
"""Parameter that names a search that was posted."""
MOST_KEPT: Final = 1000
"""Posted searches whose next page can be fetched."""
GONE: Final = (
    "Diese Suche ist nicht mehr bekannt, bitte von vorn suchen. / This search is known no more;"
    " search again from the beginning."
)
Pairs = Sequence[tuple[str, str]]
"""Names and values of a search."""


@dataclass(slots=True)
class PostedSearches:
    """What was searched for by POST, by random names: it must not stand in an address.

    Known until a thousand later ones came, or the service ends. Thread-safe.
    """

    _known: OrderedDict[str, tuple[tuple[str, str], ...]] = field(default_factory=OrderedDict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, pairs: Pairs) -> str:
        """Return a name for a search."""
        name = secrets.token_urlsafe(24)
        with self._turn:
            self._known[name] = tuple(pairs)
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return name

    def found(self, name: str) -> Pairs:
        """Return the search a name is of; raise `CallRefused` (410) for one that is gone."""
        with self._turn:
            known = self._known.get(name)
        if known is None:
            raise refuse(410, GONE)
        return known


def links_of(address: str, used: Pairs, cursor: str) -> Mapping[str, str]:
    """Return the links of a search that stands in its address."""
    links = {"self": _link(address, used)}
    if cursor:
        links["next"] = _link(address, [*used, (CURSOR, cursor)])
    return links


def links_of_posted(
    address: str, used: Pairs, cursor: str, searches: PostedSearches
) -> Mapping[str, str]:
    """Return the links of a search whose parameters stand in no address."""
    links = {"self": f"{address}/_search"}
    if cursor:
        links["next"] = _link(address, [(PAGE, searches.keep([*used, (CURSOR, cursor)]))])
    return links


def _link(address: str, pairs: Pairs) -> str:
    return f"{address}?{urlencode(pairs)}" if pairs else address
