"""Unique identifiers (VR UI): checking what was sent, making our own (PS3.5 chapter 9, Annex B)."""

from __future__ import annotations

import re
from typing import Final
from uuid import uuid4

MAX_LENGTH: Final = 64

_VALID: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")


def is_uid(value: str | None) -> bool:
    """Return whether a received ``value`` can be used as a UID: digits and dots, at most 64.

    Leading zeros and empty components are let pass: devices send them, and no name is made of them.
    """
    return (
        value is not None
        and 0 < len(value) <= MAX_LENGTH
        and value[0].isdigit()
        and value.isascii()
        and value.replace(".", "").isdigit()
    )


def is_valid_uid(value: str) -> bool:
    """Return whether ``value`` is a UID to the letter of PS3.5 9.1, fit to be sent."""
    return len(value) <= MAX_LENGTH and _VALID.fullmatch(value) is not None


def new_uid() -> str:
    """Return a UID that nobody else has."""
    return uid_from(uuid4().int)


def uid_from(number: int) -> str:
    """Return the UID of a number of 128 bits, mostly a UUID (PS3.5 B.2: root 2.25)."""
    return f"2.25.{number}"
