"""Instances on their way into the archive, and as the archive has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class IncomingInstance:
    """A completely received instance that nobody has acknowledged yet.

    ``path`` is a closed Part 10 file in the spool. The UIDs are those of the C-STORE command and of
    its presentation context (PS3.7 9.3.1), without padding; nothing in them is trusted.
    """

    path: Path
    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    calling_aet: str
    peer: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is durable in the archive's folder but not yet in its index.

    ``file`` is its path below the folder, ``sha256`` the digest of its dataset, ``size`` its bytes.
    """

    file: str
    sha256: str
    size: int


class ReceiptStatus(StrEnum):
    """How a received instance relates to those before it; the value stands in the index."""

    NEW = "new"
    """The first under its SOP Instance UID."""
    SAME = "same"
    """Received before, byte for byte; nothing changed."""
    CONFLICT = "conflict"
    """Other bytes under a known SOP Instance UID: kept aside for a person, used by nobody."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An instance's place in the index; ``elsewhere`` if another study had its UID before."""

    instance_id: int
    status: ReceiptStatus
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ArchivedInstance:
    """An instance in the index, and its file."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str


@dataclass(frozen=True, slots=True)
class ConflictingInstance:
    """An instance kept aside, its SOP Instance UID being taken; ``file`` as in `StoredFile`."""

    study_instance_uid: str
    sop_instance_uid: str
    file: str
