"""Exams for each of their people, as it was decided whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gdtbridge.database import Connection
from gdtbridge.exams import claim_store, result_store
from gdtbridge.exams.model import Claim, ClaimState, Exam, ExamResult, PatientExam, exam_of
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
    found = [
        (exam_of(exam, part), chart, person)
        for exam in exams
        for (person, chart), part in _parts(of_exam.get(exam.id, ())).items()
    ]
    decided = [one for one, chart, _ in found if chart]
    moves = moves_of(connection, (one.patient_id for one in decided))
    sent: dict[int, list[ExamResult]] = {}
    for result in result_store.results_of_exams(connection, {one.id for one in decided}):
        sent.setdefault(result.exam_id, []).append(result)
    return [
        (_as_decided(connection, one, moves.all_of(one.patient_id), sent.get(one.id, ())), True)
        if chart
        else (one, not person)
        for one, chart, person in found
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


def _as_decided(
    connection: Connection, one: PatientExam, numbers: Sequence[str], sent: Sequence[ExamResult]
) -> PatientExam:
    """Return an exam of one person as their chart has it, without an order of another chart.

    ``numbers`` are those of the chart, ``sent`` are the results of the exam to whatever chart.
    """
    mine = [result for result in sent if result.patient_id in numbers]
    accession = next((result.accession_number for result in mine if result.accession_number), "")
    if not accession and not is_foreign(connection, one.accession_number, numbers):
        accession = one.accession_number
    if mine:
        name, birth_date, sex = (
            mine[-1].patient_name,
            mine[-1].patient_birth_date,
            mine[-1].patient_sex,
        )
    elif one.sent_patient_id != one.patient_id:  # what the device said is of another number
        name = birth_date = sex = ""
    else:
        name, birth_date, sex = one.patient_name, one.patient_birth_date, one.patient_sex
    return replace(
        one,
        accession_number=accession,
        patient_name=name,
        patient_birth_date=birth_date,
        patient_sex=sex,
    )
