"""Where the values of a curve stand in its picture, whatever they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gdtbridge.trends import Curve
from gdtbridge.web.pages.exams.drawing import MOST_STEPS, drawing, sparkline
from tests.trends.values import point

WIDTH, HEIGHT = 360, 260
numbers = st.decimals(
    min_value=Decimal("-1e30"), max_value=Decimal("1e30"), allow_nan=False, places=6
)


def curve_of(*values: str | Decimal, days: int = 30) -> Curve:
    """Return a curve with a value every so many days."""
    return Curve(
        "X", tuple(point(at * days, Decimal(value), exam_id=at) for at, value in enumerate(values))
    )


@given(st.lists(numbers, min_size=1, max_size=8), st.integers(0, 4000))
@example([Decimal(10) ** 30, Decimal("1E+30") + Decimal("1E-3")], 1)
@example([Decimal("1e-30"), Decimal(f"{'9' * 60}")], 1)
def test_every_value_is_inside_and_in_its_order(values: list[Decimal], days: int) -> None:
    """Higher is more, later is further right, whatever a device sent."""
    curve = curve_of(*values, days=days)
    for shown in (drawing(curve, WIDTH, HEIGHT, 4), sparkline(curve, 72, 24)):
        places = [(one.x, one.y) for one in shown.values]
        assert all(0 < x < shown.width and 0 < y < shown.height for x, y in places)
        assert [x for x, _ in places] == sorted(x for x, _ in places)
        by_number = sorted(zip(values, places, strict=True), key=lambda one: one[0])
        heights = [y for _, (_, y) in by_number]
        assert heights == sorted(heights, reverse=True)


@given(st.lists(numbers, min_size=1, max_size=8))
def test_the_labels_are_round_and_enclose_the_values(values: list[Decimal]) -> None:
    """Few of them, at equal distances."""
    amounts = [number for _, number in drawing(curve_of(*values), WIDTH, HEIGHT, 4).amounts]
    assert amounts[0] <= min(values) <= max(values) <= amounts[-1]
    assert 2 <= len(amounts) <= MOST_STEPS + 2
    assert all(len(f"{abs(b - a):.3E}".split("E")[0].rstrip("0")) <= 2 for a, b in [amounts[:2]])


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (("138", "140"), ["138", "138.5", "139", "139.5", "140"]),
        (("-19.4", "-21"), ["-21", "-20.5", "-20", "-19.5", "-19"]),
        (("0", "0"), ["-0.1", "-0.05", "0", "0.05", "0.1"]),
    ],
)
def test_labels_are_what_a_person_would_write(values: tuple[str, ...], labels: list[str]) -> None:
    """In steps of 1, 2 or 5."""
    shown = drawing(curve_of(*values), WIDTH, HEIGHT, 4)
    assert [f"{number:f}" for _, number in shown.amounts] == labels


def test_a_small_curve_makes_no_cliff_of_rounding() -> None:
    """A change of a hundredth is nearly flat, one of a tenth fills the row."""
    for values, part in ((("100", "101"), 0.11), (("100", "120"), 1.0), (("0", "0"), 0.0)):
        heights = [one.y for one in sparkline(curve_of(*values), 72, 26).values]
        assert (max(heights) - min(heights)) / 20 <= part


def test_times_are_days_from_the_first_to_the_last() -> None:
    """Of one day there is one."""
    shown = drawing(curve_of("1", "2", days=100), WIDTH, HEIGHT, 3)
    assert [at for _, at in shown.times] == [
        datetime(2020, 1, 1) + timedelta(days=days)  # noqa: DTZ001 - local
        for days in (0, 50, 100)
    ]
    assert len(drawing(curve_of("1", "2", days=0), WIDTH, HEIGHT, 3).times) == 1


def test_each_device_has_a_shape() -> None:
    """A line connects them all the same."""
    curve = Curve(
        "X",
        tuple(
            point(day, Decimal(day), device=device)
            for day, device in ((1, "US01"), (2, "US02"), (3, "US01"))
        ),
    )
    shown = drawing(curve, WIDTH, HEIGHT, 3)
    assert [one.shape for one in shown.values] == ["circle", "square", "circle"]
    assert len(shown.lines) == 1
