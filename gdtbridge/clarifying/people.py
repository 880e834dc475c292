"""Finding somebody who is no candidate: by number, birth date or name, as people type them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from gdtbridge.clarifying.model import Candidate, CandidateSource
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import da_text
from gdtbridge.durable.clock import Clock
from gdtbridge.exams import claim_store
from gdtbridge.orders import store as order_store
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient
from gdtbridge.typed_dates import TypedDateError, typed_birth_date

MOST: Final = 8
"""Patients that are shown."""
SHORTEST: Final = 2
"""Letters a name has at least that is searched for."""


@dataclass(frozen=True, slots=True)
class PeopleFinder:
    """Finds patients in orders, master data and results."""

    database: Database
    clock: Clock

    def find(self, typed: str) -> tuple[Candidate, ...]:
        """Return whom a number, a birth date or the beginning of a name leads to, at most `MOST`.

        A number that is known nowhere leads to nobody; it may be right all the same.
        """
        typed = typed.strip()
        if not typed:
            return ()
        with self.database.read() as connection:
            found = list(self._found(connection, typed))
            moves = moves_of(connection, [one.id for one in found])
        charts = {moves.now(one.id): one for one in reversed(found) if one.id}
        owner = frozenset({CandidateSource.OWNER})
        return tuple(Candidate(one, owner) for one in reversed(charts.values()))[:MOST]

    def _found(self, connection: Connection, typed: str) -> Iterator[Patient]:
        yield from of_number(connection, typed)
        born = self._birth_date(typed)
        if born is not None:
            births = [da_text(born)]
            yield from order_store.kept_born(connection, births)
            yield from (one.patient for one in order_store.open_orders_born(connection, births))
            yield from claim_store.patients_born(connection, births)
        elif len(typed) >= SHORTEST and any(map(str.isalpha, typed)):
            family, _, given = (part.strip() for part in typed.partition(","))
            yield from order_store.patients_named(connection, family, given)
            yield from claim_store.patients_named(connection, family, given)

    def _birth_date(self, typed: str) -> date | None:
        try:
            return typed_birth_date(typed, self.clock.local().date()).day
        except TypedDateError:
            return None


def of_number(connection: Connection, number: str) -> Iterable[Patient]:
    """Return whom the practice knows under a number, what it said last first; at most one."""
    numbers = moves_of(connection, [number]).all_of(number)
    kept = order_store.kept_patients(connection, numbers)
    ordered = {one.patient.id: one.patient for one in order_store.orders_under(connection, numbers)}
    results = claim_store.earlier_patients(connection, 0, numbers)
    every = [known.get(one) for known in (kept, ordered, results) for one in numbers]
    return [one for one in every if one is not None][:1]
