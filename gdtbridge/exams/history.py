"""What is remembered of a decision: the row of the table, and everything that spoke.

And where something stood before somebody said whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from gdtbridge.exams.decision import Decision
from gdtbridge.exams.evidence import Evidence
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import ClaimState, EventKind, ExamEvent
from gdtbridge.people import Patient

DECIDES: Final = frozenset(
    {EventKind.RELEASED, EventKind.DISCARDED, EventKind.ACCEPTED, EventKind.WITHDRAWN}
)
"""What a person decides; who comes after it is too late."""
DECIDES_NOTHING: Final = frozenset({EventKind.FETCHED, EventKind.MOVED, EventKind.SENT_AGAIN})
"""What a person does to an exam that leaves every decision as it is."""

FAULT: Final = "fault"
"""In the detail of a decision: which field no record can be written for, and why, in a sentence."""


def grounds_of(decision: Decision, reason: HoldReason | None) -> dict[str, object]:
    """Return a decision as JSON values: its row, the outcome, the evidence, whom it may be."""
    return {
        "rule": decision.rule,
        "outcome": "send" if reason is None else "hold",
        "reason": str(reason) if reason is not None else "",
        "number": decision.number,
        "situation": {name: str(value) for name, value in asdict(decision.situation).items()},
        "evidence": [_evidence(one) for one in decision.grounds],
        "proposed": [patient_of(one) for one in decision.proposed],
        "claims": [one.id for one in decision.claims],
    }


def _evidence(one: Evidence) -> dict[str, object]:
    return {"source": str(one.source), "reference": one.reference, **patient_of(one.patient)}


def patient_of(one: Patient) -> dict[str, object]:
    """Return a patient as JSON values."""
    return {
        "patient_id": one.id,
        "name": one.person_name,
        "birth_date": one.birth_date_da,
        "sex": one.sex or "",
    }


def standing_before(events: Sequence[ExamEvent], person: int) -> dict[str, object]:
    """Return where the claims of one of an exam's people stand without the number said last.

    ``events`` are the exam's history, oldest first.
    """
    reason = _held_before(events, person)
    return {"state": ClaimState.HELD, "held_because": reason} if reason else {}


def _held_before(events: Sequence[ExamEvent], person: int) -> str:
    """Return why a person's part was held before somebody said whose it is; empty if it was not."""
    for one in events:
        if one.what in {EventKind.WITHDRAWN, EventKind.DISCARDED}:
            return HoldReason.WITHDRAWN
        if one.what is EventKind.ACCEPTED and "number" in one.detail:
            return HoldReason.WITHDRAWN
    held = (
        str(one.detail["reason"])
        for one in reversed(events)
        if one.what is EventKind.DECIDED and one.person == person and one.detail["reason"]
    )
    return next(held, "")
