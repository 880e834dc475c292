"""Whether an instance is on the disk as it was received: its file is read, not its entry believed.

For a promise to a device, which deletes its own copy on the strength of it.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from typing import Final

import sqlalchemy as sa

from gdtbridge.archive import unsynced
from gdtbridge.archive.model import NOT_SENT, Standing
from gdtbridge.archive.store import Archive
from gdtbridge.database import Connection
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import read_header
from gdtbridge.durable.files import reason_of
from gdtbridge.schema import instance
from gdtbridge.statement import Statement

log = logging.getLogger(__name__)

_AT_ONCE: Final = 500
"""UIDs asked for in one statement."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_COUNTING: Final = frozenset({Standing.CURRENT, Standing.UNCOMPARED})

_VERSIONS: Final = Statement(
    sa.select(
        instance.c.sop_instance_uid,
        instance.c.id,
        instance.c.sop_class_uid,
        instance.c.transfer_syntax_uid,
        instance.c.sha256,
        instance.c.size,
        instance.c.file,
        instance.c.standing,
        unsynced.is_kept,
    )
    .where(
        instance.c.sop_instance_uid.in_(sa.bindparam("uids", expanding=True)),
        instance.c.standing.not_in(NOT_SENT),  # no device was ever answered for it
    )
    .order_by(instance.c.id)
)
_COMMIT: Final = Statement(
    sa.update(instance)
    .where(
        instance.c.id.in_(sa.bindparam("instances", expanding=True)),
        instance.c.committed_at.is_(None),
    )
    .values(committed_at=sa.bindparam("moment", type_=sa.Double))
)


class FileFault(Enum):
    """What is wrong with an archived file."""

    MISSING = auto()
    DAMAGED = auto()
    """It is another one than what was received."""
    UNREADABLE = auto()
    """The disk does not give it."""
    EXHAUSTED = auto()
    """It was not read: memory or descriptors are used up just now."""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """An instance as the index has it; ``unsynced``: the disk may not have its file yet."""

    id: int
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    sha256: str
    size: int
    file: str
    standing: Standing
    unsynced: bool


def counting_versions(
    connection: Connection, uids: Iterable[str]
) -> dict[str, Sequence[StoredVersion]]:
    """Return by SOP Instance UID what is kept under it, of the UIDs the archive knows.

    Of several versions those that count, or have not been compared; where none does, all: a person
    said that they are not to be used, and they are kept all the same.
    """
    found: dict[str, list[StoredVersion]] = {}
    rest = iter(uids)
    while part := list(islice(rest, _AT_ONCE)):
        for uid, number, kind, syntax, sha256, size, file, standing, kept in _VERSIONS.rows(
            connection, uids=part
        ):
            version = StoredVersion(
                number, uid, kind, syntax, sha256, size, file, Standing(standing), bool(kept)
            )
            found.setdefault(uid, []).append(version)
    return {
        uid: [one for one in versions if one.standing in _COUNTING] or versions
        for uid, versions in found.items()
    }


def commit(connection: Connection, instances: Iterable[int], now: float) -> None:
    """Enter that a device was promised that these instances are kept (UTC seconds).

    From then on only the rule of retention may delete them.
    """
    rest = iter(instances)
    while part := list(islice(rest, _AT_ONCE)):
        _COMMIT.run(connection, instances=part, moment=now)


def fault_of(archive: Archive, version: StoredVersion) -> FileFault | None:
    """Read a file from its first to its last byte; return what is wrong with it, or None.

    It must be a plain file of that name, size and digest, and say itself, in its File Meta
    Information and in its dataset, that it is that instance of that SOP class.
    """
    path = archive.folder / version.file
    try:
        incoming, stored = archive.found(path)
        header = read_header(path, incoming.TransferSyntaxUID)
    except (FileNotFoundError, NotADirectoryError):
        return FileFault.MISSING
    except DatasetError:
        return FileFault.DAMAGED
    except OSError as error:
        log.error("instance %d cannot be read: %s", version.id, reason_of(error))
        return FileFault.EXHAUSTED if error.errno in _EXHAUSTED else FileFault.UNREADABLE
    named = version.sop_class_uid, version.sop_instance_uid
    announced = incoming.SOPClassUID, incoming.SOPInstanceUID
    said = header.SOPClassUID or named[0], header.SOPInstanceUID or named[1]
    bytes_of_it = incoming.TransferSyntaxUID, stored.sha256, stored.size
    received = version.transfer_syntax_uid, version.sha256, version.size
    return None if announced == said == named and bytes_of_it == received else FileFault.DAMAGED
