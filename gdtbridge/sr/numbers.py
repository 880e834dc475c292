"""Decimal Strings to numbers (PS3.5 6.2, VR DS): exactly as sent, or not at all."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from gdtbridge.dataset.text import plain_text

MAX_LITERAL: Final = 64
"""Bytes; DS allows 16, devices send more."""

MAX_EXPONENT: Final = 30
"""Powers of ten either way; beyond lies no measurement, and printing it would fill memory."""

_LITERAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


_DECIMAL_COMMA: Final = re.compile(
    # One comma that can part nothing but decimals: three digits behind it may be thousands, unless
    # in front of it is a zero or more than thousands have.
    r"[+-]?(?:[0-9]*,(?:[0-9]{1,2}|[0-9]{4,})|(?:0+|[0-9]{4,})?,[0-9]{3})"
)


def decimal_of(raw: bytes) -> tuple[Decimal | None, str]:
    """Return the number, or None and the code of the warning that says why not.

    A comma that can only be a decimal comma is read, with the code ``decimal_comma`` beside the
    number. ``1,234``, several values, NaN or trailing units are refused: nothing is guessed.
    """
    literal = plain_text(raw)
    if not literal:
        return None, "no_number"
    if "\\" in literal:
        return None, "several_values"
    problem = ""
    if "," in literal and len(literal) <= MAX_LITERAL and _DECIMAL_COMMA.fullmatch(literal):
        literal, problem = literal.replace(",", "."), "decimal_comma"
    if len(literal) > MAX_LITERAL or not _LITERAL.fullmatch(literal):
        return None, "bad_number"
    value = Decimal(literal)
    if not -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
        return None, "bad_number"
    return value, problem


def plain(value: Decimal) -> str:
    """Return the number without exponent, with the digits it was sent with."""
    return format(value, "f")
