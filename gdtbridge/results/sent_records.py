"""The records of an exam as they were sent: what they say, and sending one once more."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import DAY_SECONDS, Clock
from gdtbridge.errors import NotFound, TooLate
from gdtbridge.exams import claim_store, history_store, result_store
from gdtbridge.exams.model import ClaimState, EventKind, ExamEvent, ExamResult
from gdtbridge.orders.patient_moves import NumberMoves, moves_of
from gdtbridge.outbox import Message, Outbox
from gdtbridge.outbox.collection_store import DAYS, lying_files
from gdtbridge.outbox.model import OPEN, DeliveryState
from gdtbridge.outbox.waiting import payload_of
from gdtbridge.results.deliveries import RecordDelivery, deliveries_of
from gdtbridge.results.message_keys import again_key, digest, first_key

log = logging.getLogger(__name__)

NO_RECORD: Final = (
    "Einen solchen Datensatz hat diese Untersuchung nicht. / The exam has no such record."
)
SENT_MEANWHILE: Final = (
    "Der Datensatz wurde inzwischen schon noch einmal gesendet. Ein weiteres Mal nur, wenn das "
    "gemeint ist. / The record was sent again meanwhile; once more only if that is meant."
)
REFUSED: Final = (
    "Dieser Datensatz kann jetzt nicht noch einmal gesendet werden; warum, steht bei ihm. / This "
    "record cannot be sent again now; the reason stands beside it."
)


class ResendObstacle(StrEnum):
    """Why a record is not sent once more, in the order in which it is looked for."""

    UNCLEAR = "unclear"
    """Something of the exam is held: whose it is has to be said first."""
    RENUMBERED = "renumbered"
    """The patient's number became another one; the record has the former one."""
    TAKEN_BACK = "taken-back"
    """What it says of the chart does not hold any more."""
    NO_DESTINATION = "no-destination"
    """The settings do not name the route any more."""
    ASKED = "asked"
    """A person is asked whether it arrived, and the answer sends it."""
    ON_ITS_WAY = "on-its-way"
    LIES = "lies"
    """Its file lies in the folder, and practice software collects files there."""


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A GDT record of an exam, sent once or several times.

    ``sendings`` are the same bytes, the oldest first; at least one.
    """

    sendings: tuple[RecordDelivery, ...]
    obstacle: ResendObstacle | None
    """Why it is not sent once more; None where it may be."""

    @property
    def key(self) -> str:
        """Key under which it was put for the first time."""
        return first_key(self.sendings[0].key)

    @property
    def may_double(self) -> bool:
        """Whether the chart may have it already."""
        return any(one.state is DeliveryState.DELIVERED for one in self.sendings)

    @property
    def next_sending(self) -> int:
        """For which time it would be sent, from 2."""
        return len(self.sendings) + 1


@dataclass(frozen=True, slots=True)
class SentRecords:
    """Tells what left of an exam for practice software, and sends it again. Thread-safe."""

    database: Database
    outbox: Outbox
    clock: Clock

    def of(self, connection: Connection, exam_id: int) -> tuple[SentRecord, ...]:
        """Return the records of an exam, the oldest first, in the caller's transaction."""
        found: dict[str, list[RecordDelivery]] = {}
        for one in deliveries_of(connection, [exam_id]):
            found.setdefault(first_key(one.key), []).append(one)
        if not found:
            return ()
        charts = _charts(connection, exam_id)
        return tuple(
            SentRecord(tuple(sendings), self._obstacle(connection, sendings, charts))
            for sendings in found.values()
        )

    def send_again(self, exam_id: int, record: int, sending: int, who: str) -> None:
        """Send the record with an id of the outbox for the ``sending``-th time.

        Said twice it is sent once. Raises `NotFound` for a record that is none of the exam's, and
        `TooLate` where it has an obstacle, or was sent again since ``sending`` was told.
        """
        with self.database.write() as connection:
            one = _found(self.of(connection, exam_id), record)
            first = one.sendings[0]
            key = again_key(first.key, sending)
            if any(known.key == key for known in one.sendings):
                return
            if sending != one.next_sending:
                raise TooLate(SENT_MEANWHILE)
            if one.obstacle is not None:
                raise TooLate(REFUSED)
            content = payload_of(connection, first.id)
            self.outbox.put(connection, Message("gdt", first.destination, key, first.name, content))
            event = ExamEvent(self.clock.utc(), who, EventKind.SENT_AGAIN, 0, {})
            history_store.note_event(connection, exam_id, event)
        self.outbox.wake()
        log.info("exam %d: record %d is sent again", exam_id, first.id)

    def content(self, connection: Connection, exam_id: int, record: int) -> bytes:
        """Return the bytes of a record as they left; raise `NotFound`."""
        one = _found(self.of(connection, exam_id), record)
        return payload_of(connection, one.sendings[0].id)

    def _obstacle(
        self, connection: Connection, sendings: Sequence[RecordDelivery], charts: _Charts
    ) -> ResendObstacle | None:
        if charts.are_unclear:
            return ResendObstacle.UNCLEAR
        first = sendings[0]
        if (of_chart := charts.obstacle(first)) is not None:
            return of_chart
        if self.outbox.sender_of(first.destination) is None:
            return ResendObstacle.NO_DESTINATION
        states = {one.state for one in sendings}
        if DeliveryState.QUESTION in states:
            return ResendObstacle.ASKED
        if not states.isdisjoint(OPEN):
            return ResendObstacle.ON_ITS_WAY
        return ResendObstacle.LIES if self._lies(connection, sendings) else None

    def _lies(self, connection: Connection, sendings: Sequence[RecordDelivery]) -> bool:
        since = self.clock.utc() - DAYS * DAY_SECONDS
        lies = any(
            one.collected_at is None and one.delivered_at is not None and one.delivered_at > since
            for one in sendings
        )
        folder = lying_files(connection, sendings[0].destination, since)
        return lies and folder.last_collected_at is not None


@dataclass(frozen=True, slots=True)
class _Charts:
    """Which charts have something of an exam, by the digest of their number."""

    results: Mapping[str, Sequence[ExamResult]]
    withdrawals: Mapping[str, int]
    moves: NumberMoves
    are_unclear: bool

    def obstacle(self, record: RecordDelivery) -> ResendObstacle | None:
        """Return why a record does not hold any more for its chart."""
        results = self.results.get(record.chart, ())
        if any(self.moves.now(one.patient_id) != one.patient_id for one in results):
            return ResendObstacle.RENUMBERED
        has = any(one.withdrawn_at is None for one in results)
        if record.is_retraction:
            return ResendObstacle.TAKEN_BACK if has or not results else None
        is_last = record.turn == self.withdrawals.get(record.chart, 0)
        return None if has and is_last else ResendObstacle.TAKEN_BACK


def _charts(connection: Connection, exam_id: int) -> _Charts:
    results: dict[str, list[ExamResult]] = {}
    for one in result_store.results_of(connection, exam_id, withdrawn=True):
        results.setdefault(digest(one.patient_id), []).append(one)
    numbers = {chart: found[0].patient_id for chart, found in results.items()}
    claims = claim_store.claims_of(connection, exam_id)
    return _Charts(
        results,
        {
            chart: history_store.withdrawals(connection, exam_id, number)
            for chart, number in numbers.items()
        },
        moves_of(connection, numbers.values()),
        any(one.state is ClaimState.HELD for one in claims),
    )


def _found(records: Sequence[SentRecord], record: int) -> SentRecord:
    for one in records:
        if any(sending.id == record for sending in one.sendings):
            return one
    raise NotFound(NO_RECORD)
