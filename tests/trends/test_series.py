"""Which values are one series, and where a line ends."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import Catalogue, standard
from gdtbridge.sr import Report
from gdtbridge.trends import Curve, ReportValue, report_values
from gdtbridge.trends.keeping import mark_of
from tests.sr import builder as b
from tests.trends.values import point

Read = Callable[[Dataset], Report]
EF = "LN|18043-0|Left Ventricular Ejection Fraction by US"
BIPLANE = b.code(b.METHOD, "DCM|125207|Method of Disks, Biplane")
TEICHHOLZ = b.code(b.METHOD, "DCM|125209|Teichholz")
SPLEEN_VOLUME = "SRT|G-D705|Volume"
M_MODE = b.code(b.MODE, "SRT|G-0394|M mode")
LENGTH = "SRT|G-A22A|Length"
KIDNEY = b.code(b.SITE, "SRT|T-71000|Kidney")


def values(read: Read, *numbers: Dataset) -> tuple[ReportValue, ...]:
    """Return the values of a report of a left ventricle."""
    return report_values(read(b.dataset(b.echo_section(*numbers))), standard())


def in_organ(read: Read, *numbers: Dataset) -> tuple[ReportValue, ...]:
    """Return the values of a report that says of each value what it is of."""
    section = b.container(b.FINDINGS, b.container(b.GROUP, *numbers))
    return report_values(read(b.dataset(section, template="5100")), standard())


def kidney(length: str, unit: str, side: str) -> Dataset:
    """Return the length of one kidney."""
    return b.num(LENGTH, length, unit, KIDNEY, b.code(b.LATERALITY, side))


def test_a_unit_of_the_device_makes_no_other_series(read: Read) -> None:
    """It is converted exactly; so is what a catalogue's row says."""
    (one,) = values(read, b.num(b.LVIDD, "4.2", "cm"))
    (other,) = values(read, b.num(b.LVIDD, "42", "mm"))
    assert one.series == other.series != ""
    assert (one.value, one.unit, one.sent_value) == ("42,0", "mm", "4.2 cm")
    assert (one.number, one.number_unit) == (Decimal("42.0"), "mm")


def test_a_unit_that_does_not_convert_is_another_series(read: Read) -> None:
    """Of the same kind, so that it can be said."""
    (one,) = values(read, b.num(b.LVIDD, "42", "mm"))
    (other,) = values(read, b.num(b.LVIDD, "42", "g"))
    assert one.series != other.series != ""
    assert one.kind == other.kind == "LVIDD"


@pytest.mark.parametrize(
    "other",
    [b.num(EF, "60", "%", TEICHHOLZ), b.num(EF, "60", "%"), b.num(EF, "60", "%", M_MODE)],
)
def test_another_method_is_another_series_of_the_same_kind(read: Read, other: Dataset) -> None:
    """Also one that is not told."""
    (one,) = values(read, b.num(EF, "60", "%", BIPLANE))
    (found,) = values(read, other)
    assert one.series != found.series != ""
    assert one.kind == found.kind == "LVEF"


def test_a_method_the_catalogue_leaves_open_counts(read: Read) -> None:
    """As the device says it."""
    spleen = b.code(b.SITE, "SRT|T-C3000|Spleen")
    ways = [
        (),
        (b.code(b.METHOD, "99ACME|1|Ellipsoid"),),
        (b.code(b.METHOD, "99ACME|2|3D"),),
        (b.code(b.METHOD, "99ACME|1|Ellipsoid"),),
    ]
    found = [in_organ(read, b.num(SPLEEN_VOLUME, "200", "ml", spleen, *way))[0] for way in ways]
    assert {one.code for one in found} == {"SPLV"}
    assert {one.kind for one in found} == {"SPLV"}
    assert len({one.series for one in found}) == 3
    assert found[1].series == found[3].series


def test_each_side_is_a_series_and_a_kind_of_its_own(read: Read) -> None:
    """A left kidney never stands beside a right one."""
    left, right = in_organ(read, kidney("110", "mm", b.LEFT), kidney("108", "mm", b.RIGHT))
    assert left.series != right.series
    assert left.kind != right.kind
    assert {left.code, right.code} == {"RENL0L", "RENL0R"}


def test_repeats_are_of_no_series(read: Read) -> None:
    """But for the one that stands for them."""
    numbers = [b.num(b.LVIDD, value, "mm") for value in ("41", "42", "43")]
    found = {one.value: one.series for one in values(read, *numbers)}
    assert [value for value, series in found.items() if series] == ["43,0"]


def test_an_unknown_measurement_is_a_series_by_its_identity(read: Read) -> None:
    """In whatever unit of its dimension, and never with what the catalogue has."""
    one = values(read, b.num("99ACME|77|Own length", "12", "mm"))[0]
    same = values(read, b.num("99ACME|77|Own length", "1.3", "cm"))[0]
    other = values(read, b.num("99ACME|78|Own length", "12", "mm"))[0]
    assert one.series == same.series != other.series
    assert one.kind == ""


@pytest.mark.parametrize(("of_child", "runs"), [(False, [4]), (True, [2, 2])])
def test_a_line_connects_the_values_of_one_pregnancy(*, of_child: bool, runs: list[int]) -> None:
    """The next child is another one; a patient stays the same."""
    curve = Curve("X", tuple(point(day, of_child=of_child) for day in (0, 150, 500, 640)))
    assert [len(one) for one in curve.runs()] == runs


def test_a_changed_catalogue_has_another_mark() -> None:
    """And the same rows the same one, in every process."""
    own = {"id": "LVIDD", "unit": "cm", "decimals": "2"}
    assert mark_of(Catalogue.load()) == mark_of(standard())
    assert mark_of(Catalogue.load([own])) != mark_of(standard())
