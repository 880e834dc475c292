"""Statements on the tables of forwarding; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import Standing
from gdtbridge.database import Connection
from gdtbridge.exams.model import ClaimState, HoldReason
from gdtbridge.forward.model import CopyState, ForwardCopy, LeftIdentity, WrongCopy
from gdtbridge.forward.plan import Fate, Mistake
from gdtbridge.forward.rules import ForwardFacts
from gdtbridge.schema import claim, exam, instance, left_identity, wrong_copy
from gdtbridge.schema import forward_copy as table
from gdtbridge.statement import InsertStatement

RESTORED: Final = (
    "Die Datenbank wurde zurückgespielt: Es kann schon gesendet sein. / The database was restored: "
    "it may have been sent before."
)
_COLUMNS: Final = [table.c[one.name] for one in fields(ForwardCopy)]
_ENTER_IDENTITY: Final = InsertStatement(left_identity)
_AT_ONCE: Final = 500
"""Ids named in one statement."""


def _copy(row: Sequence[Any]) -> ForwardCopy:
    values = dict(zip((one.name for one in fields(ForwardCopy)), row, strict=True))
    return ForwardCopy(**{**values, "state": CopyState(values["state"])})


def copies_of_exam(connection: Connection, exam_id: int, destination: str) -> list[ForwardCopy]:
    """Return the copies of an exam's objects at one archive, in the order entered."""
    here = (table.c.exam_id == exam_id, table.c.destination == destination)
    query = sa.select(*_COLUMNS).where(*here).order_by(table.c.id)
    return [_copy(tuple(row)) for row in connection.execute(query)]


def copies(
    connection: Connection, *conditions: sa.ColumnElement[bool], limit: int
) -> list[ForwardCopy]:
    """Return the newest copies that fulfil conditions on ``forward_copy``."""
    query = sa.select(*_COLUMNS).where(*conditions).order_by(table.c.id.desc()).limit(limit)
    return [_copy(tuple(row)) for row in connection.execute(query)]


def enter(
    connection: Connection, exam_id: int, instances: Iterable[int], destination: str, now: float
) -> None:
    """Enter copies that are to leave."""
    rows = [
        {
            "exam_id": exam_id,
            "instance_id": one,
            "destination": destination,
            "state": CopyState.WAITING,
            "entered_at": now,
        }
        for one in instances
    ]
    if rows:
        connection.execute(sa.insert(table), rows)


def change(connection: Connection, ids: Iterable[int], **values: object) -> None:
    """Set columns of copies."""
    wanted = list(ids)
    for first in range(0, len(wanted), _AT_ONCE):
        here = table.c.id.in_(wanted[first : first + _AT_ONCE])
        connection.execute(sa.update(table).where(here).values(values))


def send_anew(connection: Connection, ids: Iterable[int], **values: object) -> None:
    """Let copies leave (again) as if they never had."""
    anew: dict[str, object] = {
        "state": CopyState.WAITING,
        "identity_id": None,
        "attempts": 0,
        "reason": "",
        "confirmed_at": None,
        "confirmed_by": "",
        "confirm_at": None,
        "inquiries": 0,
        "losses": 0,
    }
    change(connection, ids, **{**anew, **values})


def identity_id(connection: Connection, identity: LeftIdentity) -> int:
    """Return the id of an identity, entering it where it is new."""
    said = identity.said
    known = sa.select(left_identity.c.id).where(left_identity.c.said == said)
    found: int | None = connection.execute(known).scalar()
    if found is not None:
        return found
    return _ENTER_IDENTITY.run(connection, said=said)


def identities(connection: Connection, ids: Iterable[int | None]) -> dict[int, LeftIdentity]:
    """Return identities by their ids."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    query = sa.select(left_identity.c.id, left_identity.c.said)
    rows = connection.execute(query.where(left_identity.c.id.in_(wanted)))
    return {number: LeftIdentity.parsed(said) for number, said in rows}


def facts_of(
    connection: Connection, instances: Mapping[int, tuple[str, str]]
) -> dict[int, ForwardFacts]:
    """Return what rules ask of instances; given are Modality and SOP Class UID by id."""
    query = sa.select(instance.c.id, instance.c.calling_aet, instance.c.called_aet)
    rows = connection.execute(query.where(instance.c.id.in_(list(instances))))
    return {
        number: ForwardFacts(device, called, *instances[number]) for number, device, called in rows
    }


def fates_of(connection: Connection, instances: Iterable[int]) -> dict[int, Fate]:
    """Return why instances, which are not among those that may leave, do not."""
    query = (
        sa.select(instance.c.id, instance.c.standing, claim.c.state, claim.c.held_because)
        .select_from(instance.outerjoin(claim, claim.c.id == instance.c.claim_id))
        .where(instance.c.id.in_(list(instances)))
    )
    return {number: _fate(*said) for number, *said in connection.execute(query)}


def _fate(standing: str, state: str | None, because: str | None) -> Fate:
    if standing != Standing.CURRENT:
        return Fate.REPLACED
    if state == ClaimState.DISCARDED or because == HoldReason.WITHDRAWN:
        return Fate.TAKEN_BACK
    return Fate.UNDECIDED


def counts(
    connection: Connection, states: Iterable[CopyState] = tuple(CopyState)
) -> dict[tuple[str, CopyState], int]:
    """Return how many copies there are of each archive in each of some states."""
    query = (
        sa.select(table.c.destination, table.c.state, sa.func.count())
        .where(table.c.state.in_(list(states)))
        .group_by(table.c.destination, table.c.state)
    )
    return {(to, CopyState(state)): count for to, state, count in connection.execute(query)}


def give_up_waiting(connection: Connection) -> None:
    """Have a person say of what was to leave when the database was copied whether it is sent."""
    waits = table.c.state == CopyState.WAITING
    values = {"state": CopyState.FAILED, "reason": RESTORED}
    connection.execute(sa.update(table).where(waits).values(values))


# ---------------------------------------------------------------------------- wrong copies


def note_mistakes(
    connection: Connection,
    exam_id: int,
    destination: str,
    mistakes: Sequence[Mistake],
    now: float,
) -> None:
    """Enter what an archive has and should not; of what is open already, what is right now."""
    for has in dict.fromkeys(one.has for one in mistakes):
        mine = [one for one in mistakes if one.has == has]
        right = mine[-1].now
        values = {"now": right.said if right is not None else "", "copies": len(mine)}
        here = sa.and_(
            wrong_copy.c.exam_id == exam_id,
            wrong_copy.c.destination == destination,
            wrong_copy.c.said == has.said,
            wrong_copy.c.settled_at.is_(None),
        )
        if connection.execute(sa.update(wrong_copy).where(here).values(values)).rowcount:
            continue
        told = {"exam_id": exam_id, "destination": destination, "said": has.said, "since": now}
        connection.execute(sa.insert(wrong_copy).values(**told, **values))


def follow_mistakes(
    connection: Connection, exam_id: int, destination: str, right: LeftIdentity
) -> None:
    """Let open mistakes of an exam, of which nothing was decided, say what is right now."""
    here = sa.and_(
        wrong_copy.c.exam_id == exam_id,
        wrong_copy.c.destination == destination,
        wrong_copy.c.settled_at.is_(None),
    )
    undecided = sa.and_(here, wrong_copy.c.now == "")
    connection.execute(sa.update(wrong_copy).where(undecided).values(now=right.said))


def open_mistakes(connection: Connection, limit: int) -> list[WrongCopy]:
    """Return what a person has not seen to, the oldest first."""
    query = (
        sa.select(
            wrong_copy.c.id,
            wrong_copy.c.exam_id,
            exam.c.study_instance_uid,
            wrong_copy.c.destination,
            wrong_copy.c.said,
            wrong_copy.c.now,
            wrong_copy.c.copies,
            wrong_copy.c.since,
        )
        .select_from(wrong_copy.join(exam, exam.c.id == wrong_copy.c.exam_id))
        .where(wrong_copy.c.settled_at.is_(None))
        .order_by(wrong_copy.c.id)
        .limit(limit)
    )
    return [_mistake(*row) for row in connection.execute(query)]


def _mistake(
    number: int, exam_id: int, study: str, to: str, said: str, now: str, count: int, since: float
) -> WrongCopy:
    right = LeftIdentity.parsed(now) if now else None
    return WrongCopy(number, exam_id, study, to, LeftIdentity.parsed(said), right, count, since)


def settle_mistake(connection: Connection, number: int, now: float) -> bool:
    """Note that a person has seen to a mistake; return whether it was open."""
    here = sa.and_(wrong_copy.c.id == number, wrong_copy.c.settled_at.is_(None))
    done = connection.execute(sa.update(wrong_copy).where(here).values(settled_at=now))
    return bool(done.rowcount)
