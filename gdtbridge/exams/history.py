"""What is remembered of a decision: the row of the table, and everything that spoke."""

from __future__ import annotations

from dataclasses import asdict

from gdtbridge.exams.decision import Decision
from gdtbridge.exams.evidence import Evidence
from gdtbridge.exams.model import HoldReason
from gdtbridge.people import Patient


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
