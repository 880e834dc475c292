"""Where the values of a curve stand in a picture: pure geometry, in the units of an SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Final

from gdtbridge.trends import Curve, CurvePoint

SHAPES: Final = ("circle", "square", "triangle", "diamond")
"""What a value is drawn as, by the device that measured it."""
LEAST_SPAN: Final = Decimal("0.1")
"""Part of a value that a picture without labels shows from its bottom to its top, at least."""
MOST_STEPS: Final = 6
_DIGITS: Final = 200
"""Of exact arithmetic: a device may send 64 and any of 30 powers of ten either way."""
_STEPS: Final = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class DrawnValue:
    """A value in the picture: where, as which shape, and what it is."""

    x: float
    y: float
    shape: str
    point: CurvePoint


@dataclass(frozen=True, slots=True)
class CurveDrawing:
    """A curve as a picture of ``width`` and ``height``; what lies between is the plot.

    ``lines`` are points of polylines, ``values`` the oldest first, ``times`` and ``amounts`` the
    places of the axes' labels.
    """

    width: int
    height: int
    left: int
    bottom: int
    lines: tuple[str, ...]
    values: tuple[DrawnValue, ...]
    times: tuple[tuple[float, datetime], ...]
    amounts: tuple[tuple[float, Decimal], ...]


@dataclass(frozen=True, slots=True)
class _Plot:
    """Maps times and numbers into a rectangle."""

    left: float
    top: float
    right: float
    bottom: float
    begin: datetime
    seconds: float
    low: Decimal
    high: Decimal

    def x(self, at: datetime) -> float:
        part = (at - self.begin).total_seconds() / self.seconds if self.seconds else 0.5
        return round(self.left + part * (self.right - self.left), 1)

    def y(self, number: Decimal) -> float:
        span = self.high - self.low
        part = float((number - self.low) / span) if span else 0.5
        return round(self.bottom - part * (self.bottom - self.top), 1)

    def line(self, run: Sequence[CurvePoint]) -> str:
        return " ".join(f"{self.x(one.at)},{self.y(one.value.number)}" for one in run)


def sparkline(curve: Curve, width: int, height: int, edge: int = 3) -> CurveDrawing:
    """Return a curve without axes; what changes less than `LEAST_SPAN` does not fill it."""
    low, high = _widened([one.value.number for one in curve.points])
    plot = _plot(curve, (edge, edge, width - edge, height - edge), low, high)
    return CurveDrawing(width, height, 0, height, _lines(curve, plot), _values(curve, plot), (), ())


def drawing(curve: Curve, width: int, height: int, times: int) -> CurveDrawing:
    """Return a curve with its axes and so many labels of time."""
    amounts = _amounts([one.value.number for one in curve.points])
    left, bottom = 60, height - 30
    box = (left + 12, 14, width - 14, bottom - 10)
    plot = _plot(curve, box, amounts[0], amounts[-1])
    return CurveDrawing(
        width,
        height,
        left,
        bottom,
        _lines(curve, plot),
        _values(curve, plot),
        tuple(_times(curve, plot, times)),
        tuple((plot.y(one), one) for one in amounts),
    )


def _widened(numbers: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Return the least and the greatest number, so far apart that rounding makes no slope."""
    low, high = min(numbers), max(numbers)
    missing = max(abs(low), abs(high)) * LEAST_SPAN - (high - low)
    return (low - missing / 2, high + missing / 2) if missing > 0 else (low, high)


def _plot(
    curve: Curve, box: tuple[float, float, float, float], low: Decimal, high: Decimal
) -> _Plot:
    begin, end = curve.points[0].at, curve.last.at
    return _Plot(*box, begin, (end - begin).total_seconds(), low, high)


def _lines(curve: Curve, plot: _Plot) -> tuple[str, ...]:
    return tuple(plot.line(run) for run in curve.runs() if len(run) > 1)


def _values(curve: Curve, plot: _Plot) -> tuple[DrawnValue, ...]:
    shapes = shapes_of(curve)
    return tuple(
        DrawnValue(plot.x(one.at), plot.y(one.value.number), shapes[one.device], one)
        for one in curve.points
    )


def shapes_of(curve: Curve) -> dict[str, str]:
    """Return the shape of each device's values, by AE title."""
    return {one: SHAPES[at % len(SHAPES)] for at, one in enumerate(curve.devices)}


def _times(curve: Curve, plot: _Plot, most: int) -> Iterator[tuple[float, datetime]]:
    """Yield days at equal distances, the first and the last among them."""
    begin, end = curve.points[0].at, curve.last.at
    count = min(most, (end.date() - begin.date()).days + 1)
    for at in range(count):
        when = begin + (end - begin) * at / (count - 1) if count > 1 else begin
        yield plot.x(when), when


def _amounts(numbers: Sequence[Decimal]) -> list[Decimal]:
    """Return round numbers at equal distances, from below the least to above the greatest."""
    with localcontext(prec=_DIGITS):
        return _enclosing(numbers)


def _enclosing(numbers: Sequence[Decimal]) -> list[Decimal]:
    low, high = min(numbers), max(numbers)
    if low == high:
        step = max(abs(low) / 10, Decimal("0.1"))
        low, high = low - step, high + step
    step = _step((high - low) / (MOST_STEPS - 1))
    first, last = low // step, high // step
    first -= low < first * step
    last += high > last * step
    return [(step * (first + at)).normalize() for at in range(int(last - first) + 1)]


def _step(least: Decimal) -> Decimal:
    """Return the round number that is at least so much: 1, 2 or 5 at any place."""
    place = Decimal(1).scaleb(least.adjusted())
    return next(one * place for one in _STEPS if one * place >= least)
