"""What the archive takes in and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Incoming:
    """One object, completely received, not yet ours.

    ``path`` is a closed Part 10 file in the spool. The UIDs are those of the C-STORE command and of
    its presentation context (PS3.7 9.3.1), without padding; nothing in them is trusted.
    """

    path: Path
    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    calling_aet: str
    peer: str


class Standing(StrEnum):
    """How an object relates to what was there before."""

    NEW = "new"
    """The first under its SOP Instance UID."""
    SAME = "same"
    """Received before, byte for byte; nothing changed."""
    CONFLICT = "conflict"
    """Other bytes under a known SOP Instance UID: kept aside for a person, used by nobody."""
