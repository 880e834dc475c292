"""A claimed file from reading to filing: the steps between which a crash may fall.

Read, do what each record asks (each in its own transaction, each once), write the notice, copy the
file to where it belongs, remove the claimed one. Whatever was done already is found done.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from gdtbridge.durable import Clock, FileLock
from gdtbridge.durable.call import FolderCall
from gdtbridge.folders.claims import ClaimedFile, claim, file_away, read
from gdtbridge.folders.intake import USUAL_NAMES, OrderIntake
from gdtbridge.folders.notice import notice
from gdtbridge.folders.ports import ExchangeFolders, OrderPorts
from gdtbridge.folders.records import RecordReply, RecordTaker
from gdtbridge.gdt.errors import NotGdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.ids import plain_id
from gdtbridge.gdt.text import printable
from gdtbridge.orders import OrderRecord, RecordOutcome
from gdtbridge.orders.model import MOST_RECORDS
from gdtbridge.settings import Settings

log = logging.getLogger(__name__)

LOCK: Final = ".orders.lock"
LOCK_SECONDS: Final = 30
SAME_SECONDS: Final = 2.0
TOO_MANY: Final = (
    f"Mehr als {MOST_RECORDS} Sätze in der Datei. / More than {MOST_RECORDS} records in the file."
)


@dataclass(frozen=True, slots=True)
class FileReply:
    """Replies to the records of one file, in their order."""

    replies: tuple[RecordReply, ...]

    @property
    def refused(self) -> bool:
        """Whether a record was refused."""
        return any(
            taken.outcome is RecordOutcome.REFUSED
            for reply in self.replies
            for taken in reply.all_taken
        )


class OrderFiles:
    """Takes claimed files, one at a time for all processes that share the root."""

    def __init__(
        self,
        settings: Settings,
        ports: OrderPorts,
        exchanges: Sequence[ExchangeFolders],
        clock: Clock,
    ) -> None:
        """Serve the folders of ``exchanges``, which exist."""
        self.settings = settings
        self.ports = ports
        self._exchanges = exchanges
        self._clock = clock
        self._intakes: dict[Path, OrderIntake] = {}
        self._taker = RecordTaker(ports, settings, clock)
        self._locks = {
            folder: FileLock(settings.order_spool / name, timeout=LOCK_SECONDS)
            for folder, name in self._lock_names()
        }

    def lock_of(self, folder: Path) -> FileLock:
        """Return what keeps a program call and the service from each other's files of a folder.

        Each folder has its own, in our spool: one that hangs keeps nobody from the others.
        """
        return self._locks.get(folder, self._locks[self.settings.order_spool])

    def _lock_names(self) -> Iterator[tuple[Path, str]]:
        yield self.settings.order_spool, LOCK
        for folder in self.inboxes:
            token = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
            yield folder, f".orders-{token}.lock"

    def utc(self) -> float:
        """Return the time now, in UTC seconds."""
        return self._clock.utc()

    @property
    def inboxes(self) -> dict[Path, str]:
        """The watched folders, each with the name of the route whose orders are dropped there."""
        return {one.inbox: one.route for one in self._exchanges if one.inbox is not None}

    def intake_of(self, inbox: Path) -> OrderIntake:
        """Return what of a watched folder is ours, but for our own results there."""
        known = self._intakes.get(inbox)
        if known is None:
            known = self._intakes[inbox] = self._intake(inbox)
        return known

    def _intake(self, inbox: Path) -> OrderIntake:
        """Return what of a folder is ours: what is addressed to whoever sends results for it."""
        here = next((one for one in self._exchanges if one.inbox == inbox), None)
        if here is None:
            return OrderIntake(receivers=("*",))
        without = [one for one in self._exchanges if one.inbox is None and not here.route]
        senders = dict.fromkeys(one.sender for one in (here, *without))
        known = here.orders.receivers or tuple(self.ports.folders.receivers(here.route))
        return OrderIntake((*senders, *known), here.orders.names or USUAL_NAMES, here.orders.ignore)

    def intake_at(self, inbox: Path) -> OrderIntake:
        """Return what of a watched folder is ours; asks whether results go there as well."""
        intake = self.intake_of(inbox)
        outs = {one.out: one for one in reversed(self._exchanges)}
        shared = outs.get(inbox) or outs.get(first_same(inbox, outs) or inbox)
        if shared is None:
            return intake
        mirrored = intake.receivers if shared.mirrors else ()
        senders = frozenset(plain_id(one) for one in (shared.sender, *mirrored))
        return replace(intake, senders=senders)

    def take(self, claimed: ClaimedFile, *, refuse_because: str = "") -> FileReply | None:
        """Do what a claimed file asks and file it; the caller holds the lock.

        None when it was written to meanwhile: it is a new file then. Raises what another attempt
        may mend; the file stays claimed.
        """
        stamp = claimed.stamp()
        data = read(claimed.path)
        result = FileReply(tuple(self._replies(claimed, data, refuse_because)))
        if claimed.stamp() != stamp:
            claim(claimed.path, claimed.name)
            return None
        self._file(claimed, result)
        return result

    def _replies(
        self, claimed: ClaimedFile, data: bytes, refuse_because: str
    ) -> Iterator[RecordReply]:
        if refuse_because:
            yield self._refused(claimed, data, refuse_because)
            return
        try:
            records = read_records(data, default_encoding=self.settings.orders.encoding)
        except NotGdtError as error:
            yield self._refused(claimed, data, str(error))
            return
        if len(records) > MOST_RECORDS:
            yield self._refused(claimed, data, TOO_MANY)
            return
        strangers = self._strangers(claimed, records)
        has_orders = any(record.record_type in {"6302", "6303"} for record in records)
        for position, (record, reason) in enumerate(zip(records, strangers, strict=True), 1):
            order_record = self._record_of(claimed, position, record)
            if record.record_type == "6301" and not has_orders:
                order_record = replace(order_record, is_order=self._orders_by_master_data(claimed))
            if reason:
                yield self._not_for_us(order_record, reason)
            else:
                yield self._taker.take(record, order_record)

    def _orders_by_master_data(self, claimed: ClaimedFile) -> bool:
        """Return whether a 6301 is an order where the file came from."""
        route = self._route_of(claimed.path.parent)
        return any(
            one.route == route and one.orders.master_data == "order" for one in self._exchanges
        )

    def _strangers(self, claimed: ClaimedFile, records: Sequence[Record]) -> list[str]:
        """Return of each record why it is not for us, where others of its file are."""
        intake = self._intakes.get(claimed.path.parent)
        reasons = [intake.addressed_elsewhere(record) if intake else "" for record in records]
        return [""] * len(records) if all(reasons) else reasons

    def _not_for_us(self, order_record: OrderRecord, reason: str) -> RecordReply:
        told = f"Dieser Satz ist nicht für uns. / This record is not for us. [{reason}]"
        return RecordReply(order_record.record_type, self.ports.filed.refuse(order_record, told))

    def _record_of(self, claimed: ClaimedFile, position: int, record: Record) -> OrderRecord:
        return OrderRecord(
            claimed.token,
            position,
            hashlib.sha256(record.data).hexdigest(),
            claimed.name,
            record.record_type,
            route=self._route_of(claimed.path.parent),
            sender=printable(record.first("8316") or ""),
            addressed_to=printable(record.first("8315") or ""),
        )

    def _route_of(self, folder: Path) -> str:
        """Return the name of the route whose orders lie there, by whatever path it was reached."""
        inboxes = self.inboxes
        if folder in inboxes:
            return inboxes[folder]
        if folder == self.settings.order_spool:
            return ""
        inbox = first_same(folder, inboxes)
        return inboxes[inbox] if inbox is not None else ""

    def _refused(self, claimed: ClaimedFile, data: bytes, reason: str) -> RecordReply:
        digest = hashlib.sha256(data).hexdigest()
        order_record = OrderRecord(claimed.token, 1, digest, claimed.name, "")
        return RecordReply("", self.ports.filed.refuse(order_record, reason))

    def _file(self, claimed: ClaimedFile, result: FileReply) -> None:
        now = self._clock.local()
        by_day = self.settings.taken_folder / f"{now:%Y-%m-%d}"
        folder = self.settings.refused_folder if result.refused else by_day
        target = folder / _filed_name(claimed)
        if any(_needs_words(reply) for reply in result.replies):
            folder.mkdir(parents=True, exist_ok=True)
            text = notice(claimed.name, result.replies, now)
            target.with_name(f"{target.name}.txt").write_text(text, "utf-8-sig", newline="")
        file_away(claimed, target)
        log.info("order file taken: %s", ", ".join(_shown(reply) for reply in result.replies))


def first_same(folder: Path, others: Iterable[Path]) -> Path | None:
    """Return the first of ``others`` that is this folder, by whatever path it is reached.

    All are asked at once, and one that does not answer in `SAME_SECONDS` is another.
    """
    calls = [(one, FolderCall(partial(folder.samefile, one))) for one in others]
    deadline = time.monotonic() + SAME_SECONDS
    for one, call in calls:
        with suppress(OSError):
            if call.result(deadline - time.monotonic()):
                return one
    return None


def _filed_name(claimed: ClaimedFile) -> Path:
    """Return a name no other filed order has, with the extension of the dropped file."""
    stem, dot, extension = claimed.name.rpartition(".")
    return Path(f"{stem}-{claimed.token}{dot}{extension}")


def _needs_words(reply: RecordReply) -> bool:
    """Return whether a person finds words about a record beside its file."""
    return bool(reply.studies or reply.notes or any(one.reason for one in reply.all_taken))


def _shown(reply: RecordReply) -> str:
    return f"{reply.record_type or 'no record'} {reply.taken.outcome}"
