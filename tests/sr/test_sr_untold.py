"""Numbers that are no results: told by name and reason, never as values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report
from gdtbridge.sr.codes import QUALIFIERS
from tests.sr.builder import (
    LATEST_CHOSEN,
    LVIDD,
    SELECTION,
    code,
    dataset,
    echo_section,
    num,
    qualified,
)

Read = Callable[[Dataset], Report]
EF = "LN|18043-0|EF"


@pytest.mark.parametrize(
    "qualifier",
    [f"DCM|{value}|" for value in QUALIFIERS] + ["99ACME|Q7|Measurement failure"],
)
def test_value_its_device_disowns_is_no_result(read: Read, qualifier: str) -> None:
    """A Numeric Value Qualifier (CID 42) counts beside a number too, whatever its coding."""
    report = read(
        dataset(echo_section(num(LVIDD, "48", "mm"), qualified(num(EF, "0", "%"), qualifier)))
    )
    assert [one.name for one in report.measurements] == [LVIDD.split("|")[2]]
    assert [(one.measurement.name, one.rule) for one in report.untold] == [("EF", "qualified")]
    assert [warning.code for warning in report.warnings] == ["qualified"]
    assert report.lost == ()


def test_other_qualifier_leaves_the_value(read: Read) -> None:
    """What a device says in words of its own is no reason to lose a value."""
    item = qualified(num(EF, "58", "%"), "99ACME|Q8|manually edited")
    assert [str(one.value) for one in read(dataset(echo_section(item))).measurements] == ["58"]


def test_chosen_value_that_is_none_leaves_the_others(read: Read) -> None:
    """A failed repeat takes nothing from the repeats that worked, not even when chosen."""
    failed = qualified(
        num(LVIDD, "0", "mm", code(SELECTION, LATEST_CHOSEN)), "DCM|114006|Measurement failure"
    )
    report = read(dataset(echo_section(num(LVIDD, "48", "mm"), failed)))
    assert [str(one.value) for one in report.measurements] == ["48"]


@pytest.mark.parametrize("literal", ["1,234", "4.8 cm", "1\\2", "NaN"])
def test_number_that_cannot_be_read_is_a_loss(read: Read, literal: str) -> None:
    """The report knows what was to be measured, and its value is no number."""
    report = read(dataset(echo_section(num(LVIDD, "48", "mm"), num(EF, literal, "%"))))
    (lost,) = report.lost
    assert (lost.measurement.name, lost.measurement.site) == ("EF", "Left Ventricle")
    assert lost.measurement.value.is_nan()
    assert lost.measurement.identity[0] == "LN:18043-0"


def test_empty_number_is_no_loss(read: Read) -> None:
    """Where nothing was sent nothing is lost."""
    report = read(dataset(echo_section(num(EF, "", "%"))))
    assert (report.untold, report.measurements) == ((), ())
