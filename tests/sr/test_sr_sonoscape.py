"""What SonoScape's reports say, and which of their rows are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report
from tests.sr.builder import (
    DIAMETER,
    LVIDD,
    container,
    dataset,
    echo_section,
    num,
    row,
    sonoscape,
    text,
)

Read = Callable[[Dataset], Report]


def values(report: Report) -> list[str]:
    """Return the literals in order."""
    return [str(one.value) for one in report.measurements]


@pytest.mark.parametrize("maker", ["Sonoscape", "SONOSCAPE MEDICAL", "SonoScape"])
def test_minus_one_of_sonoscape_is_not_measured(read: Read, maker: str) -> None:
    """Exactly -1 is SonoScape's empty; real negative values stay."""
    section = echo_section(
        num(LVIDD, "48.2", "mm"),
        num(DIAMETER, "-1", "mm"),
        num(DIAMETER, "-1.000", "mm"),
        num("99X|S|Strain", "-18.5", "%"),
        num("99X|S|Strain", "-0.5", "%"),
    )
    report = read(dataset(section, Manufacturer=maker))
    assert values(report) == ["48.2", "-18.5", "-0.5"]
    assert report.not_measured == 2
    assert report.warnings == ()


def test_minus_one_of_others_is_a_value(read: Read) -> None:
    """A strain rate of -1 is a strain rate of -1."""
    report = read(dataset(echo_section(num(DIAMETER, "-1", "/s")), Manufacturer="GE Vingmed"))
    assert values(report) == ["-1"]
    assert report.not_measured == 0


@pytest.mark.parametrize("template", ["SONO1000", "SONO10000"])
def test_private_report_gives_the_aggregates(read: Read, template: str) -> None:
    """Of rows with an aggregate (-1) only that is reported, with id, name, mode and unit."""
    report = read(
        sonoscape(
            row("THY_L_LEN", "Thyroid L Length", "0", "48.1"),
            row("THY_L_LEN", "Thyroid L Length", "1", "47.5"),
            row("THY_L_LEN", "Thyroid L Length", "-1", "47.80"),
            row("THY_L_VOL", "Thyroid L Volume", "-1", "6.79", "ml", "ml"),
            template=template,
        )
    )
    assert [(one.name, str(one.value), one.unit) for one in report.measurements] == [
        ("Thyroid L Length", "47.80", "mm"),
        ("Thyroid L Volume", "6.79", "ml"),
    ]
    first = report.measurements[0]
    assert (first.device_id, first.code, first.scheme) == ("THY_L_LEN", "THY_L_LEN", "SONOSCAPE")
    assert (first.mode, report.template) == ("2D", template)


def test_single_readings_stay_where_there_is_no_aggregate(read: Read) -> None:
    """Nothing is lost for want of a -1 row."""
    report = read(
        sonoscape(row("A", "A", "0", "1"), row("A", "A", "1", "2"), row("B", "B", "", "3"))
    )
    assert values(report) == ["1", "2", "3"]
    assert len({one.id for one in report.measurements}) == 3


def test_single_readings_stay_where_the_aggregate_was_not_measured(read: Read) -> None:
    """An empty aggregate does not hide what was measured."""
    report = read(sonoscape(row("A", "A", "0", "12"), row("A", "A", "-1", "-1")))
    assert values(report) == ["12"]


def test_aggregate_of_another_mode_hides_nothing(read: Read) -> None:
    """2D and M mode are different measurements."""
    report = read(
        sonoscape(row("A", "A", "0", "12", source="M"), row("A", "A", "-1", "13", source="2D"))
    )
    assert values(report) == ["12", "13"]


@pytest.mark.parametrize(
    ("coded", "display", "unit", "warnings"),
    [
        ("mm", "mm", "mm", []),
        ("cm2", "cm²", "cm2", []),
        ("ml", "mL", "ml", []),
        ("mm", "", "mm", []),
        ("mm", "cm", "mm", ["unit_conflict"]),
        ("1", "cm", "", ["unit_conflict"]),
        (None, "cm", "cm", ["no_unit", "display_unit"]),
        (None, "", "", ["no_unit"]),
    ],
)
def test_display_unit_never_changes_a_unit(
    read: Read, coded: str | None, display: str, unit: str, warnings: list[str]
) -> None:
    """The number belongs to the unit coded beside it; a contradiction is a warning."""
    item = row("A", "A", "-1", "1.5", coded, display)
    if not display:
        del item.ContentSequence[5]
    report = read(sonoscape(item))
    assert [one.unit for one in report.measurements] == [unit]
    assert [warning.code for warning in report.warnings] == warnings


def without(item: Dataset, *positions: int) -> Dataset:
    """Return a row without the children at these positions."""
    for position in sorted(positions, reverse=True):
        del item.ContentSequence[position]
    return item


@pytest.mark.parametrize(
    ("item", "name", "warnings"),
    [
        (without(row("A_B", "x", "-1", "1"), 1), "A_B", []),
        (without(row("A", "Länge", "-1", "1"), 0), "Länge", []),
        (without(row("A", "x", "-1", "1"), 0, 1), None, ["no_name"]),
        (without(row("A", "x", "-1", "1"), 4), None, ["no_value"]),
        (without(row("A", "x", "-1", "1"), 2, 3, 5), "x", []),
    ],
)
def test_incomplete_rows_give_what_they_can(
    read: Read, item: Dataset, name: str | None, warnings: list[str]
) -> None:
    """A row needs a name or an id and a number, no more."""
    report = read(sonoscape(item, row("Z", "Z", "-1", "9")))
    expected = [] if name is None else [name]
    assert [one.name for one in report.measurements] == [*expected, "Z"]
    assert [warning.code for warning in report.warnings] == warnings


def test_further_number_in_a_row_is_kept_under_its_own_name(read: Read) -> None:
    """A row with a second number loses neither."""
    item = row("A", "x", "-1", "1")
    item.ContentSequence.append(num("SONOSCAPE|10049|Deviation", "0.2", "mm"))
    report = read(sonoscape(item))
    assert [one.name for one in report.measurements] == ["x", "x Deviation"]
    assert len({one.id for one in report.measurements}) == 2


def test_standard_container_with_that_number_is_no_row(read: Read) -> None:
    """10020 means a row in SonoScape's scheme only."""
    other = container("99X|10020|Other", text("99X|10033|Name", "n"), num(LVIDD, "1", "cm"))
    assert [one.name for one in read(dataset(other)).measurements] == [LVIDD.split("|")[2]]
