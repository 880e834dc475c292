"""UIDs made of names: the same on every run and every machine."""

from __future__ import annotations

import uuid
from typing import Final

from pydicom.uid import UID

NAMESPACE: Final = uuid.UUID("5b1f0a52-6f0e-5a64-9d0c-3c8f1d2a7e44")
"""Drawn once; the UIDs of all samples hang on it."""


def sample_uid(name: str) -> UID:
    """Return the UID of the sample thing ``name``: 2.25 and a UUID made of the name (PS3.5 B.2)."""
    return UID(f"2.25.{uuid.uuid5(NAMESPACE, name).int}")
