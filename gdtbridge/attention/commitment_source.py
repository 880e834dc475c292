"""Devices that do not take their answers, promised objects that are damaged, and the only copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final

from gdtbridge.archive import Archive
from gdtbridge.archive.verifying import FileFault, StoredVersion, fault_of
from gdtbridge.attention.model import MOST_OF_A_KIND, AttentionItem
from gdtbridge.commitment import CommitmentBook, promises
from gdtbridge.commitment.store import WaitingDevice
from gdtbridge.database import Database
from gdtbridge.durable import FileStamp
from gdtbridge.durable.clock import DAY_SECONDS, Clock, local_time

UNKNOWN_SECONDS: Final = 600.0
"""An answer to a device whose address nobody said may wait so long."""
SILENT_SECONDS: Final = DAY_SECONDS
"""One to any other device: it may be off at night."""
COPY_SECONDS: Final = 2 * DAY_SECONDS
"""So long after a promise the next backup is waited for, where there was one before."""
MOST_FILES: Final = 20
"""So many damaged files are looked at again each time."""

KnowsAddress = Callable[[str, str], bool]
"""Returns whether the settings say where the device of an AE title and an address listens."""


@dataclass(frozen=True, slots=True)
class CommitmentSource:
    """Devices that ask whether their images are kept, and do not take the answer."""

    name: ClassVar = "commitments"
    codes: ClassVar = frozenset({"commitment-address", "commitment-waiting"})

    book: CommitmentBook
    knows_address: KnowsAddress
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for each device; asks the database only."""
        found = self.book.waiting_devices(MOST_OF_A_KIND)
        return [item for one in found if (item := self._item(one)) is not None]

    def _item(self, one: WaitingDevice) -> AttentionItem | None:
        known = self.knows_address(one.calling_aet, one.peer)
        if self.clock.utc() - one.since < (SILENT_SECONDS if known else UNKNOWN_SECONDS):
            return None
        return AttentionItem(
            "commitment-waiting" if known else "commitment-address",
            f"commitment:{one.calling_aet}@{one.peer}",
            one.since,
            detail=f"{one.calling_aet} ({one.peer}): {one.answers} [{one.last_error}]",
            names={
                "device": one.calling_aet,
                "host": one.peer,
                "commitment": str(one.commitment_id),
            },
        )


@dataclass(frozen=True, slots=True)
class DamagedObjectSource:
    """Archived objects that a device asked about, and that were found missing or damaged."""

    name: ClassVar = "archive"
    codes: ClassVar = frozenset({"object-damaged"})

    database: Database
    archive: Archive
    seen: dict[int, tuple[FileStamp | None, FileFault | None]] = field(default_factory=dict)
    """What was found in which version of a file: it is read once."""

    def items(self) -> list[AttentionItem]:
        """Return one item for each, as long as its file is so; reads files that have changed."""
        with self.database.read() as connection:
            found = promises.broken(connection, MOST_FILES)
        return [
            AttentionItem(
                "object-damaged",
                f"object:{version.id}",
                since,
                detail=f"{version.sop_instance_uid}: {fault.name.lower()}",
                names={"file": str(self.archive.folder / version.file)},
            )
            for version, since in found
            if (fault := self._fault_of(version)) is not None
        ]

    def _fault_of(self, version: StoredVersion) -> FileFault | None:
        try:
            stamp = FileStamp.of((self.archive.folder / version.file).stat())
        except OSError:
            stamp = None
        known = self.seen.get(version.id)
        if known is None or known[0] != stamp:
            known = self.seen[version.id] = stamp, fault_of(self.archive, version)
        return known[1]


@dataclass(frozen=True, slots=True)
class OnlyCopySource:
    """Objects that devices may delete, because we keep them, and that no backup has."""

    name: ClassVar = "only-copy"
    codes: ClassVar = frozenset({"only-copy"})

    database: Database
    is_told: bool
    """Whether nobody has said that they are copied in another way."""
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item; none while a backup is regularly made."""
        if not self.is_told:
            return []
        with self.database.read() as connection:
            backed_up = promises.last_backup(connection)
            since = promises.promised_after(connection, backed_up or 0.0)
        patience = COPY_SECONDS if backed_up is not None else 0.0
        if since is None or self.clock.utc() - since < patience:
            return []
        last = f"{local_time(backed_up):%d.%m.%Y %H:%M}" if backed_up else "nie / never"
        told = f"letzte Sicherung / last backup: {last}"
        return [AttentionItem("only-copy", "only-copy", since, detail=told)]
