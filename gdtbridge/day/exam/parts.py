"""The people of one exam: each has a line, also who shares the line of an order with somebody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gdtbridge.day.linking import ExamPart, LineFacts
from gdtbridge.day.model import DayLine
from gdtbridge.people import Patient, agree


def parts_of(
    exam_id: int, lines: Iterable[tuple[LineFacts, DayLine]]
) -> Iterator[tuple[ExamPart, DayLine]]:
    """Yield each part of an exam with its person's line.

    Two people, or two exams, may be in the line of one order, which shows one of them: pictures of
    an unnamed person under somebody's order. The other's line is the same, under their own name.
    """
    for line, shown in lines:
        for part in line.parts:
            if part.facts.exam.id == exam_id:
                yield part, _line_of(part, shown)


def is_renamed(part: ExamPart, line: DayLine) -> bool:
    """Return whether objects name the person otherwise than the line does."""
    return not all(agree(claim.patient, line.patient) for claim in part.claims)


def _line_of(part: ExamPart, shown: DayLine) -> DayLine:
    exam = part.facts.exam
    if (shown.exam_id, shown.person) == (exam.id, part.person):
        return shown
    return replace(
        shown,
        key=f"exam:{exam.id}:{part.person}",
        exam_id=exam.id,
        study_instance_uid=exam.study_instance_uid,
        person=part.person,
        patient=_patient_of(part, shown),
    )


def _patient_of(part: ExamPart, shown: DayLine) -> Patient:
    """Return the patient of the record, else of the line where it is the same, else as sent."""
    if part.facts.results:
        return part.facts.results[-1].patient
    return part.told.sent_patient if is_renamed(part, shown) else shown.patient
