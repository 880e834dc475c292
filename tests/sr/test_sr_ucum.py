"""Units: what is understood, converted exactly, and refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.sr import ucum
from gdtbridge.sr.unit_words import ANY_CASE
from gdtbridge.tsv import table

LENGTHS = ("m", "dm", "cm", "mm", "um")
FAMILIES = (
    LENGTHS,
    ("m2", "cm2", "mm2"),
    ("L", "dL", "cL", "mL", "ml", "cm3", "mm3", "m3"),
    ("m/s", "cm/s", "mm/s", "cm.s-1", "m/min"),
    ("m/s2", "cm/s2"),
    ("s", "ms", "us", "min", "h", "d", "wk"),
    ("/min", "1/min", "{H.B.}/min", "Hz", "/s", "1/s", "s-1", "kHz"),
    ("mm[Hg]", "kPa", "Pa"),
    ("mm[Hg]/s", "kPa/s"),
    ("g", "kg", "mg"),
    ("mL/m2", "cm3/m2", "L/m2"),
    ("g/m2", "kg/m2"),
    ("mL/min", "L/min", "mL/s"),
    ("L/min/m2", "mL/min/m2", "mL/s/m2"),
    ("dB/cm/MHz", "dB/MHz/cm", "dB/(cm.MHz)"),
    ("1", "%", "{ratio}", "cm2/cm2"),
    ("W/cm2", "mW/cm2"),
    ("deg", "degrees"),
    ("dB", "decibel"),
    ("g/m2.7", "g/m^2.7"),
)

numbers = st.decimals(
    min_value=Decimal("-1e9"), max_value=Decimal("1e9"), allow_nan=False, places=12
)
units = st.sampled_from([unit for family in FAMILIES for unit in family])


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        ("4.2141821355915", "cm", "mm", "42.141821355915"),
        ("0.081", "m/s", "cm/s", "8.1"),
        ("6.79", "cm3", "mL", "6.79"),
        ("1.6", "kg", "g", "1600"),
        ("17.332", "kPa", "mm[Hg]", "130.001050089258"),
        ("68", "{H.B.}/min", "/min", "68"),
        ("2.25", "Hz", "/min", "135"),
        ("0.598", "1", "%", "59.8"),
        ("33", "wk", "d", "231"),
        ("0.9", "m/s2", "cm/s2", "90"),
        ("4900", "mL/min", "L/min", "4.9"),
        ("0.52", "dB/(cm.MHz)", "dB/cm/MHz", "0.52"),
        ("12.5", "mmHg", "mm[Hg]", "12.5"),
        ("72", "bpm", "/min", "72"),
    ],
)
def test_a_unit_becomes_another(value: str, source: str, target: str, result: str) -> None:
    """Values carry over to the preferred unit as on paper."""
    converted = ucum.convert(Decimal(value), source, target)
    assert converted is not None
    places = len(result.partition(".")[2])
    assert ucum.rounded(converted, places) == Decimal(result)


@given(value=numbers, data=st.data())
def test_there_and_back_is_the_same_number(value: Decimal, data: st.DataObject) -> None:
    """No digit is lost on the way to another unit and back."""
    family = data.draw(st.sampled_from(FAMILIES))
    first, second = data.draw(st.sampled_from(family)), data.draw(st.sampled_from(family))
    there = ucum.convert(value, first, second)
    ratio = ucum.convert(Decimal(1), second, first)
    assert there is not None
    assert ratio is not None
    assert there * ratio == Fraction(value)


@given(value=numbers, one=units, other=units)
def test_only_the_same_dimension_converts(value: Decimal, one: str, other: str) -> None:
    """A velocity never becomes a length: what measures something else is refused."""
    related = any(one in family and other in family for family in FAMILIES)
    assert (ucum.convert(value, one, other) is not None) is related


@pytest.mark.parametrize(
    ("text", "ucum_code"),
    [
        ("centimeter", "cm"),
        ("Centimetres", "cm"),
        ("CM", "cm"),
        ("UNITS_CENTIMETERS", "cm"),
        ("UNITS_MM_PER_SEC", "mm/s"),
        ("mm Hg", "mm[Hg]"),
        ("MMHG", "mm[Hg]"),
        ("millimeters of mercury", "mm[Hg]"),
        ("Beats / Min", "/min"),
        ("beats per minute", "/min"),
        ("b/min", "/min"),
        ("sqcm", "cm2"),
        ("square centimeter", "cm2"),
        ("cm squared", "cm2"),
        ("cm²", "cm2"),
        ("Kubikzentimeter", "cm3"),
        ("M/S", "m/s"),
        ("CM/SEC", "cm/s"),
        ("centimeter per second squared", "cm/s2"),
        ("cm·s^-1", "cm/s"),
        ("liter/min", "L/min"),
        ("L/MIN/m²", "L/min/m2"),
        ("gm/m^2", "g/m2"),
        ("DB/CM/MHZ", "dB/cm/MHz"),
        ("[%]", "%"),
        ("Percent", "%"),
        ("°", "deg"),
        ("µm", "um"),
        ("in.", "[in_i]"),
        ("weeks", "wk"),
        ("Tage", "d"),
        ("mS", "ms"),
        ("G", "g"),
        ("ratio", "1"),
    ],
)
def test_a_spelling_that_means_one_thing_is_understood(text: str, ucum_code: str) -> None:
    """Words, plurals, capitals and signs, alone and in units made of several."""
    assert ucum.parse(text) == ucum.parse(ucum_code) is not None


def test_every_word_is_a_unit_with_a_source() -> None:
    """The table holds nothing that UCUM itself says, and no word twice in another case."""
    rows = list(table("sr/unit_words.tsv"))
    assert {source for _, _, source in rows} == {"UCUM", "DE", "FR", "ES", "CID82", "DCS", "CAPS"}
    for word, code, _ in rows:
        assert ucum.parse(code) is not None, word
        assert ucum.parse(word) == ucum.parse(code), word
    words = {word for word, _, _ in rows}
    assert len(words) == len(rows)
    capitals = {word for word in words if len(word) >= ANY_CASE and word != word.casefold()}
    assert not [word for word in capitals if word.casefold() in words]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Cel",
        "[degF]",
        "rad",
        "no units",
        "MW",
        "mHz",
        "cmm",
        "cm10",
        "cm0",
        "cm/",
        "(cm",
        "cm)",
        "()",
        "/",
        ".cm",
        "cm..s",
        "2",
        "10*3/uL",
        "g/m2.8",
        "cm s",
        "cm" * 40,
        "{",
        "{a",
        "½",
    ],
)
def test_what_is_not_understood_is_no_unit(text: str) -> None:
    """Temperatures, irrational factors, unknown symbols and broken texts are never guessed at."""
    assert ucum.parse(text) is None
    assert ucum.convert(Decimal(1), text, "cm") is None
    assert ucum.convert(Decimal(1), "cm", text) is None


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    """Whatever a device writes as a unit gives a unit or none, and no error."""
    assert ucum.parse(text) is None or text.strip()


@pytest.mark.parametrize(
    ("index", "other"),
    [("mL/m2", "mm"), ("L/min/m2", "cm/s"), ("mL/m", "cm2"), ("cm2/m2", "1"), ("g/m2", "g/cm2")],
)
def test_an_index_is_not_what_its_unit_cancels_to(index: str, other: str) -> None:
    """A volume divided by the body surface is no length."""
    assert ucum.parse(index) is not None
    assert ucum.convert(Decimal(1), index, other) is None


@given(value=st.fractions(), decimals=st.integers(min_value=0, max_value=6))
def test_rounding_is_to_the_nearest(value: Fraction, decimals: int) -> None:
    """A rounded value has exactly its decimals and is at most half a last digit away."""
    result = ucum.rounded(value, decimals)
    assert result.as_tuple().exponent == -decimals
    assert abs(Fraction(result) - value) <= Fraction(1, 2 * 10**decimals)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("0.05", 1, "0.1"),
        ("-0.04", 1, "0.0"),
        ("33", 1, "33.0"),
        ("4.76000022888184", 2, "4.76"),
        ("33.0999984741211", 1, "33.1"),
    ],
)
def test_half_is_rounded_up_and_float_noise_goes(value: str, decimals: int, text: str) -> None:
    """Rounding is what a German reader expects: half away from zero, no minus before a zero."""
    assert f"{ucum.rounded(Fraction(value), decimals):f}" == text


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("mm[Hg]", "mmHg"),
        ("mm[Hg]/s", "mmHg/s"),
        ("[in_i]", "in"),
        ("mL/m2", "ml/m2"),
        ("1", ""),
        ("/min", "1/min"),
        ("d", "Tage"),
        ("cm", "cm"),
    ],
)
def test_a_chart_shows_familiar_units(unit: str, shown: str) -> None:
    """UCUM's brackets and bare slashes are for programs."""
    assert ucum.printed(unit) == shown
