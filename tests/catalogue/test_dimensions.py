"""What the catalogue does not have is told in one unit for its dimension."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.dimensions import amount_of
from gdtbridge.catalogue.presentation import present
from gdtbridge.sr import Measurement, ucum
from gdtbridge.tsv import table
from tests.sr.test_sr_ucum import FAMILIES

UNKNOWN = Measurement(
    id="APEXDISTABCDEFGHI",
    name="Apex distance",
    value=Decimal(1),
    unit="",
    code="X1",
    scheme="99ACME",
    identity=("99ACME:X1",),
)
CONVERTIBLE = [family for family in FAMILIES if "%" not in family]


def sent(value: str, unit: str, name: str = "Apex distance") -> Measurement:
    """Return a measurement the catalogue does not have."""
    return replace(UNKNOWN, value=Decimal(value), unit=unit, name=name)


@pytest.mark.parametrize(
    ("value", "unit", "name", "told"),
    [
        ("0.112", "m/s", "x", "11.2 cm/s"),
        ("11.2", "cm/s", "x", "11.2 cm/s"),
        ("850", "mm2", "x", "8.5 cm2"),
        ("0.5", "l", "x", "500 ml"),
        ("7", "cm3", "x", "7 ml"),
        ("812", "um", "x", "0.812 mm"),
        ("4.2141821355915", "cm", "x", "42.14 mm"),
        ("1.2272727272727", "", "x", "1.227 "),
        ("-18.2", "%", "x", "-18.2 %"),
        ("6.2", "kPa", "Stiffness", "6.2 kPa"),
        ("6.2", "kPa", "E mean", "6.2 kPa"),
        ("46.5", "mm[Hg]", "LSM", "6.199 kPa"),
        ("17", "kPa", "Pressure", "127.5 mmHg"),
        ("-1.2", "1/s", "Strain Rate", "-1.2 /s"),
        ("142", "bpm", "x", "142 1/min"),
        ("33", "wk", "x", "231 Tage"),
        ("0.18", "s", "x", "180 ms"),
        ("5", "[foo]", "x", "5 [foo]"),
    ],
)
def test_a_dimension_has_one_unit(value: str, unit: str, name: str, told: str) -> None:
    """Lengths in mm, velocities in cm/s, areas in cm2, as the catalogue; no digits of a float."""
    one = present(sent(value, unit, name), standard())
    assert f"{one.value:f} {one.unit}" == told


def test_the_number_of_the_device_stands_beside_a_converted_one() -> None:
    """Where the unit was changed; a mere rounding needs no remark."""
    assert present(sent("0.112", "m/s"), standard()).remarks == ("Gerät: 0,112 m/s",)
    assert present(sent("11.23456", "cm/s"), standard()).remarks == ()


@given(
    value=st.decimals(min_value="-1e6", max_value="1e6", places=6),
    data=st.data(),
    family=st.sampled_from(CONVERTIBLE),
)
def test_any_unit_gives_one_id_one_unit_and_one_amount(
    value: Decimal, data: st.DataObject, family: tuple[str, ...]
) -> None:
    """The same exam sent in another unit is the same chart."""
    first, second = data.draw(st.sampled_from(family)), data.draw(st.sampled_from(family))
    before = replace(UNKNOWN, value=value, unit=first)
    converted = ucum.convert(value, first, second)
    assert converted is not None
    decimal = Decimal(converted.numerator) / Decimal(converted.denominator)
    assume(Fraction(decimal) == converted)  # some amounts no decimal says in the other unit
    after = replace(UNKNOWN, value=decimal, unit=second)
    one, other = amount_of(before), amount_of(after)
    assert (one.id, one.unit, one.value) == (other.id, other.unit, other.value)


def test_what_stands_around_a_value_tells_its_kind() -> None:
    """A container or an image mode of elastography makes of a pressure a stiffness."""
    value = replace(sent("6.2", "kPa", "Median"), group="Shear Wave Elastography")
    assert amount_of(value).unit == "kPa"
    assert amount_of(replace(value, group=None, mode="SWE")).unit == "kPa"
    assert amount_of(replace(value, group=None)).unit == "mm[Hg]"


def test_two_units_nobody_can_convert_are_two_series() -> None:
    """An id never has two units."""
    one, other = amount_of(sent("5", "[foo]")), amount_of(sent("5", "[bar]"))
    assert len({one.id, other.id, amount_of(sent("5", "mm")).id}) == 3
    assert amount_of(sent("5", "mm")).id == amount_of(sent("5", "")).id == UNKNOWN.id


def test_every_row_is_a_unit_with_a_reason() -> None:
    """Units are UCUM and no dimension lacks a row without conditions."""
    rows = list(table("catalogue/dimensions.tsv"))
    assert all(ucum.parse(unit) is not None and reason for unit, *_, reason in rows)
