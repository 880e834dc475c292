"""Finding somebody who is no candidate: by number, birth date or name, as people type them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gdtbridge.clarifying.model import Candidate, CandidateSource
from gdtbridge.database import Connection, Database
from gdtbridge.day.search import Search
from gdtbridge.exams import claim_store
from gdtbridge.orders import store as order_store
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient

MOST: Final = 8
"""Patients that are shown."""
MOST_LINES: Final = 40
"""Hits of the search that are looked at: several may be of one patient."""


@dataclass(frozen=True, slots=True)
class PeopleFinder:
    """Finds the charts that the search over the whole stock leads to."""

    database: Database
    search: Search

    def find(self, typed: str) -> tuple[Candidate, ...]:
        """Return the charts a number, a birth date or a name leads to, at most `MOST`.

        Who is told is whom the practice knows under a number, never what a device said. A number
        that is known nowhere leads to nobody; it may be right all the same.
        """
        typed = typed.strip()
        if not typed:
            return ()
        found = self.search.suggestions(typed, MOST_LINES)
        numbers = [typed, *(one.patient.id for one in found.lines)]
        numbers += [one.id for one in found.patients]
        owner = frozenset({CandidateSource.OWNER})
        with self.database.read() as connection:
            known = list(_known(connection, numbers))
        charts = {one.id: one for one in reversed(known)}
        return tuple(Candidate(one, owner) for one in reversed(charts.values()))[:MOST]


def _known(connection: Connection, numbers: list[str]) -> Iterator[Patient]:
    """Yield whom the practice knows under numbers, each under the number the chart has now."""
    for number in dict.fromkeys(filter(None, numbers)):
        every = moves_of(connection, [number]).all_of(number)
        kept = order_store.kept_patients(connection, every)
        ordered = {o.patient.id: o.patient for o in order_store.orders_under(connection, every)}
        results = claim_store.earlier_patients(connection, 0, every)
        found = (known.get(one) for known in (kept, ordered, results) for one in every)
        yield from [one for one in found if one is not None][:1]
