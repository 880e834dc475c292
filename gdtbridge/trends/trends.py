"""The curves of a patient, and what stands beside the values of an exam."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.exams import result_store
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient
from gdtbridge.trends import store
from gdtbridge.trends.model import Curve, CurvePoint, EarlierExam, ExamTrends

BESIDE: Final = 2
"""Earlier exams that stand beside one."""


@dataclass(frozen=True, slots=True)
class PatientTrends:
    """Finds the values of patients over time. Thread-safe."""

    database: Database

    def of_patient(self, number: str) -> tuple[Curve, ...]:
        """Return every series of a patient, those of the newest exam first, as charts sort them."""
        with self.database.read() as connection:
            return tuple(_curves(_points(connection, number)).values())

    def curve(self, number: str, series: str) -> Curve | None:
        """Return one series of a patient; None where there is none."""
        with self.database.read() as connection:
            return _curves(_points(connection, number, series)).get(series)

    def patient(self, number: str) -> Patient | None:
        """Return whom the newest record of the patient's exams names; None where there is none."""
        with self.database.read() as connection:
            numbers = moves_of(connection, [number]).all_of(number)
            named = result_store.earlier_patients(connection, 0, filter(None, numbers))
        return next((named[one] for one in numbers if one in named), None)

    def of_exam(self, exam_id: int) -> Mapping[int, ExamTrends]:
        """Return what stands beside an exam, for each of its people of whom it is decided whose.

        Who has something of it in several charts has nothing: nobody could say which.
        """
        with self.database.read() as connection:
            decided = store.charts_of(connection, exam_id)
            moves = moves_of(connection, [number for _, number, _ in decided])
            charts: dict[int, dict[str, set[int]]] = {}
            for person, number, instance_id in decided:
                objects = charts.setdefault(person, {}).setdefault(moves.now(number), set())
                objects.add(instance_id)
            return {
                person: _beside(exam_id, number, frozenset(objects), _points(connection, number))
                for person, of_person in charts.items()
                if len(of_person) == 1
                for number, objects in of_person.items()
            }


def _points(connection: Connection, number: str, series: str = "") -> list[CurvePoint]:
    """Return the values of a patient, also under numbers the chart had before; see `points_of`."""
    numbers = [one for one in moves_of(connection, [number]).all_of(number) if one]
    return store.points_of(connection, numbers, series) if numbers else []


def _curves(points: Iterable[CurvePoint]) -> dict[str, Curve]:
    """Return values by series, those the patient had last first, as the chart sorts them.

    Of several values of one exam the one measured in the report that counts.
    """
    found: dict[str, dict[int, CurvePoint]] = {}
    place: dict[str, int] = {}
    for at, one in enumerate(points):
        found.setdefault(one.value.series, {})[one.exam_id] = one
        place[one.value.series] = at
    curves = [
        Curve(series, tuple(sorted(of.values(), key=lambda one: one.order)))
        for series, of in found.items()
    ]
    curves.sort(key=lambda one: place[one.series])
    curves.sort(key=lambda one: one.last.order, reverse=True)
    return {one.series: one for one in curves}


def _beside(
    exam_id: int, number: str, decided: frozenset[int], points: Iterable[CurvePoint]
) -> ExamTrends:
    """Return what stands beside an exam of the patient whose values these are."""
    every = _curves(points)
    curves = {
        series: curve for series, curve in every.items() if curve.of_exam(exam_id) is not None
    }
    mine = [point for curve in curves.values() if (point := curve.of_exam(exam_id)) is not None]
    if not mine:
        return ExamTrends(number, decided)
    earlier = {
        one.exam_id: one.at
        for curve in curves.values()
        for one in curve.points
        if one.order < mine[0].order
    }
    times = sorted(((at, exam) for exam, at in earlier.items()), reverse=True)
    shown = tuple(EarlierExam(exam, at) for at, exam in times[:BESIDE])
    return ExamTrends(number, decided, mine[0].at, curves, shown, _apart(mine, every, shown))


def _apart(
    mine: Iterable[CurvePoint], every: Mapping[str, Curve], shown: Iterable[EarlierExam]
) -> dict[str, tuple[CurvePoint, ...]]:
    """Return what earlier exams have of the kind of a value, and of none of today's series."""
    series = {one.value.series for one in mine}
    others = [
        point
        for exam in shown
        for name, curve in every.items()
        if name not in series and (point := curve.of_exam(exam.exam_id)) is not None
    ]
    found = {
        one.value.series: tuple(
            other for other in others if other.value.kind and other.value.kind == one.value.kind
        )
        for one in mine
    }
    return {name: points for name, points in found.items() if points}
