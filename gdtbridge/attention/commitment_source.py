"""Devices that do not take their answers, promised objects that are damaged, and the only copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final

from gdtbridge.archive import Archive
from gdtbridge.archive.verifying import FileFault, StoredVersion, fault_of
from gdtbridge.attention.model import AttentionItem
from gdtbridge.commitment import CommitmentBook, CommitmentOverview, promises
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
        waiting: dict[tuple[str, str], list[CommitmentOverview]] = {}
        for one in self.book.overview(only_open=True):
            if one.waiting:
                waiting.setdefault((one.calling_aet, one.peer), []).append(one)
        return [item for device, found in waiting.items() if (item := self._item(device, found))]

    def _item(
        self, device: tuple[str, str], found: list[CommitmentOverview]
    ) -> AttentionItem | None:
        known = self.knows_address(*device)
        since = min(one.requested_at for one in found)
        if self.clock.utc() - since < (SILENT_SECONDS if known else UNKNOWN_SECONDS):
            return None
        aet, peer = device
        reason = next((one.last_error for one in found if one.last_error), "")
        return AttentionItem(
            "commitment-waiting" if known else "commitment-address",
            f"commitment:{aet}@{peer}",
            since,
            detail=f"{aet} ({peer}): {len(found)} [{reason}]",
            names={"device": aet, "host": peer, "commitment": str(found[0].id)},
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
            count, since = promises.promised_after(connection, backed_up or 0.0)
        patience = COPY_SECONDS if backed_up is not None else 0.0
        if not count or self.clock.utc() - since < patience:
            return []
        last = f"{local_time(backed_up):%d.%m.%Y %H:%M}" if backed_up else "nie / never"
        told = f"{count}; letzte Sicherung / last backup: {last}"
        return [AttentionItem("only-copy", "only-copy", since, detail=told)]
