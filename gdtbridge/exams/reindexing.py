"""The index made anew from the archive's files; what nobody can know is held for a person."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gdtbridge.archive import Archive, IncomingInstance, StoredFile
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import Header, read_header
from gdtbridge.exams import claim_store
from gdtbridge.exams.receiving import InstanceReceiver

log = logging.getLogger(__name__)

_Found = tuple[IncomingInstance, Header, StoredFile, float]
"""An object of the archive, and when it was received (UTC)."""


@dataclass(slots=True)
class Reindexed:
    """What making the index anew brought: objects entered, files that cannot be, files lost."""

    entered: int = 0
    unreadable: list[Path] = field(default_factory=list)
    missing: list[Path] = field(default_factory=list)
    """Files with an entry that are not in the archive."""


def reindex(database: Database, archive: Archive, receiver: InstanceReceiver) -> Reindexed:
    """Enter every file of the archive that has no entry, and hold its exam.

    Nothing of it is sent until a person says that it was not. Each study is one transaction, so
    that what was interrupted goes on when called again. No service may receive meanwhile. Raises
    `OSError` where the archive cannot be read.
    """
    done = Reindexed()
    with database.read() as connection:
        studies = list(archive.unentered(connection))
        done.missing.extend(archive.missing(connection))
    for files in studies:
        found = _read(archive, files, done)
        with database.write() as connection:
            done.entered += _enter(connection, receiver, found)
    if done.entered:
        log.warning("%d objects were found without an entry: they are held", done.entered)
    return done


def _read(archive: Archive, files: Sequence[Path], done: Reindexed) -> list[_Found]:
    found: list[_Found] = []
    for path in files:
        try:
            incoming, stored = archive.found(path)
            header = read_header(path, incoming.TransferSyntaxUID)
        except (DatasetError, OSError):  # one that cannot be read keeps no other away
            done.unreadable.append(path)
        else:
            found.append((incoming, header, stored, path.stat().st_mtime))
    return found


def _enter(connection: Connection, receiver: InstanceReceiver, found: Sequence[_Found]) -> int:
    receipts = [
        receiver.enter(connection, incoming, header, stored, received_at)
        for incoming, header, stored, received_at in found
    ]
    ids = [one.instance_id for one in receipts if one.instance_id]
    claim_store.hold_found(connection, ids)
    return len(ids)
