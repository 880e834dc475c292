"""Numbers in addresses and forms: what the program itself wrote there, or nothing.

A number of more digits than any row has would be an error of the database, and Python reads digits
of every script.
"""

from __future__ import annotations

from typing import Final

from werkzeug.routing import IntegerConverter

MOST_DIGITS: Final = 18
"""Digits of a number that fits into every database."""


def number_of(text: str) -> int | None:
    """Return the number a text is, from 0; None for what is none, or has too many digits."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None


class NumberConverter(IntegerConverter):
    """The ``int`` of a route: what has too many digits leads nowhere (404)."""

    regex = rf"[0-9]{{1,{MOST_DIGITS}}}"
