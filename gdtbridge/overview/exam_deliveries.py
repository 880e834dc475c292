"""What left of an exam: its GDT records with what they say, and its copies at other archives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from gdtbridge.database import Connection, Database
from gdtbridge.errors import NotFound
from gdtbridge.exams.held import NO_SUCH_EXAM
from gdtbridge.exams.store import exam_by_id
from gdtbridge.forward.book import ForwardBook
from gdtbridge.forward.model import CopyState, ListedCopy
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.fields import FIELDS
from gdtbridge.gdt.text import visible
from gdtbridge.outbox import GdtDrop, Outbox
from gdtbridge.outbox.model import DeliveryState
from gdtbridge.outbox.waiting import messages_numbered
from gdtbridge.overview.messages import DeliveryItem, MessageReader
from gdtbridge.results.deliveries import RecordDelivery
from gdtbridge.results.routing import Routing
from gdtbridge.results.sent_records import NO_RECORD, SentRecord, SentRecords


@dataclass(frozen=True, slots=True)
class ExamRecord:
    """One sending of a GDT record of an exam, and what it says."""

    delivery: RecordDelivery
    item: DeliveryItem
    sent: SentRecord
    folder: str
    """Where its file went; empty where the settings do not name the route any more."""
    software: str
    """Name of the practice software, as far as the settings tell it."""

    @property
    def sending(self) -> int:
        """For which time it was sent, from 1."""
        return self.sent.sendings.index(self.delivery) + 1

    @property
    def is_last(self) -> bool:
        """Whether it was not sent again since."""
        return self.sent.sendings[-1] == self.delivery

    @property
    def can_be_sent_again(self) -> bool:
        """Whether a person may have it sent once more from here."""
        return self.is_last and self.sent.obstacle is None

    @property
    def state(self) -> str:
        """State of the delivery as a person sees it: waiting, laid, collected, failed, asked."""
        if self.delivery.state is DeliveryState.DELIVERED:
            return "laid" if self.delivery.collected_at is None else "collected"
        known = {DeliveryState.FAILED: "failed", DeliveryState.QUESTION: "asked"}
        return known.get(self.delivery.state, "waiting")

    @property
    def state_at(self) -> float:
        """Since when it is so; UTC seconds."""
        one = self.delivery
        return one.collected_at or one.delivered_at or one.created_at


@dataclass(frozen=True, slots=True)
class ExamCopies:
    """The copies of an exam at one archive: how far they are."""

    aet: str
    objects: int = 0
    """Objects it gets or has; 0 where nothing of the exam was forwarded there."""
    sent: int = 0
    confirmed: int = 0
    failed: int = 0
    reason: str = ""
    """Why the newest was refused, else why it waits; ``German / English``."""
    sent_at: float | None = None
    """When the last one arrived there; UTC seconds."""
    is_served: bool = True
    """Whether the settings forward there."""


@dataclass(frozen=True, slots=True)
class ExamDeliveries:
    """Everything that left of an exam, or is to leave."""

    records: tuple[ExamRecord, ...]
    """The oldest first, each sending."""
    copies: tuple[ExamCopies, ...]

    @property
    def charts(self) -> tuple[str, ...]:
        """Numbers of the charts that got something, each once."""
        told = (one.item.patient for one in self.records)
        return tuple(dict.fromkeys(one.id for one in told if one is not None and one.id))

    @property
    def folders(self) -> tuple[str, ...]:
        """Folders the records went to, each once."""
        return tuple(dict.fromkeys(one.folder for one in self.records if one.folder))


@dataclass(frozen=True, slots=True)
class RecordField:
    """A field of a record: its number, the interface's German name for it, its content."""

    id: str
    name: str
    value: str
    """Without control characters."""


@dataclass(frozen=True, slots=True)
class RecordSheet:
    """A record as it was sent: its fields, and its bytes."""

    record: ExamRecord
    fields: tuple[RecordField, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class ExamDeliveryOverview:
    """Tells what left of an exam; touches the database only. Thread-safe."""

    database: Database
    outbox: Outbox
    forward: ForwardBook
    routing: Routing
    records: SentRecords

    def of(self, exam_id: int) -> ExamDeliveries:
        """Return what left of an exam; raise `NotFound`, or a `BridgeError`."""
        with self.database.read() as connection:
            found = tuple(self._records(connection, exam_id))
        return ExamDeliveries(found, tuple(self._copies(self.study_of(exam_id))))

    def study_of(self, exam_id: int) -> str:
        """Return the Study Instance UID of an exam; raise `NotFound`."""
        with self.database.read() as connection:
            found = exam_by_id(connection, exam_id)
        if found is None:
            raise NotFound(NO_SUCH_EXAM)
        return found.study_instance_uid

    def record(self, exam_id: int, number: int) -> RecordSheet:
        """Return a record of an exam by its id in the outbox; raise `NotFound`."""
        with self.database.read() as connection:
            records = self._records(connection, exam_id)
            one = next((one for one in records if one.delivery.id == number), None)
            if one is None:
                raise NotFound(NO_RECORD)
            data = self.records.content(connection, exam_id, number)
        return RecordSheet(one, tuple(self._fields(one, data)), data)

    def _records(self, connection: Connection, exam_id: int) -> Iterator[ExamRecord]:
        sent = self.records.of(connection, exam_id)
        of_id = {sending.id: (one, sending) for one in sent for sending in one.sendings}
        messages = messages_numbered(connection, of_id)
        for item in MessageReader(self.database).read(messages):
            record, delivery = of_id[item.id]
            sender = self.outbox.sender_of(item.destination)
            folder = str(sender.folder) if isinstance(sender, GdtDrop) else ""
            yield ExamRecord(delivery, item, record, folder, self._software(item.destination))

    def _software(self, destination: str) -> str:
        return self.routing.named(destination.partition(":")[2]).records.software

    def _fields(self, one: ExamRecord, data: bytes) -> Iterator[RecordField]:
        target = self.routing.named(one.item.destination.partition(":")[2])
        for record in read_records(data, default_encoding=target.records.encoding):
            for line in record.lines:
                known = FIELDS.get(line.id)
                name = known.name if known is not None else ""
                yield RecordField(line.id, name, visible(line.value))

    def _copies(self, study: str) -> Iterator[ExamCopies]:
        """Yield every archive of the settings, then others that have something of the exam."""
        states = set(CopyState) - {CopyState.SUPERSEDED, CopyState.ENDED}
        copies = self.forward.copies(states=states, study_instance_uid=study)
        served = [one.aet for one in self.forward.targets]
        for aet in dict.fromkeys([*served, *(one.destination for one in copies)]):
            mine = [one for one in copies if one.destination == aet]
            yield _counted(aet, mine, is_served=aet in served)


def _counted(aet: str, copies: list[ListedCopy], *, is_served: bool) -> ExamCopies:
    """Return the figures of one archive; ``copies`` are the newest first."""
    states = Counter(one.state for one in copies)
    why = (
        one.reason
        for state in (CopyState.FAILED, CopyState.WAITING)
        for one in copies
        if one.state is state and one.reason
    )
    return ExamCopies(
        aet,
        len(copies),
        states[CopyState.SENT] + states[CopyState.CONFIRMED],
        states[CopyState.CONFIRMED],
        states[CopyState.FAILED],
        next(why, ""),
        max((one.sent_at for one in copies if one.sent_at is not None), default=None),
        is_served,
    )
