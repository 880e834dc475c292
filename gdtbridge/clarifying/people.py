"""Finding somebody who is no candidate: by number, birth date or name, as people type them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.clarifying.model import Candidate, CandidateSource
from gdtbridge.database import Database
from gdtbridge.day.search import Search
from gdtbridge.exams.known_charts import known_charts

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
            known = list(known_charts(connection, numbers))
        charts = {one.id: one for one in reversed(known)}
        return tuple(Candidate(one, owner) for one in reversed(charts.values()))[:MOST]
