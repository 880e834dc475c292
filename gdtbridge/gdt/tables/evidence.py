"""What is known of each practice software and what is assumed (``evidence.tsv``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.tsv import table

KNOWN: Final = "known"
ASSUMED: Final = "assumed"


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One statement on a software, and the dialect it gets.

    ``state`` is ``known``, from a public source, or ``assumed``, and then without one.
    """

    dialect: str
    software: str
    state: str
    statement: str
    source: str


EVIDENCE: Final = tuple(EvidenceRow(*cells) for cells in table("gdt/tables/evidence.tsv"))


def statements(software: str, state: str) -> str:
    """Return what is known, or assumed, of a software in one line."""
    rows = (row for row in EVIDENCE if row.software == software and row.state == state)
    return "; ".join(row.statement for row in rows)
