"""Statements on what archives are asked; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from gdtbridge.confirmation.model import Confirmation, SentCopy
from gdtbridge.database import Connection
from gdtbridge.forward import store as copies
from gdtbridge.forward.model import CopyState, LeftIdentity
from gdtbridge.schema import forward_copy, inquiry, inquiry_copy, instance, left_identity

MOST_TOGETHER: Final = 500
"""Copies an archive is asked about at once."""
_SENT: Final = forward_copy.c.state == CopyState.SENT
_COPIES: Final = (
    sa.select(
        forward_copy.c.id,
        forward_copy.c.exam_id,
        instance.c.study_instance_uid,
        instance.c.series_instance_uid,
        instance.c.sop_class_uid,
        instance.c.sop_instance_uid,
        left_identity.c.said,
        forward_copy.c.sent_at,
        forward_copy.c.inquiries,
        forward_copy.c.losses,
    )
    .join(instance, instance.c.id == forward_copy.c.instance_id)
    .outerjoin(left_identity, left_identity.c.id == forward_copy.c.identity_id)
)


def _sent(row: Sequence[Any]) -> SentCopy:
    number, exam_id, study, series, kind, uid, said, *rest = row
    patient_id = LeftIdentity.parsed(said or "").PatientID
    return SentCopy(number, exam_id, study, series, kind, uid, patient_id, *rest)


def due(connection: Connection, destination: str, now: float, settled: float) -> list[SentCopy]:
    """Return the copies of one exam to ask an archive about now; none where nothing is due.

    Due is what was sent before ``settled`` and not asked about, and what is to be asked again.
    """
    here = _SENT, forward_copy.c.destination == destination
    unasked = forward_copy.c.confirm_at.is_(None), forward_copy.c.sent_at <= settled
    again = (forward_copy.c.confirm_at <= now,)
    for condition in (unasked, again):
        first = sa.select(forward_copy.c.exam_id).where(*here, *condition).limit(1)
        exam_id = connection.execute(first).scalar()
        if exam_id is None:
            continue
        mine = (*here, forward_copy.c.exam_id == exam_id, *condition)
        query = _COPIES.where(*mine).order_by(forward_copy.c.id).limit(MOST_TOGETHER)
        return [_sent(tuple(row)) for row in connection.execute(query)]
    return []


def unchanged(connection: Connection, some: Iterable[SentCopy]) -> list[SentCopy]:
    """Return those of some copies that are as they were read: sent then, and not again since."""
    known = {one.id: one for one in some}
    query = sa.select(forward_copy.c.id, forward_copy.c.sent_at)
    rows = connection.execute(query.where(_SENT, forward_copy.c.id.in_(known)))
    sent = dict(map(tuple, rows))
    return [one for one in known.values() if sent.get(one.id) == one.sent_at]


def next_due(connection: Connection, destination: str) -> float | None:
    """Return when an archive is to be asked again (UTC seconds), or None."""
    here = _SENT, forward_copy.c.destination == destination
    query = sa.select(sa.func.min(forward_copy.c.confirm_at)).where(*here)
    return connection.execute(query).scalar()


class KnownInquiry(NamedTuple):
    """A request of ours for commitment; times in UTC seconds."""

    id: int
    destination: str
    asked_at: float
    reported_at: float | None


def enter(
    connection: Connection, uid: str, destination: str, asked: Iterable[SentCopy], now: float
) -> None:
    """Enter that an archive is asked about copies under a Transaction UID."""
    row = sa.insert(inquiry).values(transaction_uid=uid, destination=destination, asked_at=now)
    number = connection.execute(row.returning(inquiry.c.id)).scalar_one()
    rows = [
        {"inquiry_id": number, "copy_id": one.id, "sop_instance_uid": one.sop_instance_uid}
        for one in asked
    ]
    connection.execute(sa.insert(inquiry_copy), rows)


def named(connection: Connection, uid: str) -> KnownInquiry | None:
    """Return the inquiry under a Transaction UID."""
    columns = [inquiry.c[name] for name in KnownInquiry._fields]
    query = sa.select(*columns).where(inquiry.c.transaction_uid == uid)
    row = connection.execute(query).one_or_none()
    return KnownInquiry(*row) if row is not None else None


def asked_about(connection: Connection, asked: KnownInquiry) -> list[SentCopy]:
    """Return the copies of an inquiry that are sent and have not been sent again since."""
    mine = inquiry_copy.c.inquiry_id == asked.id, forward_copy.c.sent_at <= asked.asked_at
    query = _COPIES.join(inquiry_copy, inquiry_copy.c.copy_id == forward_copy.c.id)
    rows = connection.execute(query.where(*mine, _SENT).order_by(forward_copy.c.id))
    return [_sent(tuple(row)) for row in rows]


def note_report(connection: Connection, number: int, now: float) -> None:
    """Enter that an archive has reported."""
    row = sa.update(inquiry).where(inquiry.c.id == number)
    connection.execute(row.values(reported_at=now))


def confirm(
    connection: Connection, found: Iterable[SentCopy], way: Confirmation, now: float
) -> None:
    """Enter that an archive keeps copies."""
    values = {
        "state": CopyState.CONFIRMED,
        "confirmed_at": now,
        "confirmed_by": way,
        "confirm_at": None,
        "reason": "",
    }
    copies.change(connection, [one.id for one in found], **values)


def forget(connection: Connection, before: float, most: int) -> None:
    """Remove inquiries made before then, some at a time."""
    query = sa.select(inquiry.c.id).where(inquiry.c.asked_at < before).limit(most)
    numbers = list(connection.execute(query).scalars())
    for table, column in ((inquiry_copy, inquiry_copy.c.inquiry_id), (inquiry, inquiry.c.id)):
        connection.execute(sa.delete(table).where(column.in_(numbers)))


def count_unconfirmed(connection: Connection, destination: str, most: int) -> int:
    """Return how many copies an archive has not confirmed, ``most`` at most."""
    here = _SENT, forward_copy.c.destination == destination
    some = sa.select(forward_copy.c.confirm_at).where(*here).limit(most).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


class UnconfirmedCopies(NamedTuple):
    """Copies an archive has not confirmed: how many (counted so far), since when, why."""

    copies: int
    since: float
    reason: str


def unconfirmed(
    connection: Connection, destination: str, before: float, most: int
) -> UnconfirmedCopies | None:
    """Return what was sent to an archive before then and is not confirmed, ``most`` at most."""
    some = (
        sa.select(forward_copy.c.sent_at, forward_copy.c.reason)
        .where(_SENT, forward_copy.c.destination == destination, forward_copy.c.sent_at < before)
        .limit(most)
        .subquery()
    )
    query = sa.select(sa.func.count(), sa.func.min(some.c.sent_at), sa.func.max(some.c.reason))
    count, since, reason = connection.execute(query.select_from(some)).one()
    return UnconfirmedCopies(count, since, reason) if count else None


class LostCopies(NamedTuple):
    """Copies of a study an archive does not have although it had said so, of how many."""

    destination: str
    study_instance_uid: str
    lost: int
    accepted: int
    since: float


def lost(connection: Connection, most: int) -> list[LostCopies]:
    """Return what was lost as often as it was sent, the oldest first."""
    table = forward_copy
    other = table.alias()
    accepted = (
        sa.select(sa.func.count())
        .where(
            other.c.exam_id == table.c.exam_id,
            other.c.destination == table.c.destination,
            other.c.sent_at.is_not(None),
        )
        .scalar_subquery()
    )
    since = sa.func.min(table.c.sent_at)
    study = sa.func.min(instance.c.study_instance_uid)
    query = (
        sa.select(table.c.destination, study, sa.func.count(), accepted, since)
        .join(instance, instance.c.id == table.c.instance_id)
        .where(table.c.state == CopyState.FAILED, table.c.losses > 0)
        .group_by(table.c.destination, table.c.exam_id)
        .order_by(since)
        .limit(most)
    )
    return [LostCopies(*row) for row in connection.execute(query)]
