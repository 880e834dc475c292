"""Statements on the tables of forwarding; every call works inside the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import Standing
from gdtbridge.database import Connection
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import ClaimState
from gdtbridge.forward import mistakes
from gdtbridge.forward.model import (
    CopyState,
    FailedCopies,
    ForwardCopy,
    LeftIdentity,
    ListedCopy,
)
from gdtbridge.forward.plan import ClaimStanding, CopyPlan, Fate
from gdtbridge.forward.rules import ForwardFacts
from gdtbridge.schema import claim, exam, instance, left_identity
from gdtbridge.schema import forward_copy as table
from gdtbridge.statement import InsertStatement, Statement, UpdateStatement

RESTORED: Final = (
    "Die Datenbank wurde zurückgespielt: Es kann schon gesendet sein. / The database was restored: "
    "it may have been sent before."
)
_COLUMNS: Final = [table.c[one.name] for one in fields(ForwardCopy)]
_ENTER_IDENTITY: Final = InsertStatement(left_identity)
_STANDING: Final = Statement(
    sa.select(claim.c.state, claim.c.number, claim.c.order_number).where(
        claim.c.id == sa.bindparam("claim")
    )
)
_UPDATE_WAITING: Final = UpdateStatement(
    table,
    sa.and_(
        table.c.id == sa.bindparam("copy"),
        table.c.entered_at == sa.bindparam("entered"),
        table.c.state == CopyState.WAITING,
    ),
)
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


def copies_numbered(connection: Connection, ids: Iterable[int]) -> list[ForwardCopy]:
    """Return copies by their ids."""
    query = sa.select(*_COLUMNS).where(table.c.id.in_(list(ids))).order_by(table.c.id)
    return [_copy(tuple(row)) for row in connection.execute(query)]


def copies_in(
    connection: Connection, destinations: Iterable[str], states: Iterable[CopyState]
) -> list[ForwardCopy]:
    """Return the copies of some archives that are in some states."""
    query = sa.select(*_COLUMNS).where(
        table.c.state.in_(list(states)), table.c.destination.in_(list(destinations))
    )
    return [_copy(tuple(row)) for row in connection.execute(query.order_by(table.c.id))]


def listed(
    connection: Connection, states: Iterable[CopyState], to: str, study: str, limit: int
) -> list[ListedCopy]:
    """Return the newest copies in some states, to one archive and of one study if named."""
    query = (
        sa.select(
            table.c.id,
            exam.c.study_instance_uid,
            instance.c.sop_instance_uid,
            *(table.c[name] for name in ("destination", "state", "reason", "attempts")),
            *(table.c[name] for name in ("entered_at", "sent_at", "confirmed_at", "confirmed_by")),
        )
        .select_from(
            table.join(exam, exam.c.id == table.c.exam_id).join(
                instance, instance.c.id == table.c.instance_id
            )
        )
        .where(table.c.state.in_(list(states)))
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    if to:
        query = query.where(table.c.destination == to)
    if study:
        query = query.where(exam.c.study_instance_uid == study)
    return [_listed(*row) for row in connection.execute(query)]


def _listed(
    number: int, study: str, uid: str, to: str, state: str, *rest: *tuple[Any, ...]
) -> ListedCopy:
    return ListedCopy(number, study, uid, to, CopyState(state), *rest)


def destinations(connection: Connection) -> list[str]:
    """Return the archives copies have gone to or wait for."""
    return list(connection.execute(sa.select(table.c.destination).distinct()).scalars())


def exams_that_left(connection: Connection, destination: str, exam_ids: Iterable[int]) -> list[int]:
    """Return those of some exams of which anything is, or may be, at an archive."""
    query = sa.select(table.c.exam_id).where(
        table.c.exam_id.in_(list(exam_ids)),
        table.c.destination == destination,
        table.c.identity_id.is_not(None),
    )
    return list(connection.execute(query.distinct()).scalars())


def enter(
    connection: Connection,
    exam_id: int,
    instances: Iterable[int],
    destination: str,
    now: float,
    *,
    asked: bool = False,
) -> None:
    """Enter copies that are to leave."""
    rows = [
        {
            "exam_id": exam_id,
            "instance_id": one,
            "destination": destination,
            "state": CopyState.WAITING,
            "entered_at": now,
            "asked": asked,
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


def send_anew(connection: Connection, ids: Iterable[int], now: float, **values: object) -> None:
    """Let copies leave (again); the archive has what it has until then."""
    anew: dict[str, object] = {
        "state": CopyState.WAITING,
        "entered_at": now,
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
    digest = hashlib.sha256(said.encode()).hexdigest()
    known = sa.select(left_identity.c.id).where(left_identity.c.digest == digest)
    found: int | None = connection.execute(known).scalar()
    if found is not None:
        return found
    return _ENTER_IDENTITY.run(connection, digest=digest, said=said)


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


def standings_of(connection: Connection, exam_id: int) -> dict[int, ClaimStanding]:
    """Return where the claims of an exam stand."""
    query = sa.select(claim.c.id, claim.c.state, claim.c.number, claim.c.order_number)
    rows = connection.execute(query.where(claim.c.exam_id == exam_id))
    return {number: (state, chart, order) for number, state, chart, order in rows}


def stands(connection: Connection, claim_id: int, standing: ClaimStanding) -> bool:
    """Return whether a claim still stands so."""
    return _STANDING.first(connection, claim=claim_id) == standing


def note_sent(connection: Connection, copy: ForwardCopy, now: float, reason: str) -> None:
    """Note that the archive has a copy, unless somebody wanted something else meanwhile."""
    _UPDATE_WAITING.run(
        connection,
        {"state": CopyState.SENT, "sent_at": now, "reason": reason},
        copy=copy.id,
        entered=copy.entered_at,
    )


def note_refused(connection: Connection, copy: ForwardCopy, reason: str, *, gives_up: bool) -> None:
    """Note that the archive did not take a copy: it has what it had before."""
    _note_tried(connection, copy, reason, gives_up, {"identity_id": copy.identity_id})


def note_broken_off(
    connection: Connection, copy: ForwardCopy, reason: str, *, gives_up: bool
) -> None:
    """Note that the association ended at a copy, which may be there."""
    _note_tried(connection, copy, reason, gives_up, {})


def note_unreached(connection: Connection, copies: Iterable[ForwardCopy]) -> None:
    """Note that copies did not leave after all: the archive has what it had before."""
    for one in copies:
        _UPDATE_WAITING.run(
            connection, {"identity_id": one.identity_id}, copy=one.id, entered=one.entered_at
        )


def _note_tried(
    connection: Connection,
    copy: ForwardCopy,
    reason: str,
    gives_up: bool,  # noqa: FBT001
    values: dict[str, object],
) -> None:
    state = CopyState.FAILED if gives_up else CopyState.WAITING
    told = {"state": state, "reason": reason, "attempts": copy.attempts + 1, **values}
    _UPDATE_WAITING.run(connection, told, copy=copy.id, entered=copy.entered_at)


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


def ask(
    connection: Connection, exam_id: int, instances: Iterable[int], destination: str, now: float
) -> None:
    """Have objects of an exam leave (again), because a person wants them there."""
    known = {one.instance_id: one.id for one in copies_of_exam(connection, exam_id, destination)}
    wanted = list(instances)
    send_anew(connection, (known[one] for one in wanted if one in known), now, asked=True)
    new = [one for one in wanted if one not in known]
    enter(connection, exam_id, new, destination, now, asked=True)


def has_asked(connection: Connection, destination: str) -> bool:
    """Return whether a person asked for anything that waits for one archive."""
    here = (table.c.state == CopyState.WAITING, table.c.destination == destination, table.c.asked)
    return connection.execute(sa.select(table.c.id).where(*here).limit(1)).first() is not None


def carry_out(
    connection: Connection, exam_id: int, destination: str, plan: CopyPlan, now: float
) -> None:
    """Write what a plan says of an exam's copies at one archive."""
    enter(connection, exam_id, plan.enter, destination, now)
    send_anew(connection, plan.again, now, identity_id=None)
    gone: dict[str, object] = {"state": CopyState.SUPERSEDED, "identity_id": None, "reason": ""}
    change(connection, plan.superseded, **gone)
    mistakes.note(connection, exam_id, destination, plan, now)


def doubt_planned(connection: Connection, exam_id: int, destination: str, plan: CopyPlan) -> None:
    """Have a person say of copies just let leave whether that is still right after a restore.

    They may have been sent before, and corrected since.
    """
    mine = copies_of_exam(connection, exam_id, destination)
    new, again = set(plan.enter), set(plan.again)
    values: dict[str, object] = {"state": CopyState.FAILED, "reason": RESTORED}
    doubted = (one.id for one in mine if one.instance_id in new or one.id in again)
    change(connection, doubted, **values)


def sent_since(connection: Connection, since: float) -> dict[str, tuple[int, int]]:
    """Return how many copies each archive took since then (UTC seconds), and confirmed of those."""
    confirmed = sa.func.sum(sa.case((table.c.state == CopyState.CONFIRMED, 1), else_=0))
    taken = table.c.state.in_((CopyState.SENT, CopyState.CONFIRMED))
    query = sa.select(table.c.destination, sa.func.count(), confirmed)
    query = query.where(taken, table.c.sent_at >= since).group_by(table.c.destination)
    return {to: (int(sent), int(kept)) for to, sent, kept in connection.execute(query)}


def failures(connection: Connection) -> list[FailedCopies]:
    """Return what was given up, for each archive; what it took and lost is told elsewhere."""
    failed = sa.and_(table.c.state == CopyState.FAILED, table.c.losses == 0)
    query = (
        sa.select(
            table.c.destination,
            sa.func.count(),
            sa.func.min(table.c.entered_at),
            sa.func.max(table.c.id),
        )
        .where(failed)
        .group_by(table.c.destination)
    )
    found = [tuple(row) for row in connection.execute(query)]
    newest = sa.select(table.c.id, table.c.reason).where(table.c.id.in_([one[3] for one in found]))
    reasons = dict(map(tuple, connection.execute(newest)))
    return [FailedCopies(to, count, since, reasons[last]) for to, count, since, last in found]


def give_up_waiting(connection: Connection) -> None:
    """Have a person say of what was to leave when the database was copied whether it is sent."""
    waits = table.c.state == CopyState.WAITING
    values = {"state": CopyState.FAILED, "reason": RESTORED, "losses": 0}
    connection.execute(sa.update(table).where(waits).values(values))
