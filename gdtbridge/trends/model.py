"""Values of reports, and the curves they make; times are local."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

PREGNANCY: Final = timedelta(days=300)
"""No pregnancy is longer: what was measured of a child before is another child's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportValue:
    """A measurement of a report as the chart gets it, and where it comes from."""

    series: str
    """What may be joined with it has the same; empty where nothing may."""
    kind: str
    """What was measured and where, whatever the method and the unit; empty where the catalogue does
    not have it."""
    code: str
    """Test identifier in the record (GDT 8410)."""
    heading: str
    """Group of the catalogue, with the child's name before it."""
    name: str
    number: Decimal
    """The value in ``number_unit``, rounded as the chart has it."""
    number_unit: str
    value: str
    """As a chart shows it, with a decimal comma: ``12,5``, ``30+4``."""
    unit: str
    """As a chart shows it: ``mm``, ``SSW``."""
    sent_value: str
    """Number and unit as the device sent them."""
    method: str
    """Method or equation in the device's words."""
    of_child: bool
    """Whether it is of a child the patient expects."""
    remarks: tuple[str, ...]
    """What the device said beside it, in German."""
    place: str
    """Where in the report it stands (1.3.2)."""
    section: str
    """The device's word for the part of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """A value of one exam of a patient."""

    exam_id: int
    person: int
    """Which of the exam's people it is of, from 1."""
    at: datetime
    """When the exam was, as its record says."""
    device: str
    """Calling AE title of who sent the report."""
    maker: str
    """Manufacturer and model, as sent."""
    instance_id: int
    """Of the report."""
    value: ReportValue

    @property
    def order(self) -> tuple[datetime, int]:
        """Sort key: exams by their time."""
        return self.at, self.exam_id


@dataclass(frozen=True, slots=True)
class Curve:
    """The values of one series of a patient, the oldest first; at least one."""

    series: str
    points: tuple[CurvePoint, ...]

    @property
    def last(self) -> CurvePoint:
        """The newest value."""
        return self.points[-1]

    @property
    def name(self) -> str:
        """What was measured."""
        return self.last.value.name

    @property
    def heading(self) -> str:
        """Its group, with the child's name before it."""
        return self.last.value.heading

    @property
    def unit(self) -> str:
        """Unit of the numbers."""
        return self.last.value.number_unit

    @property
    def devices(self) -> tuple[str, ...]:
        """Calling AE titles of who measured, each once, in the order of the values."""
        return tuple(dict.fromkeys(one.device for one in self.points))

    def runs(self) -> Iterator[Sequence[CurvePoint]]:
        """Yield the values a line may connect: of children those of one pregnancy."""
        begin = 0
        for at, (one, other) in enumerate(zip(self.points, self.points[1:], strict=False), 1):
            if other.value.of_child and other.at - one.at > PREGNANCY:
                yield self.points[begin:at]
                begin = at
        yield self.points[begin:]

    def of_exam(self, exam_id: int) -> CurvePoint | None:
        """Return the value of an exam; None where it has none."""
        return next((one for one in self.points if one.exam_id == exam_id), None)


@dataclass(frozen=True, slots=True)
class EarlierExam:
    """An earlier exam of a patient that measured something of what a later one did."""

    exam_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ExamTrends:
    """The values of an exam's patient over time, and the earlier exams that stand beside it.

    ``number`` is the patient number of the chart, ``decided`` are the instances of the exam that
    are in it, ``at`` is when the exam was (None where it has no
    value of a series), ``earlier`` the newest first.
    """

    number: str
    decided: frozenset[int]
    at: datetime | None = None
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """Those of the exam, by series."""
    earlier: tuple[EarlierExam, ...] = ()
    apart: Mapping[str, tuple[CurvePoint, ...]] = field(default_factory=dict)
    """By series: values of the earlier exams of the same kind that are of another series."""
