"""Numbers, codes and units: tables of what devices send and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr.codedict import codes

from gdtbridge.sr import Code
from gdtbridge.sr.codes import is_anatomy, normal, plain_unit, role_of
from gdtbridge.sr.identity import PREFIX_LENGTH, abbreviations
from gdtbridge.sr.numbers import decimal_of, plain


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"4.8", "4.8"),
        (b"47.80 ", "47.80"),
        (b" +4.80", "4.80"),
        (b"-20.6\0", "-20.6"),
        (b".5", "0.5"),
        (b"5.", "5"),
        (b"1e-7", "0.0000001"),
        (b"4.2E1", "42"),
        (b"4.2141821355915", "4.2141821355915"),
        (b"4.76000022888184", "4.76000022888184"),
        (b"-9999", "-9999"),
        (b"0", "0"),
    ],
)
def test_number_is_what_was_sent(raw: bytes, expected: str) -> None:
    """Digits and sign survive, exponents are written out."""
    value, problem = decimal_of(raw)
    assert value is not None
    assert (plain(value), problem) == (expected, "")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "no_number"),
        (b"  \0", "no_number"),
        (b"1\\2", "several_values"),
        (b"NaN", "bad_number"),
        (b"INF", "bad_number"),
        (b"-", "bad_number"),
        (b"1,234", "bad_number"),
        (b"-12,500", "bad_number"),
        (b"1,234.5", "bad_number"),
        (b"1.234,5", "bad_number"),
        (b"1,2,3", "bad_number"),
        (b"4,8 cm", "bad_number"),
        (b",", "bad_number"),
        (b"4.8 cm", "bad_number"),
        (b"1_000", "bad_number"),
        (b"0x10", "bad_number"),
        ("٤".encode(), "bad_number"),
        (b"1e99999", "bad_number"),
        (b"1e999999999999999999999", "bad_number"),
        (b"0e9999", "bad_number"),
        (b"1" * 65, "bad_number"),
    ],
)
def test_what_is_no_number_is_refused(raw: bytes, problem: str) -> None:
    """Nothing is guessed, nothing overflows."""
    assert decimal_of(raw) == (None, problem)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"4,82", "4.82"),
        (b"58,5", "58.5"),
        (b"-0,9", "-0.9"),
        (b",5", "0.5"),
        (b"0,123", "0.123"),
        (b"1234,567", "1234.567"),
        (b"4,2141821355915", "4.2141821355915"),
    ],
)
def test_decimal_comma_that_means_one_thing_is_read(raw: bytes, expected: str) -> None:
    """Three digits behind a comma may be thousands; anything else can only be decimals."""
    value, problem = decimal_of(raw)
    assert value is not None
    assert (plain(value), problem) == (expected, "decimal_comma")


@given(st.binary(max_size=24))
def test_numbers_print_short(raw: bytes) -> None:
    """No literal makes a long line."""
    value, _ = decimal_of(raw)
    assert value is None or len(plain(value)) < 70


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("UCUM|cm|centimeter", "cm"),
        ("UCUM|{bpm}|beats per minute", "bpm"),
        ("UCUM|U17|Centimeters", "Centimeters"),
        ("UCUM|cm/s|centimeter per second", "cm/s"),
        ("UCUM|mm[Hg]|millimeter of mercury", "mm[Hg]"),
        ("UCUM|%|percent", "%"),
        ("UCUM|m2|square meter", "m2"),
        ("UCUM|1|no units", ""),
        ("UCUM|{0:10}|range 0:10", ""),
        ("UCUM|{ratio}|ratio", ""),
        ("UCUM|{H.B.}/min|Heart beat per minute", "/min"),
        ("|ml|", "ml"),
        ("99ACME|U7|milliseconds", "milliseconds"),
    ],
)
def test_unit_is_the_ucum_code_without_annotations(unit: str, expected: str) -> None:
    """Dimensionless is empty; private codes fall back on their meaning."""
    scheme, value, meaning = unit.split("|")
    assert plain_unit(Code(value, scheme, meaning)) == expected


@pytest.mark.parametrize(
    ("scheme", "value", "expected"),
    [
        ("SRT", "T-32600", ("SCT", "87878005")),
        ("SNM3", "T-32600", ("SCT", "87878005")),
        ("99SDM", "T-32600", ("SCT", "87878005")),
        ("SCT", "87878005", ("SCT", "87878005")),
        ("SRT", "G-A22A", ("SCT", "410668003")),
        ("SRT", "X-99999", ("SRT", "X-99999")),
        ("99GEMS", "GEU-106-0002", ("99GEMS", "GEU-106-0002")),
        ("", "", ("", "")),
    ],
)
def test_snomed_has_one_spelling(scheme: str, value: str, expected: tuple[str, str]) -> None:
    """RT becomes CT where the table knows it."""
    assert normal(Code(value, scheme, "")) == expected


@pytest.mark.parametrize(
    ("scheme", "value", "expected"),
    [
        ("SRT", "T-71000", True),
        ("SCT", "64033007", True),
        ("SRT", "M-02550", False),
        ("DCM", "121070", False),
        ("99GEMS", "T-71000", False),
    ],
)
def test_anatomy_is_axis_t(scheme: str, value: str, *, expected: bool) -> None:
    """Only body parts become sites."""
    assert is_anatomy(Code(value, scheme, "")) is expected


def test_private_label_is_known_in_any_scheme() -> None:
    """Philips' label code stands in schemes of several names."""
    role = role_of(Code("T9900-04", "99PMSBLUS", "Label"))
    assert role is not None
    assert role.value == "label"


def test_prefixes_fit_and_name_codes_of_the_standard() -> None:
    """The table is well-formed, and its codes exist in the standard's own tables."""
    table = abbreviations()
    assert len(table) > 400
    assert all(prefix.isalnum() and prefix.isupper() for prefix in table.values())
    assert max(map(len, table.values())) <= PREFIX_LENGTH
    assert cid_concepts
    assert ("LN", codes.cid12200.LeftVentricleInternalEndDiastolicDimension.value) in table
