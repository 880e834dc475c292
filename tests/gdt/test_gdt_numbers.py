"""Field 8420, number by number."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gdtbridge.gdt.tables.options import NumberFormat
from gdtbridge.gdt.write.decimal_text import plain_decimal


@pytest.mark.parametrize(
    ("sent", "six_digits", "binary_float"),
    [
        ("4.21", "4.21", "4.21"),
        ("4.2141821355915", "4.21418", "4.2141821355915"),
        ("4.76000022888184", "4.76", "4.76000022888184"),
        ("4.20", "4.20", "4.2"),
        ("142", "142", "142.0"),
        ("-17.5", "-17.5", "-17.5"),
        ("0", "0", "0.0"),
        ("-0", "0", "0.0"),
        ("-0.00", "0.00", "0.0"),
        ("0E-50", "0", "0.0"),
        ("0E+40", "0", "0.0"),
        ("99.99999", "100", "99.99999"),
        ("1234567.89", "1234568", "1234567.89"),
        ("1234567", "1234567", "1234567.0"),
        ("1E+5", "100000", "100000.0"),
        ("1E+17", "100000000000000000", "100000000000000000.0"),
        ("0.00000123456789", "0.00000123457", "0.00000123456789"),
        ("1E-5", "0.00001", "0.00001"),
        ("1E+99", None, None),
        ("1E-99", None, None),
        ("NaN", None, None),
        ("Infinity", None, None),
    ],
)
def test_numbers_are_plain(sent: str, six_digits: str | None, binary_float: str | None) -> None:
    """Rounded where the dialect says so, digits before the point never, no exponent, no "-0"."""
    assert plain_decimal(Decimal(sent), NumberFormat.SIX_DIGITS) == six_digits
    assert plain_decimal(Decimal(sent), NumberFormat.BINARY_FLOAT) == binary_float
