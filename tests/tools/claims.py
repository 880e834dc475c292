"""Claims, orders and evidence of an exam made by hand: for tests of the pure rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from gdtbridge.exams.evidence import ExamEvidence
from gdtbridge.exams.model import Claim, ClaimState, Exam, ExamResult, ExamState
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient

DAY = date(2026, 11, 30)
STUDY = "2.25.1000"


def claim(id_: int, patient_id: str = "", name: str = "", born: str = "", **said: Any) -> Claim:
    """Return a claim by its id and what it says; nothing is decided of it unless ``said``."""
    values: dict[str, Any] = {
        "exam_id": 1,
        "patient_sex": "",
        "accession_number": "",
        "modality": "US",
        "study_description": "",
        "study_date": f"{DAY:%Y%m%d}",
        "study_time": "",
        "instances": 1,
        "first_at": 0.0,
        "person": 1,
        "state": ClaimState.OPEN,
        "held_because": "",
        "number": "",
        "order_number": "",
        "word": "",
        "confirmed": False,
        "order_word": "",
        "of_receipt_day": False,
        "unmatched": False,
    }
    values |= {"id": id_, "patient_id": patient_id, "patient_name": name}
    return Claim(**values | {"patient_birth_date": born} | said)


def order(accession: str, patient_id: str, name: str = "", born: str = "", **said: Any) -> Order:
    """Return an open order of the day for a patient, known to the database."""
    values: dict[str, Any] = {
        "id": 1,
        "accession_number": accession,
        "study_instance_uid": f"2.25.{sum(map(ord, accession))}",
        "patient": Patient.from_dicom(patient_id, name, born),
        "station": "US01",
        "scheduled": datetime.combine(DAY, time(9)),
    }
    return Order(**values | said)


def result(patient_id: str, accession: str = "", number: int = 1) -> ExamResult:
    """Return what a chart got of the exam for an order, or for none."""
    return ExamResult(
        id=number,
        exam_id=1,
        patient_id=patient_id,
        patient_name="",
        patient_birth_date="",
        patient_sex="",
        accession_number=accession,
        route="",
        reported_at=0.0,
    )


def evidence(
    claims: Sequence[Claim],
    *,
    by_study: Order | None = None,
    orders: Sequence[Order] = (),
    typed: Mapping[str, Order] | None = None,
    waiting: Sequence[Order] = (),
    master_data: Sequence[Patient] = (),
    earlier: Sequence[Patient] = (),
    results: Sequence[ExamResult] = (),
) -> ExamEvidence:
    """Return the evidence of an exam with these claims, received on `DAY`.

    ``orders`` are found by their accession numbers, ``waiting`` are open for their patients.
    """
    exam = Exam(1, STUDY, ExamState.RECEIVING, "US01", len(claims), 0.0, 0.0, 0.0)
    of_number: dict[str, tuple[Order, ...]] = {}
    for one in waiting:
        of_number[one.patient.id] = (*of_number.get(one.patient.id, ()), one)
    return ExamEvidence(
        exam=exam,
        claims=tuple(claims),
        results=tuple(results),
        by_study=by_study,
        by_number={one.accession_number: one for one in orders},
        typed=dict(typed or {}),
        of_number=of_number,
        of_person=tuple(waiting),
        master_data={one.id: one for one in master_data},
        earlier={one.id: one for one in earlier},
        taken=frozenset(),
        corrected=frozenset(),
        received=DAY,
    )
