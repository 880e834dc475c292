"""Statements about the tables ``commitment`` and ``commitment_reference``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from gdtbridge.commitment.model import (
    CommitmentOverview,
    CommitmentRequest,
    CommitmentState,
    FailureReason,
    InstanceVerdict,
    ReferencedInstance,
)
from gdtbridge.database import Connection
from gdtbridge.outbox.model import OPEN
from gdtbridge.schema import commitment, commitment_reference, outbox

_REQUESTED: Final = commitment.c.state == CommitmentState.REQUESTED
_UNDER_WAY: Final = sa.and_(
    commitment.c.state == CommitmentState.VERIFIED, outbox.c.state.in_(OPEN)
)
"""The answer is on its way."""
_IS_OPEN: Final = sa.or_(_REQUESTED, _UNDER_WAY)
_WITH_MESSAGE: Final = commitment.outerjoin(outbox, outbox.c.id == commitment.c.message_id)


class KnownCommitment(NamedTuple):
    """A request as the table has it; times in UTC seconds."""

    id: int
    transaction_uid: str
    calling_aet: str
    called_aet: str
    peer: str
    same_association: bool
    asked: str
    state: str
    round: int
    requested_at: float
    expires_at: float
    missing: int
    message_id: int | None

    @property
    def is_by_web(self) -> bool:
        """Whether the answer will be fetched (`CommitmentRequest`)."""
        return not self.peer


_KNOWN: Final = sa.select(*(commitment.c[name] for name in KnownCommitment._fields))


def enter(connection: Connection, asked: CommitmentRequest, now: float, until: float) -> int:
    """Enter a request, to be looked at now; return its id."""
    row = sa.insert(commitment).values(
        transaction_uid=asked.transaction_uid,
        calling_aet=asked.calling_aet,
        called_aet=asked.called_aet,
        peer=asked.peer,
        same_association=asked.same_association,
        asked=asked.asked,
        state=CommitmentState.REQUESTED,
        round=1,
        requested_at=now,
        due_at=now,
        expires_at=until,
        missing=len(asked.references),
    )
    number = connection.execute(row.returning(commitment.c.id)).scalar_one()
    connection.execute(
        sa.insert(commitment_reference),
        [
            {
                "commitment_id": number,
                "position": position,
                "sop_class_uid": one.sop_class_uid,
                "sop_instance_uid": one.sop_instance_uid,
                "failure_reason": one.failure,
            }
            for position, one in enumerate(asked.references)
        ],
    )
    return int(number)


def open_one(connection: Connection, transaction_uid: str, aet: str) -> KnownCommitment | None:
    """Return the request of a device under that UID that is not answered and not ended."""
    here = commitment.c.transaction_uid == transaction_uid, commitment.c.calling_aet == aet
    query = _KNOWN.select_from(_WITH_MESSAGE).where(*here, _IS_OPEN)
    row = connection.execute(query.order_by(commitment.c.id.desc()).limit(1)).one_or_none()
    return KnownCommitment(*row) if row is not None else None


def last_by_web(connection: Connection, transaction_uid: str, aet: str) -> KnownCommitment | None:
    """Return what a program asked by the web under that UID, whether it is answered or not."""
    here = commitment.c.transaction_uid == transaction_uid, commitment.c.calling_aet == aet
    query = _KNOWN.where(*here, commitment.c.peer == "").order_by(commitment.c.id.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    return KnownCommitment(*row) if row is not None else None


def count_open(connection: Connection, aet: str) -> int:
    """Return how many requests of a device are not answered and not ended."""
    query = sa.select(sa.func.count()).select_from(_WITH_MESSAGE)
    here = query.where(commitment.c.calling_aet == aet, _IS_OPEN)
    return connection.execute(here).scalar_one()


def by_id(connection: Connection, number: int) -> KnownCommitment | None:
    """Return a request."""
    row = connection.execute(_KNOWN.where(commitment.c.id == number)).one_or_none()
    return KnownCommitment(*row) if row is not None else None


def first_due(connection: Connection, now: float) -> KnownCommitment | None:
    """Return the request that has been due for longest."""
    query = _KNOWN.where(_REQUESTED, commitment.c.due_at <= now)
    row = connection.execute(query.order_by(commitment.c.due_at).limit(1)).one_or_none()
    return KnownCommitment(*row) if row is not None else None


def next_due(connection: Connection) -> float | None:
    """Return when the next request is due (UTC seconds)."""
    query = sa.select(sa.func.min(commitment.c.due_at)).where(_REQUESTED)
    return connection.execute(query).scalar()


def references(connection: Connection, number: int) -> list[ReferencedInstance]:
    """Return what a request asks about, in the order of the device."""
    table = commitment_reference
    query = sa.select(table.c.sop_class_uid, table.c.sop_instance_uid, table.c.failure_reason)
    here = query.where(table.c.commitment_id == number).order_by(table.c.position)
    return [
        ReferencedInstance(kind, uid, FailureReason(reason) if reason is not None else None)
        for kind, uid, reason in connection.execute(here)
    ]


def change(connection: Connection, number: int, **values: object) -> None:
    """Change a request."""
    connection.execute(sa.update(commitment).where(commitment.c.id == number).values(values))


def note_verdicts(
    connection: Connection, number: int, verdicts: Mapping[int, InstanceVerdict]
) -> None:
    """Enter by position what was found of instances."""
    table = commitment_reference
    update = (
        sa.update(table)
        .where(table.c.commitment_id == number, table.c.position == sa.bindparam("at"))
        .values(failure_reason=sa.bindparam("why"), instance_id=sa.bindparam("broken"))
    )
    rows = [
        {"at": position, "why": one.reason, "broken": one.instance_id}
        for position, one in verdicts.items()
    ]
    if rows:
        connection.execute(update, rows)


def reopen_unanswered(connection: Connection, now: float) -> Sequence[int]:
    """Have everything verified anew whose answer was not taken; return the answers' ids.

    For a database that was copied: what was verified then may not be here now. Nor are the
    answers that were not sent but may still be fetched.
    """
    by_web = sa.select(commitment.c.id).where(
        commitment.c.peer == "", commitment.c.state == CommitmentState.VERIFIED
    )
    for number in connection.execute(by_web).scalars().all():
        again(connection, number, now, now)
    query = sa.select(commitment.c.id, commitment.c.message_id).select_from(_WITH_MESSAGE)
    found = connection.execute(query.where(_UNDER_WAY)).all()
    for number, _ in found:
        again(connection, number, now, now)
    return [message for _, message in found]


def again(connection: Connection, number: int, now: float, until: float) -> None:
    """Have a request looked at as if it came now."""
    values = {
        "state": CommitmentState.REQUESTED,
        "round": commitment.c.round + 1,
        "requested_at": now,
        "due_at": now,
        "expires_at": until,
        "verified_at": None,
        "message_id": None,
    }
    connection.execute(sa.update(commitment).where(commitment.c.id == number).values(values))
    table = commitment_reference
    found = table.c.failure_reason != FailureReason.CLASS_NOT_SUPPORTED  # the rest was looked up
    forgotten = sa.update(table).where(table.c.commitment_id == number, found)
    connection.execute(forgotten.values(failure_reason=None, instance_id=None))


def overview(
    connection: Connection, *, only_open: bool, number: int | None = None
) -> list[CommitmentOverview]:
    """Return requests as a person sees them, the oldest first; of one ``number`` alone."""
    table = commitment_reference
    mine = table.c.commitment_id == commitment.c.id
    count = sa.select(sa.func.count()).where(mine)
    failed = count.where(table.c.failure_reason.is_not(None))
    query = sa.select(
        commitment.c.id,
        commitment.c.transaction_uid,
        commitment.c.calling_aet,
        commitment.c.peer,
        commitment.c.state,
        commitment.c.requested_at,
        count.scalar_subquery(),
        failed.scalar_subquery(),
        sa.func.coalesce(outbox.c.state.in_(OPEN), sa.false()),
        sa.func.coalesce(outbox.c.last_error, ""),
    ).select_from(_WITH_MESSAGE)
    if only_open:
        query = query.where(_IS_OPEN)
    if number is not None:
        query = query.where(commitment.c.id == number)
    return [
        CommitmentOverview(
            one, uid, aet, peer, CommitmentState(state), at, count, failures, bool(waits), error
        )
        for one, uid, aet, peer, state, at, count, failures, waits, error in connection.execute(
            query.order_by(commitment.c.id)
        )
    ]


class WaitingDevice(NamedTuple):
    """A device that has not taken answers: how many, since when (UTC seconds), one of them."""

    calling_aet: str
    peer: str
    answers: int
    since: float
    commitment_id: int
    last_error: str


def waiting_devices(connection: Connection, most: int) -> list[WaitingDevice]:
    """Return the devices answers wait for, the longest waiting first."""
    since = sa.func.min(commitment.c.requested_at)
    query = (
        sa.select(
            commitment.c.calling_aet,
            commitment.c.peer,
            sa.func.count(),
            since,
            sa.func.min(commitment.c.id),
            sa.func.max(outbox.c.last_error),
        )
        .select_from(_WITH_MESSAGE)
        .where(_UNDER_WAY)
        .group_by(commitment.c.calling_aet, commitment.c.peer)
        .order_by(since)
        .limit(most)
    )
    return [WaitingDevice(*row) for row in connection.execute(query)]


def forget(connection: Connection, before: float, most: int) -> int:
    """Remove requests that were answered or ended, and asked before then; return how many.

    That an instance was promised stays with the instance.
    """
    query = sa.select(commitment.c.id).select_from(_WITH_MESSAGE)
    old = query.where(sa.not_(_IS_OPEN), commitment.c.requested_at < before).limit(most)
    numbers: Iterable[int] = list(connection.execute(old).scalars())
    for table, column in (
        (commitment_reference, commitment_reference.c.commitment_id),
        (commitment, commitment.c.id),
    ):
        connection.execute(sa.delete(table).where(column.in_(numbers)))
    return len(list(numbers))
