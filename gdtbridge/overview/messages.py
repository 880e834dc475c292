"""What a message of the outbox is about, for a person: which patient, which record, since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.day.store import exams_by_id
from gdtbridge.exams import claim_store, result_store
from gdtbridge.exams.model import Claim, by_person
from gdtbridge.exams.store import find_exam
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.outbox import FORWARD
from gdtbridge.outbox.recall_store import RECALLED_KEY
from gdtbridge.outbox.waiting import WaitingMessage
from gdtbridge.overview.store import exam_of_instance
from gdtbridge.people import Patient

_DAY, _TITLE, _TEXT, _VALUE, _PATH = "6200", "8411", "6228", "8420", "6305"


class ItemKind(StrEnum):
    """What a message is to a person."""

    STUDY = "study"
    VALUES = "values"
    CORRECTION = "correction"
    """It says that an earlier result was sent in error."""
    RECALL = "recall"
    """A file that is to be taken back out of its folder."""
    ORDER_STATE = "order-state"
    MASTER_DATA = "master-data"
    RECORD = "record"
    """Any other GDT record."""
    ATTACHMENT = "attachment"
    COPY = "copy"
    """Objects of an exam for another archive."""
    CALL = "call"
    MAIL = "mail"
    ANSWER = "answer"
    """An answer to a device."""


_BY_KEY: Final = (
    ("study:", ItemKind.STUDY),
    ("values:", ItemKind.VALUES),
    ("retraction:", ItemKind.CORRECTION),
    (RECALLED_KEY, ItemKind.RECALL),
    ("state-", ItemKind.ORDER_STATE),
    ("stammdaten-", ItemKind.MASTER_DATA),
)
_BY_KIND: Final = {
    "attachment": ItemKind.ATTACHMENT,
    FORWARD: ItemKind.COPY,
    "webhook": ItemKind.CALL,
    "mail": ItemKind.MAIL,
    "commitment": ItemKind.ANSWER,
}


@dataclass(frozen=True, slots=True)
class DeliveryItem:
    """A message as a person sees it; what does not apply is empty. Names patients."""

    id: int
    destination: str
    kind: ItemKind
    since: float
    """When it was put; UTC seconds."""
    patient: Patient | None = None
    exam_id: int | None = None
    """Of which exam it is, where that is known."""
    title: str = ""
    """What the record calls the examination."""
    day: str = ""
    """Day of the examination as the record has it, DDMMYYYY."""
    values: int = 0
    files: int = 0
    """Attached files the record names."""
    file_name: str = ""
    event: str = ""
    """Event of a call."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MessageReader:
    """Reads messages as a person would; asks the database for who exams are of."""

    database: Database

    def read(self, messages: Sequence[WaitingMessage]) -> Iterator[DeliveryItem]:
        """Yield each message with whom and what it is about; raise a `BridgeError`."""
        if not messages:
            return
        with self.database.read() as connection:
            exams = {one.id: _exam_id(connection, one) for one in messages}
            known = _patients_of(connection, {one for one in exams.values() if one is not None})
        for one in messages:
            exam_id = exams[one.id]
            yield _item(one, exam_id, known.get(exam_id) if exam_id is not None else None)


def _exam_id(connection: Connection, message: WaitingMessage) -> int | None:
    """Return of which exam a message is, by its key or its payload."""
    if message.kind == FORWARD and message.payload.isdigit():
        return int(message.payload)
    first, _, rest = message.key.removeprefix(RECALLED_KEY).partition(":")
    second = rest.partition(":")[0]
    if message.kind == "gdt" and first == "values" and second.isdigit():
        return exam_of_instance(connection, int(second))
    if message.kind == "gdt" and first in {"study", "retraction"}:
        first = second
    elif message.kind != "attachment":
        return None
    exam = find_exam(connection, first)
    return exam.id if exam is not None else None


def _patients_of(connection: Connection, exam_ids: set[int]) -> Mapping[int, Patient]:
    """Return who exams are of where that is one person: as their chart has it, else as sent."""
    found: dict[int, Patient] = {}
    claims: dict[int, list[Claim]] = {}
    for claim in claim_store.claims_of_exams(connection, exam_ids):
        claims.setdefault(claim.exam_id, []).append(claim)
    for exam in exams_by_id(connection, exam_ids):
        people = by_person(exam, claims.get(exam.id, []))
        if len(people) == 1:
            found[exam.id] = people[0].sent_patient
    for result in result_store.results_of_exams(connection, exam_ids):
        if result.exam_id in found:
            found[result.exam_id] = result.patient
    moves = moves_of(connection, {one.id for one in found.values()})
    return {exam_id: replace(one, id=moves.now(one.id)) for exam_id, one in found.items()}


def _item(message: WaitingMessage, exam_id: int | None, patient: Patient | None) -> DeliveryItem:
    by_key = (kind for beginning, kind in _BY_KEY if message.key.startswith(beginning))
    usual = ItemKind.RECORD if message.kind == "gdt" else _BY_KIND[message.kind]
    kind = next(by_key, usual) if message.kind == "gdt" else usual
    record = _record(message)
    is_file = message.kind in {"gdt", "attachment"}
    return DeliveryItem(
        id=message.id,
        destination=message.destination,
        kind=kind,
        since=message.created_at,
        patient=record.patient if record is not None else patient,
        exam_id=exam_id,
        title=_title(record),
        day=(record.first(_DAY) or "") if record is not None else "",
        values=len(record.all(_VALUE)) if record is not None else 0,
        files=len(record.all(_PATH)) if record is not None else 0,
        file_name=(message.final_name or message.name) if is_file else "",
        event=message.name if message.kind == "webhook" else "",
        reason=message.last_error,
    )


def _record(message: WaitingMessage) -> Record | None:
    if message.kind != "gdt" or not message.payload:
        return None
    return next(iter(read_records(message.payload)), None)


def _title(record: Record | None) -> str:
    """Return how a chart shows a record: its first line of text, else the name of its test."""
    if record is None:
        return ""
    return record.first(_TEXT) or record.first(_TITLE) or ""
