"""Field 8420: a number as digits with a point, never with an exponent."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from gdtbridge.gdt.tables.options import NumberFormat

_DIGITS: Final = 6
_LARGEST: Final = 30
"""Decimal places before or after the point that are still a measurement."""

_EXACT: Final = Context(prec=200, rounding=ROUND_HALF_EVEN)


def plain_decimal(value: Decimal, numbers: NumberFormat) -> str | None:
    """Return ``value`` as the dialect writes it, None when it is no number anybody measured.

    A zero has no sign. What needs no rounding keeps its digits: 4.20 stays 4.20, while the
    4.76000022888184 of a 32-bit device becomes 4.76.
    """
    if not value.is_finite() or (value and abs(value.adjusted()) > _LARGEST):
        return None
    if numbers is NumberFormat.BINARY_FLOAT:
        return _binary_float(value)
    return f"{_rounded(value) if value else _zero(value):f}"


def _zero(value: Decimal) -> Decimal:
    """Return a zero without sign, with as many decimals as a reading can have."""
    exponent = value.as_tuple().exponent
    return abs(value) if isinstance(exponent, int) and -_DIGITS < exponent < 0 else Decimal(0)


def _rounded(value: Decimal) -> Decimal:
    """Return ``value`` in six significant digits, but with all digits before the point."""
    exponent = value.as_tuple().exponent
    last = min(value.adjusted() - _DIGITS + 1, 0)
    if not isinstance(exponent, int) or exponent >= last:
        return value
    return value.quantize(Decimal(1).scaleb(last), context=_EXACT).normalize(_EXACT)


def _binary_float(value: Decimal) -> str | None:
    """Return the value as ``str(float(value))`` has it ("4.0"), without an exponent."""
    number = float(value) or 0.0
    if not math.isfinite(number):
        return None
    text = f"{Decimal(repr(number)):f}"
    return text if "." in text else f"{text}.0"
