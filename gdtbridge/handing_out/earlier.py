"""What the values of an exam were the time before, for its sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

from gdtbridge.handing_out.assigned import AssignedExam
from gdtbridge.report_page.exam_sheet import ShownValue
from gdtbridge.trends import PatientTrends
from gdtbridge.trends.model import Curve, CurvePoint


def earlier_values(trends: PatientTrends, exam: AssignedExam) -> Mapping[ShownValue, str]:
    """Return what each value of an exam was in the exam before: ``zuletzt 107 mm am 11.05.2026``.

    Only values that may be joined (`gdtbridge.trends`), of children those of one pregnancy. Of two
    values with the same name and number none is told: a sheet could not say which is which.
    """
    found = trends.of_exam(exam.exam.id).get(exam.exam.person)
    if found is None or found.number != exam.exam.patient_id:
        return {}
    pairs = [pair for curve in found.curves.values() for pair in _last_two(curve, exam.exam.id)]
    often = Counter(_shown(now) for now, _ in pairs)
    return {
        _shown(now): f"zuletzt {before.value.value} {before.value.unit} am {before.at:%d.%m.%Y}"
        for now, before in pairs
        if often[_shown(now)] == 1
    }


def _last_two(curve: Curve, exam_id: int) -> Iterator[tuple[CurvePoint, CurvePoint]]:
    """Yield the value of an exam and the one before it."""
    for run in curve.runs():
        for before, now in pairwise(run):
            if now.exam_id == exam_id:
                yield now, before


def _shown(point: CurvePoint) -> ShownValue:
    return point.value.name, point.value.value, point.value.unit
