"""Logical ids of resources (R4 2.1.28.1, data type id): stable, opaque, no number of the database.

What DICOM names by a UID has the UID in its id, in other letters; a patient has a digest of the
number. Whose a part of a study is stands behind the UID, so that no id ever means another person's.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from gdtbridge.dataset.values import is_uid

LONGEST_ID: Final = 64
_MARK: Final = 16
"""Hexadecimal digits of a digest beside a UID: with it an id has at most 64 characters."""
_SIGNS: Final = "0123456789."
"""What a UID is written with; the place of a sign, from 1, is a digit of a number."""
_BASE: Final = len(_SIGNS) + 1


def digest(*parts: str, length: int = _MARK) -> str:
    """Return hexadecimal digits that only the same texts have."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:length]


def patient_id(number: str) -> str:
    """Return the id of the patient with a number (PatientID): no part of it can be read there."""
    return digest("Patient", number, length=32)


def uid_id(uid: str) -> str:
    """Return the id of what a UID (`is_uid`) names: at most 47 characters."""
    number = 0
    for sign in uid:
        number = number * _BASE + _SIGNS.index(sign) + 1
    content = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.b32encode(content).decode("ascii").rstrip("=").lower()


def uid_of(text: str) -> str:
    """Return the UID an id begins with; empty for what is none."""
    head = text.partition("-")[0].upper()
    if len(text) > LONGEST_ID:
        return ""
    try:
        content = base64.b32decode(head + "=" * (-len(head) % 8))
    except ValueError:
        return ""
    number, signs = int.from_bytes(content, "big"), []
    while number:
        number, sign = divmod(number, _BASE)
        if not sign:
            return ""
        signs.append(_SIGNS[sign - 1])
    uid = "".join(reversed(signs))
    return uid if is_uid(uid) and uid_id(uid) == text.partition("-")[0] else ""


def part_id(uid: str, *marks: str) -> str:
    """Return the id of a part of what a UID names: of one person, or one value of a report."""
    return f"{uid_id(uid)}-{digest(*marks)}"
