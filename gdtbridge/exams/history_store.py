"""The history of exams in the database; every call works inside a transaction."""

from __future__ import annotations

import json
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.exams.model import EventKind, ExamEvent
from gdtbridge.schema import exam_event
from gdtbridge.statement import InsertStatement, Statement

_MOST_EVENTS: Final = 1000
"""Events that are looked through for what people did lately."""

_ENTER_EVENT: Final = InsertStatement(exam_event)
_WITHDRAWALS: Final = Statement(
    sa.select(exam_event.c.detail).where(
        exam_event.c.exam_id == sa.bindparam("exam"),
        exam_event.c.what.in_((EventKind.WITHDRAWN, EventKind.UNDONE)),
    )
)
_LAST_DECISION: Final = Statement(
    sa.select(exam_event.c.detail)
    .where(
        exam_event.c.exam_id == sa.bindparam("exam"),
        exam_event.c.person == sa.bindparam("of_person"),
        exam_event.c.what == EventKind.DECIDED,
    )
    .order_by(exam_event.c.id.desc())
    .limit(1)
)


def withdrawals(connection: Connection, exam_id: int, patient_id: str) -> int:
    """Return how often results of an exam were taken back from a chart."""
    found = map(json.loads, _WITHDRAWALS.values(connection, exam=exam_id))
    return sum(one.get("number") == patient_id for one in found)


def note_event(connection: Connection, exam_id: int, event: ExamEvent) -> None:
    """Enter what was done to an exam."""
    _ENTER_EVENT.run(
        connection,
        exam_id=exam_id,
        at=event.at,
        who=event.who,
        what=event.what,
        person=event.person,
        detail=json.dumps(event.detail, ensure_ascii=False, separators=(",", ":")),
    )


def events_of(connection: Connection, exam_id: int) -> list[ExamEvent]:
    """Return the history of an exam, oldest first."""
    columns = (exam_event.c.at, exam_event.c.who, exam_event.c.what, exam_event.c.person)
    query = (
        sa.select(*columns, exam_event.c.detail)
        .where(exam_event.c.exam_id == exam_id)
        .order_by(exam_event.c.id)
    )
    return [_event(row) for row in connection.execute(query)]


def latest_words(connection: Connection, since: float) -> list[tuple[int, ExamEvent]]:
    """Return what people did with exams since then (UTC seconds), the newest first, by exam."""
    newest = sa.select(exam_event).order_by(exam_event.c.id.desc()).limit(_MOST_EVENTS).subquery()
    query = sa.select(newest).where(newest.c.who != "", newest.c.at >= since)
    return [
        (row.exam_id, _event(row)) for row in connection.execute(query.order_by(newest.c.id.desc()))
    ]


def _event(row: Any) -> ExamEvent:  # noqa: ANN401 - a row of a query
    return ExamEvent(row.at, row.who, EventKind(row.what), row.person, json.loads(row.detail))


def last_decision(connection: Connection, exam_id: int, person: int) -> dict[str, object] | None:
    """Return the detail of the newest decision on one of an exam's people."""
    found = _LAST_DECISION.value(connection, exam=exam_id, of_person=person)
    return json.loads(found) if found is not None else None
