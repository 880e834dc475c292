"""Ranges no living patient leaves: every measurement has one, and no extreme falls out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fnmatch import fnmatchcase

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report
from gdtbridge.sr.limits import is_possible, range_of
from gdtbridge.tsv import table
from tests.sr.builder import (
    DERIVATION,
    DIAMETER,
    LATEST_CHOSEN,
    LVIDD,
    SELECTION,
    code,
    dataset,
    echo_section,
    num,
)

Read = Callable[[Dataset], Report]
EF = "LN|18043-0|EF"
PRIVATE_TWO = "99ACME|X9|Real"
PRIVATE = "99ACME|X1|Apex distance"


def test_every_measurement_has_a_range_with_a_reason() -> None:
    """Every id fits a line, every line an id, and every line says why."""
    known = [(made, unit) for made, _, unit, *_ in table("catalogue/measurements.tsv")]
    assert [one for one in known if range_of(*one) is None] == []
    for patterns, unit, low, high, reason in table("catalogue/limits.tsv"):
        assert reason
        assert Decimal(low.removeprefix(">")) < Decimal(high)
        for pattern in patterns.split():
            assert pattern in {"-", "-signed"} or any(
                fnmatchcase(made, pattern) and unit == its for made, its in known
            ), (pattern, unit)


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        (LVIDD, "-9999", "cm"),
        (LVIDD, "0", "mm"),
        (LVIDD, "999.9", "mm"),
        ("LN|18154-5|IVSd", "-1", "cm"),
        (EF, "999", "%"),
        (EF, "0", "%"),
        (EF, "-32768", "%"),
        ("LN|18026-5|EDV", "1e12", "ml"),
        ("LN|11820-8|BPD", "99.99", "cm"),
        (PRIVATE, "-9999", "cm"),
        (PRIVATE, "-1", "cm"),
        ("99ACME|X2|Apical displacement", "-9999", "cm"),
        (DIAMETER, "-1", "cm"),
        (PRIVATE, "-9999", "m/s"),
        (PRIVATE, "-9999", "1"),
        (PRIVATE, "1e12", "[foo]"),
    ],
)
def test_what_nobody_has_is_no_result(read: Read, name: str, value: str, unit: str) -> None:
    """Sentinels and impossible values are named and not told, whoever sends them."""
    report = read(dataset(echo_section(num(PRIVATE_TWO, "21", "mm"), num(name, value, unit))))
    assert [one.name for one in report.measurements] == ["Real"]
    assert [one.rule for one in report.untold] == ["impossible"]


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("LN|11820-8|BPD", "9.8", "cm"),
        ("LN|11957-8|CRL", "1.2", "mm"),
        ("LN|18043-0|EF", "6", "%"),
        ("LN|29436-3|LVIDd", "8", "mm"),  # a premature child
        ("LN|29436-3|LVIDd", "11.2", "cm"),
        ("LN|18154-5|IVSd", "60", "mm"),
        ("LN|11726-7|Peak Velocity", "-7.9", "m/s"),
        ("LN|20247-3|Peak Gradient", "250", "mm[Hg]"),
        ("99GEMS|GEU-106-0002|Peak longitudinal strain", "-41", "%"),
        ("LN|8867-4|Heart rate", "310", "/min"),
        ("LN|18185-9|Gestational Age", "42.1", "wk"),
        ("LN|11727-5|EFW", "90", "g"),
        ("LN|29463-7|Patient Weight", "0.45", "kg"),
        ("LN|12008-9|Pulsatility Index", "12", "1"),
        ("LN|12023-8|Resistivity Index", "1.4", "1"),
        ("LN|11653-3|End Diastolic Velocity", "0", "cm/s"),
        ("LN|11653-3|End Diastolic Velocity", "-22", "cm/s"),
        ("DCM|110830|Elasticity", "75", "kPa"),
        ("99ACME|X2|Apical displacement", "-1", "cm"),
        ("99ACME|X3|Volume difference", "-12", "mL"),
        (PRIVATE, "0", "cm"),
    ],
)
def test_extremes_of_disease_and_prematurity_stay(
    read: Read, name: str, value: str, unit: str
) -> None:
    """Rare is not impossible."""
    concept = (name.split("|", maxsplit=1)[0], name.split("|")[1])
    assert is_possible(concept, Decimal(value), unit, name.split("|")[2])
    report = read(dataset(echo_section(num(name, value, unit))))
    assert [str(one.value) for one in report.measurements] == [value]


def test_impossible_choice_leaves_the_other_readings(read: Read) -> None:
    """A chosen sentinel chooses nothing: the readings beside it stand."""
    chosen = num(LVIDD, "-9999", "cm", code(SELECTION, LATEST_CHOSEN))
    report = read(dataset(echo_section(num(LVIDD, "4.8", "cm"), num(LVIDD, "4.9", "cm"), chosen)))
    assert [str(one.value) for one in report.measurements] == ["4.8", "4.9"]


def test_deviation_of_nothing_is_possible(read: Read) -> None:
    """A standard deviation may be zero where the measurement may not."""
    deviation = num(LVIDD, "0", "mm", code(DERIVATION, "SRT|R-10047|Standard Deviation"))
    report = read(dataset(echo_section(num(LVIDD, "48", "mm"), deviation)))
    assert len(report.measurements) == 2
