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


def decimal_of(raw: bytes) -> tuple[Decimal | None, str]:
    """Return the number, or None and the code of the warning that says why not.

    A decimal comma, several values, NaN or trailing units are refused: nothing is guessed.
    """
    literal = plain_text(raw)
    if not literal:
        return None, "no_number"
    if "\\" in literal:
        return None, "several_values"
    if len(literal) > MAX_LITERAL or not _LITERAL.fullmatch(literal):
        return None, "bad_number"
    value = Decimal(literal)
    if not -MAX_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
        return None, "bad_number"
    return value, ""


def plain(value: Decimal) -> str:
    """Return the number without exponent, with the digits it was sent with."""
    return format(value, "f")
