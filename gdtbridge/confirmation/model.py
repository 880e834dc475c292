"""What a peer is asked about copies it was sent, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class CommitmentResult:
    """An N-EVENT-REPORT: instances the peer answers for, and the reason for each it does not."""

    TransactionUID: str
    committed: frozenset[str]
    failed: Mapping[str, int]


class ReportOutcome(StrEnum):
    """What became of a report."""

    TAKEN = "taken"
    UNKNOWN = "unknown"
    """Nobody asked under that Transaction UID."""
    STRANGER = "stranger"
    """Somebody else was asked."""
