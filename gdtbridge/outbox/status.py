"""The figures of each destination, read from the table ``outbox`` alone: no folder is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.health import Figure, PartState
from gdtbridge.outbox.collection_store import DAYS, lying_files
from gdtbridge.outbox.due_store import BEFORE, able
from gdtbridge.outbox.model import (
    ALARM_SECONDS,
    COMMITMENT,
    FORWARD,
    MAIL,
    NOTHING_LIES,
    UNCOLLECTED,
    UNCOLLECTED_SECONDS,
    WAITING,
    DeliveryState,
    LyingFiles,
    PlaceProblem,
    Sender,
)
from gdtbridge.outbox.pauses import DeliveryPause, last_pause, left_out
from gdtbridge.schema import outbox as table
from gdtbridge.statement import Statement


@dataclass(frozen=True, slots=True)
class DestinationStatus:
    """Figures of one destination; ages in seconds, times in UTC seconds."""

    destination: str
    kind: str
    pending: int
    oldest_pending_age: float
    """Of the messages that could leave; those waiting for another message do not count."""
    failed: int
    questions: int
    last_error: str
    last_delivered_at: float | None
    must_arrive: bool
    """Whether its messages are tried for ever, so that one that waits for long is an alarm.

    Those of a mail server, of devices and of other archives, which are off at night, are told
    otherwise."""
    place: PlaceProblem | None = None
    """What is wrong with its folder."""
    lying: LyingFiles = NOTHING_LIES
    pause: DeliveryPause | None = None
    """The pause that lasts: what waits is no alarm."""
    left_out: int = 0
    """Messages whose time ended during a pause."""

    @property
    def stuck(self) -> bool:
        """Whether a message that must arrive waits for too long, or would: the folder is away."""
        if self.pause is not None:
            return False
        if self.place is PlaceProblem.MISSING:
            return True
        patience = UNCOLLECTED_SECONDS if self.last_error == UNCOLLECTED else ALARM_SECONDS
        return self.must_arrive and self.oldest_pending_age > patience

    @property
    def mail_refused(self) -> bool:
        """Whether a mail server takes nothing; the bridge itself does its work without."""
        late = self.oldest_pending_age > ALARM_SECONDS
        return self.kind == MAIL and late and bool(self.last_error)

    @property
    def alarm(self) -> bool:
        """Whether a person has to look: a question is open or a result waits for too long."""
        misplaced = self.place is not None and self.pause is None
        return self.questions > 0 or self.stuck or misplaced

    @property
    def state(self) -> PartState:
        """Whether it takes what it gets, and the sentence, for readiness; a question waits."""
        figures: dict[Figure, float] = {
            Figure("gdtbridge_outbox_waiting", self.destination): self.pending,
            Figure("gdtbridge_outbox_oldest_seconds", self.destination): self.oldest_pending_age,
            Figure("gdtbridge_outbox_questions", self.destination): self.questions,
            Figure("gdtbridge_outbox_failed", self.destination): self.failed,
            Figure("gdtbridge_outbox_uncollected", self.destination): self.lying.count,
        }
        return PartState(not self.stuck, self.sentence, figures=figures, waits=self.waits)

    @property
    def waits(self) -> bool:
        """Whether what it has cannot leave now: it is paused, or the last attempt failed."""
        return self.pending > 0 and (self.pause is not None or bool(self.last_error))

    @property
    def sentence(self) -> str:
        """One line for a person, German first."""
        if self.pause is not None:
            return (
                f"{self.destination}: angehalten, {self.pending} wartend, {self.questions} offene "
                f"Fragen. / paused, {self.pending} waiting, {self.questions} open questions."
            )
        minutes = int(self.oldest_pending_age // 60)
        told = self.place or self.last_error
        cause = f" [{told}]" if told and (self.pending or self.alarm) else ""
        return (
            f"{self.destination}: {self.pending} wartend (seit {minutes} min), "
            f"{self.questions} offene Fragen, {self.failed} aufgegeben. / {self.pending} waiting "
            f"(for {minutes} min), {self.questions} open questions, {self.failed} given up.{cause}"
        )


# A list, not "other than delivered": the index is used, and what was delivered is not counted.
_NOT_DELIVERED: Final = table.c.state.in_((*WAITING, DeliveryState.QUESTION, DeliveryState.FAILED))
_DESTINATION: Final = sa.bindparam("destination", type_=table.c.destination.type)
_HERE: Final = table.c.destination == _DESTINATION
_COUNTS: Final = Statement(
    sa.select(table.c.state, sa.func.count()).where(_HERE, _NOT_DELIVERED).group_by(table.c.state)
)
_OLDEST: Final = Statement(
    able(_DESTINATION).with_only_columns(
        sa.func.min(sa.func.coalesce(BEFORE.c.delivered_at, table.c.created_at))
    )
)
_FIRST_RECALL: Final = Statement(
    sa.select(sa.func.min(table.c.next_at)).where(_HERE, table.c.state == DeliveryState.RECALLING)
)
"""Since when the file of a message is to be taken back."""
_LAST_ERROR: Final = Statement(
    sa.select(table.c.last_error)
    .where(_HERE, _NOT_DELIVERED, table.c.last_error != "")
    .order_by(table.c.id.desc())
    .limit(1)
)
"""The reason of the newest message that has one and did not arrive."""
_LAST_DELIVERED: Final = Statement(sa.select(sa.func.max(table.c.delivered_at)).where(_HERE))


def destinations(connection: Connection) -> dict[str, str]:
    """Return the kind of each destination that has undelivered messages or open questions."""
    waits = table.c.state.in_((*WAITING, DeliveryState.QUESTION))
    query = sa.select(table.c.destination, table.c.kind).where(waits).distinct()
    return {row.destination: row.kind for row in connection.execute(query)}


def destination_status(
    connection: Connection,
    destination: str,
    sender: Sender,
    now: float,
    place: PlaceProblem | None = None,
) -> DestinationStatus:
    """Return the figures of one destination at ``now`` (UTC seconds)."""
    counts = _counts(connection, destination)
    pause = last_pause(connection, destination)
    oldest = _oldest(connection, destination, pause)
    if counts.get(DeliveryState.RECALLING):
        called = _FIRST_RECALL.value(connection, destination=destination)
        oldest = min(one for one in (oldest, called) if one is not None)
    return DestinationStatus(
        destination=destination,
        kind=sender.kind,
        pending=sum(counts.get(state, 0) for state in WAITING),
        oldest_pending_age=max(0.0, now - oldest) if oldest is not None else 0.0,
        failed=counts.get(DeliveryState.FAILED, 0),
        questions=counts.get(DeliveryState.QUESTION, 0),
        last_error=_LAST_ERROR.value(connection, destination=destination) or "",
        last_delivered_at=_LAST_DELIVERED.value(connection, destination=destination),
        must_arrive=sender.lifetime is None and sender.kind not in {MAIL, COMMITMENT, FORWARD},
        place=place,
        lying=lying_files(connection, destination, now - DAYS * DAY_SECONDS),
        pause=pause if pause is not None and pause.lasts else None,
        left_out=left_out(connection, destination) if pause is not None else 0,
    )


def _counts(connection: Connection, destination: str) -> dict[DeliveryState, int]:
    rows = _COUNTS.rows(connection, destination=destination)
    return {DeliveryState(state): count for state, count in rows}


def _oldest(connection: Connection, destination: str, pause: DeliveryPause | None) -> float | None:
    """Return since when the longest waiting message could have left; none while it is paused."""
    found: float | None = _OLDEST.value(connection, destination=destination)
    ended = pause.ended_at if pause is not None else None
    return max(found, ended) if found is not None and ended is not None else found
