"""Exams for each of their people, as it was decided whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gdtbridge.database import Connection
from gdtbridge.exams import claim_store, result_store
from gdtbridge.exams.model import Claim, ClaimState, Exam, PatientExam, exam_of
from gdtbridge.exams.studies import is_foreign
from gdtbridge.orders.patient_moves import moves_of


def people_of(connection: Connection, exams: Sequence[Exam]) -> list[tuple[PatientExam, bool]]:
    """Return exams for each of their people, and whether that person's identity was decided.

    Of one person what waits, or was discarded, stands by itself, as the device said it; and so does
    what went to another chart. What was fetched is with what is in its chart, else by itself: it is
    as the other archive said.
    """
    claims = claim_store.follow(
        connection, claim_store.claims_of_exams(connection, [exam.id for exam in exams])
    )
    of_exam: dict[int, list[Claim]] = {}
    for one in claims:
        of_exam.setdefault(one.exam_id, []).append(one)
    return [
        (_as_decided(connection, exam_of(exam, part)), True)
        if chart
        else (exam_of(exam, part), not person)
        for exam in exams
        for (person, chart), part in _parts(of_exam.get(exam.id, ())).items()
    ]


def _parts(claims: Sequence[Claim]) -> dict[tuple[int, str], list[Claim]]:
    """Return the claims of an exam by person (0: none of its people) and chart."""
    parts: dict[tuple[int, str], list[Claim]] = {}
    for one in claims:
        if one.state is not ClaimState.FETCHED:
            chart = one.number if one.state is ClaimState.SETTLED else ""
            parts.setdefault((one.person, chart), []).append(one)
    charts = {chart: key for key in parts if (chart := key[1])}
    for one in claims:
        if one.state is ClaimState.FETCHED:
            parts.setdefault(charts.get(one.number, (0, one.number)), []).append(one)
    return parts


def _as_decided(connection: Connection, one: PatientExam) -> PatientExam:
    """Return an exam of one person as their chart has it, without an order of another chart."""
    numbers = moves_of(connection, [one.patient_id]).all_of(one.patient_id)
    sent = [
        result
        for result in result_store.results_of(connection, one.id)
        if result.patient_id in numbers
    ]
    accession = next((result.accession_number for result in sent if result.accession_number), "")
    if not accession and not is_foreign(connection, one.accession_number, numbers):
        accession = one.accession_number
    one = replace(one, accession_number=accession)
    if sent:
        last = sent[-1]
        return replace(
            one,
            patient_name=last.patient_name,
            patient_birth_date=last.patient_birth_date,
            patient_sex=last.patient_sex,
        )
    if one.sent_patient_id != one.patient_id:  # what the device said is of another number
        return replace(one, patient_name="", patient_birth_date="", patient_sex="")
    return one
