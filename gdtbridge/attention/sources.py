"""Where items come from: exams, order files, outbox, disk, database and worklist."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from gdtbridge.attention.model import MOST_OF_A_KIND, AttentionItem
from gdtbridge.database import Database
from gdtbridge.durable.clock import DAY_SECONDS, Clock, local_time
from gdtbridge.exams import waiting
from gdtbridge.orders import file_store, patient_store
from gdtbridge.orders import store as order_store
from gdtbridge.outbox import FORWARD, Outbox, PlaceProblem, PlaceQuestion
from gdtbridge.settings import MEGABYTE
from worklist import WorklistFolder

REFUSED_DAYS: Final = 7
"""A refused order file is told so long, unless somebody removes the file before."""
MASTER_DATA_SECONDS: Final = 300.0
"""An order may come so long after the master data of its patient."""
LOW_FACTOR: Final = 3
"""A disk with less than so many times its reserve is nearly full."""
LOCK_TOLD_SECONDS: Final = 120
"""A lock of the database is on the list for so long after its end: two looks of the announcer."""
INODES_LOW: Final = 2000
"""A disk with room for fewer further files is nearly out of them."""
INODES_RESERVE: Final = 50
"""A disk with room for fewer further files takes none any more."""
BACKLOG_SECONDS: Final = 60
BACKLOG_EXAMS: Final = 100
"""More exams than this that are due for so long are a backlog."""
BACKLOG_MESSAGES: Final = 500
"""The same of messages to one destination."""


_HELD: Final = frozenset({waiting.WaitingKind.HELD, waiting.WaitingKind.CORRECTION})


@dataclass(frozen=True, slots=True)
class HeldExamSource:
    """The exams that are held, a part for each of their people."""

    name: ClassVar = "held-exams"
    codes: ClassVar = _HELD

    database: Database

    def items(self) -> list[AttentionItem]:
        """Return what is held, the oldest first."""
        with self.database.read() as connection:
            found = list(waiting.held(connection, MOST_OF_A_KIND))
        return list(map(_item_of, found))


@dataclass(frozen=True, slots=True)
class ExamSource:
    """What else of the exams waits for a person."""

    name: ClassVar = "exams"
    codes: ClassVar = frozenset(waiting.WaitingKind) - _HELD

    database: Database
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return overdue exams, reports and objects that were not sent."""
        with self.database.read() as connection:
            found = waiting.unsent(connection, self.clock.utc(), MOST_OF_A_KIND)
        return list(map(_item_of, found))


def _item_of(one: waiting.WaitingExam) -> AttentionItem:
    names = {"study": one.study_instance_uid, "person": str(one.person)}
    return AttentionItem(one.kind, one.subject, one.since, one.whose, one.detail, names)


@dataclass(frozen=True, slots=True)
class OrderFileSource:
    """Refused order files that still lie beside the text that says why."""

    name: ClassVar = "orders"
    codes: ClassVar = frozenset({"order-refused"})

    database: Database
    refused: Path
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return the refused files of the last days; raise `OSError`."""
        since = self.clock.utc() - REFUSED_DAYS * DAY_SECONDS
        with self.database.read() as connection:
            found = file_store.refused_since(connection, since, MOST_OF_A_KIND)
        if not found or not self.refused.is_dir():
            return []
        texts = [path for path in self.refused.iterdir() if path.suffix != ".txt"]
        lying = {token: path for path in texts for token in found if token in path.name}
        return [
            AttentionItem(
                "order-refused",
                f"order-file:{token}",
                found[token].received_at,
                detail=f"{found[token].name}: {found[token].reason}",
                names={"file": f"{path}.txt"},
            )
            for token, path in lying.items()
        ]


@dataclass(frozen=True, slots=True)
class OrderRemarkSource:
    """Orders that were taken, and in which something looks odd."""

    name: ClassVar = "order-remarks"
    codes: ClassVar = frozenset({"order-remark"})

    database: Database
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for each open order of the last days with a remark."""
        since = self.clock.utc() - REFUSED_DAYS * DAY_SECONDS
        with self.database.read() as connection:
            found = order_store.remarked_orders(connection, since)
        return [
            AttentionItem(
                "order-remark",
                f"order:{one.accession_number}",
                one.ordered_at,
                one.patient.listed,
                one.remarks,
                names={"order": one.accession_number},
            )
            for one in found
        ]


@dataclass(frozen=True, slots=True)
class MasterDataSource:
    """Patients the practice software handed over as master data (6301), without an order."""

    name: ClassVar = "master-data"
    codes: ClassVar = frozenset({"master-data-alone"})

    database: Database
    clock: Clock
    is_told: bool
    """Whether nobody has said yet what such a record means."""

    def items(self) -> list[AttentionItem]:
        """Return one item for all patients of the last days, minutes after they came."""
        count, since = self.alone(MASTER_DATA_SECONDS)
        if not count:
            return []
        detail = f"{count}: orders.master_data"
        return [AttentionItem("master-data-alone", "master-data", since, detail=detail)]

    def alone(self, seconds: float = 0) -> tuple[int, float]:
        """Return how many there are that came so many seconds ago, and when the first came."""
        now = self.clock.utc()
        if not self.is_told:
            return 0, now
        since = now - REFUSED_DAYS * DAY_SECONDS
        with self.database.read() as connection:
            return patient_store.told_without_order(
                connection, since, now - seconds, MOST_OF_A_KIND
            )


@dataclass(frozen=True, slots=True)
class OutboxSource:
    """Questions about deliveries and places, and destinations that take nothing.

    Of a destination a person has paused only the questions about deliveries are told.
    """

    name: ClassVar = "outbox"
    codes: ClassVar = frozenset(
        {"outbox-question", "outbox-stuck", "results-uncollected", "mail-refused", *PlaceProblem}
    )

    outbox: Outbox
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for each question and each destination; no folder is touched."""
        questions = [
            AttentionItem(
                "outbox-question",
                f"question:{one.id}",
                one.created_at,
                detail=f"{one.destination}: {one.final_name} [{one.reason}]",
                names={"question": str(one.id)},
            )
            for one in self.outbox.questions()
        ]
        now, statuses = self.clock.utc(), self.outbox.status()
        stuck = [
            AttentionItem(
                "outbox-stuck",
                f"destination:{one.destination}",
                now - one.oldest_pending_age,
                detail=one.sentence,
            )
            for one in statuses
            if one.stuck and one.place is None
        ]
        refused = [
            AttentionItem(
                "mail-refused",
                f"destination:{one.destination}",
                now - one.oldest_pending_age,
                detail=one.sentence,
            )
            for one in statuses
            if one.mail_refused
        ]
        forgotten = [
            AttentionItem(
                "results-uncollected",
                f"destination:{one.destination}",
                one.lying.since or now,
                detail=f"{one.destination}: {one.lying.count} Dateien / files",
            )
            for one in statuses
            if one.lying.are_forgotten(now) and one.place is None and one.pause is None
        ]
        paused = {one.destination for one in statuses if one.pause is not None}
        asked = self.outbox.place_questions()
        places = [_place_item(one) for one in asked if one.destination not in paused]
        return [*questions, *places, *stuck, *forgotten, *refused]


def _place_item(one: PlaceQuestion) -> AttentionItem:
    before, found = one.before or "?", one.found or "nichts / nothing"
    return AttentionItem(
        one.problem,
        f"place:{one.destination}",
        one.since,
        detail=f"{one.destination}: {one.folder}: {found} statt / instead of {before}",
        names={"folder": one.folder, "route": one.route and f" {one.route}"},
    )


@dataclass(frozen=True, slots=True)
class DiskSource:
    """The disk the archive lies on."""

    name: ClassVar = "disk"
    codes: ClassVar = frozenset({"disk-low", "disk-full", "inodes-low", "inodes-exhausted"})

    folder: Path
    reserve: int
    """Bytes that stay free: below them devices get status A700."""
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return an item for each of room and inodes of which little is left; raise `OSError`."""
        return [*self._room(), *self._inodes()]

    def _room(self) -> list[AttentionItem]:
        free = shutil.disk_usage(self.folder).free
        if free >= self.reserve * LOW_FACTOR:
            return []
        code = "disk-full" if free < self.reserve else "disk-low"
        told = f"{free // MEGABYTE} MB frei / free"
        names = {"folder": str(self.folder)}
        return [AttentionItem(code, "disk", self.clock.utc(), detail=told, names=names)]

    def _inodes(self) -> list[AttentionItem]:
        free = free_inodes(self.folder)
        if free is None or free >= INODES_LOW:
            return []
        code = "inodes-exhausted" if free < INODES_RESERVE else "inodes-low"
        told = f"Platz für {free} Dateien / room for {free} files"
        names = {"folder": str(self.folder)}
        return [AttentionItem(code, "inodes", self.clock.utc(), detail=told, names=names)]


def free_inodes(folder: Path) -> int | None:
    """Return how many more files a file system takes; None where it does not count them."""
    found = os.statvfs(folder) if hasattr(os, "statvfs") else None
    return found.f_favail if found is not None and found.f_files else None


@dataclass(frozen=True, slots=True)
class BacklogSource:
    """Work that is due and waits for its turn."""

    name: ClassVar = "backlog"
    codes: ClassVar = frozenset({"backlog"})

    database: Database
    outbox: Outbox
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for the exams, and one for each destination, where many wait."""
        now = self.clock.utc()
        with self.database.read() as connection:
            due = waiting.due_before(connection, now - BACKLOG_SECONDS)
        found = [
            (one.destination, one.pending, now - one.oldest_pending_age)
            for one in self.outbox.status()
            if one.kind != FORWARD
            and one.pending > BACKLOG_MESSAGES
            and one.oldest_pending_age > BACKLOG_SECONDS
        ]
        if due.count > BACKLOG_EXAMS:
            found.append(("exams", due.count, due.oldest))
        return [
            AttentionItem("backlog", f"backlog:{where}", since, detail=f"{where}: {count}")
            for where, count, since in found
        ]


@dataclass(frozen=True, slots=True)
class OrderSilenceSource:
    """Whether order files still come, where they used to."""

    name: ClassVar = "order-silence"
    codes: ClassVar = frozenset({"orders-silent"})

    database: Database
    days: float
    """Days without a file; 0: nobody minds."""
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item when the last order file is older than that; none before the first."""
        if not self.days:
            return []
        with self.database.read() as connection:
            last = file_store.last_received(connection)
        if last is None or self.clock.utc() - last < self.days * DAY_SECONDS:
            return []
        told = f"die letzte am / the last on {local_time(last):%d.%m.%Y %H:%M}"
        return [AttentionItem("orders-silent", "orders", last, detail=told)]


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """Whether this process can write to the database.

    What a lock keeps from being told while it lasts is told after it.
    """

    name: ClassVar = "database"
    codes: ClassVar = frozenset({"database-locked"})

    database: Database
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item while another program locks the database, and for two minutes after."""
        ago = self.database.lock.long_since(LOCK_TOLD_SECONDS)
        if ago is None:
            return []
        return [AttentionItem("database-locked", "database", self.clock.utc() - ago)]


@dataclass(frozen=True, slots=True)
class WorklistSource:
    """Files in the worklist's folder that are not what they should be; the folder may hang."""

    name: ClassVar = "worklist"
    codes: ClassVar = frozenset({"worklist-file"})

    worklist: WorklistFolder
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for each odd file but whole ones of others; raise `FolderError`."""
        odd = [one for one in self.worklist.problems() if not one.is_foreign]
        return [self._item(one.file_name, one.reason) for one in odd[:MOST_OF_A_KIND]]

    def _item(self, file_name: str, reason: str) -> AttentionItem:
        file = self.worklist.path / file_name
        try:
            since = file.stat().st_mtime
        except OSError:  # it has just gone, or nobody may look at it
            since = self.clock.utc()
        return AttentionItem(
            "worklist-file",
            f"worklist:{file_name}",
            since,
            detail=f"{file_name}: {reason}",
            names={"file": str(file)},
        )
