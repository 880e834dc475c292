"""The audit trail in the database; every call works inside the caller's transaction.

Rows are entered and, when they are too old, deleted. Nothing here changes one.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.audit.model import LONGEST_DETAIL, Actor, ActorKind, AuditEntry, AuditQuery, DoneAct
from gdtbridge.database import Connection
from gdtbridge.schema import audit_entry
from gdtbridge.statement import InsertStatement

_C: Final = audit_entry.c
_INSERT: Final = InsertStatement(audit_entry)


def enter(connection: Connection, at: float, actor: Actor, done: DoneAct) -> int:
    """Enter what somebody did at a moment (UTC seconds); return the row's id."""
    return _INSERT.run(
        connection,
        at=at,
        actor_kind=actor.kind.value,
        actor=actor.name,
        account_id=actor.account_id,
        address=actor.address,
        act=done.act,
        patient_id=done.patient_id,
        subject=done.subject,
        detail=done.detail[:LONGEST_DETAIL],
    )


def entries(connection: Connection, query: AuditQuery) -> list[AuditEntry]:
    """Return what was looked for, the newest first."""
    chosen = (
        sa.select(audit_entry).where(*_conditions(query)).order_by(_C.id.desc()).limit(query.most)
    )
    return [_entry(row) for row in connection.execute(chosen)]


def names_account(connection: Connection, account_id: int) -> bool:
    """Return whether anything in the trail was done by an account."""
    found = sa.select(sa.exists().where(_C.account_id == account_id))
    return bool(connection.execute(found).scalar())


def forget(connection: Connection, before: float, most: int) -> None:
    """Delete what was done ``before`` (UTC seconds), and the oldest above ``most``."""
    connection.execute(sa.delete(audit_entry).where(_C.at < before))
    oldest = sa.select(_C.id).order_by(_C.id.desc()).offset(most).limit(1).scalar_subquery()
    connection.execute(sa.delete(audit_entry).where(_C.id <= oldest))


def _conditions(query: AuditQuery) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [_C.at >= query.since]
    if query.until is not None:
        found.append(_C.at < query.until)
    if query.name:
        found.append(_C.actor.icontains(query.name, autoescape=True))
    if query.acts:
        found.append(_C.act.in_(query.acts))
    if query.patient_id:
        found.append(_C.patient_id == query.patient_id)
    if query.subject:
        found.append(_C.subject == query.subject)
    if query.before_id is not None:
        found.append(_C.id < query.before_id)
    return found


def _entry(row: sa.Row[Any]) -> AuditEntry:
    return AuditEntry(
        row.id,
        row.at,
        Actor(ActorKind(row.actor_kind), row.actor, row.account_id, row.address),
        DoneAct(row.act, row.patient_id, row.subject, row.detail),
    )
