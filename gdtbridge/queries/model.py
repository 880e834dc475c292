"""Values of the record: a query a device asked, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from gdtbridge.devices import Caller

MOST_NAMED: Final = 200
"""So many answered entries of a query are remembered by number."""
LONGEST_IDENTIFIER: Final = 8192
"""Bytes of an identifier that is kept; devices send up to 4096."""


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """One Modality Worklist query and what became of it.

    ``identifier`` is its dataset as it came (inflated), empty where it could not be read;
    ``transfer_syntax_uid`` says how it is encoded. ``answered`` names the first `MOST_NAMED`
    entries of the ``answers`` (`worklist.form.entry_number`), ``status`` is that of the last
    response. The keys may name a patient: for the database and who may see patients, never for a
    log.
    """

    caller: Caller
    identifier: bytes
    transfer_syntax_uid: str
    status: int
    answers: int
    answered: tuple[str, ...]
    seconds: float
    """From the request to its last response, which was still to be sent."""


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """A query as it is kept: how often the same came in a row, first and last (UTC seconds)."""

    id: int
    query: AskedQuery
    listed: int
    """Files of the worklist's folder that were served then."""
    first_at: float
    last_at: float
    times: int = 1


class QueryPort(Protocol):
    """Takes note of queries; returns at once."""

    def note(self, query: AskedQuery) -> None:
        """Remember a query whose last response is about to be sent."""


class _UnnotedQueries:
    def note(self, query: AskedQuery) -> None:
        """Forget it."""


UNNOTED_QUERIES: Final = _UnnotedQueries()
"""For a server nobody asks about its queries."""
