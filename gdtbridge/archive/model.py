"""Instances on their way into the archive, and as the archive has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final


@dataclass(frozen=True, slots=True)
class SpooledDataset:
    """What is known of a dataset from having written it: its file need not be read again.

    ``file`` is open at its end and not synced. ``sha256`` and ``size`` (in bytes) are those of the
    dataset alone, ``meta`` is what the file has before it, ``start`` its beginning or all of it.
    """

    file: BinaryIO
    sha256: str
    size: int
    meta: bytes
    start: bytes

    @property
    def content(self) -> bytes | None:
        """The bytes of the whole file, where they are still in memory."""
        return self.meta + self.start if len(self.start) == self.size else None


@dataclass(frozen=True, slots=True)
class IncomingInstance:
    """A completely received instance that nobody has acknowledged yet.

    ``path`` is a Part 10 file in the spool, ``dataset`` what its writer knows of it. The UIDs are
    those of the C-STORE command and of its presentation context (PS3.7 9.3.1), without padding;
    nothing in them is trusted.
    """

    path: Path
    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    calling_aet: str
    peer: str
    dataset: SpooledDataset | None = None
    called_aet: str = ""
    move_originator: str = ""
    """AE title of whoever had it sent by a C-MOVE (0000,1030); empty: nobody."""
    is_fetched: bool = False
    """Whether we fetched it ourselves, on an association of ours."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is about to be entered into the archive's index.

    ``file`` is its path below the folder, ``sha256`` the digest of its dataset, ``size`` its bytes.
    It is durable there, or else a small one still in the spool: then ``content`` is all of it.
    """

    file: str
    sha256: str
    size: int
    content: bytes | None = None


class ReceiptStatus(StrEnum):
    """How a received instance relates to those before it."""

    NEW = "new"
    """The first under its SOP Instance UID in its study."""
    SAME = "same"
    """Received before, byte for byte; nothing changed."""
    CONFLICT = "conflict"
    """Other bytes under a SOP Instance UID the study has: to be compared by meaning."""


class Standing(StrEnum):
    """How an instance in the index counts; at most one of a UID counts for each person."""

    CURRENT = "new"
    """It counts."""
    UNCOMPARED = "conflict"
    """Other bytes under a known UID, not compared with those before yet."""
    REPEATED = "repeated"
    """Other bytes that mean what an object before it means; not used."""
    SUPERSEDED = "superseded"
    """The device sent another content under its UID, or a person said it is not to be used."""
    FETCHED = "fetched"
    """It was fetched from another archive: kept and shown, and no result of ours."""
    FETCHED_ASIDE = "fetched-aside"
    """It was fetched, but a device sent other content under its UID, or it was fetched anew."""


NOT_SENT: Final = (Standing.FETCHED, Standing.FETCHED_ASIDE)
"""Standings of what no device sent us: for everything but queries it is not here."""
SHOWN: Final = (Standing.CURRENT, Standing.FETCHED)
"""Standings of what a query finds."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An instance's place in the index; ``entered`` now, or known before."""

    instance_id: int
    status: ReceiptStatus
    entered: bool = False
    fetched: int = 0
    """Id of what was fetched and has these very bytes."""
    others_fetched: tuple[int, ...] = ()
    """Ids of what was fetched of the study under the UID and has other bytes."""


@dataclass(frozen=True, slots=True)
class ArchivedInstance:
    """An instance in the index, and its file.

    ``claim_id`` is what it says of whom it is (None: not read yet); ``told`` whether a record of
    its exam was made with it, or without it on purpose; ``turn`` after which versions of its UID it
    came.
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    id: int = 0
    claim_id: int | None = None
    told: bool = False
    standing: Standing = Standing.CURRENT
    received_at: float = 0.0
    turn: int = 0

    @property
    def last_sent(self) -> tuple[int, int]:
        """Sort key of the versions of a UID: the highest is what the device sent last."""
        return self.turn, self.id
