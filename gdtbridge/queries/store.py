"""Worklist queries in the database; every call works inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.devices import Caller
from gdtbridge.queries.model import AskedQuery, QueryRecord
from gdtbridge.schema import worklist_query
from gdtbridge.statement import InsertStatement, Statement

MOST_AT_ONCE: Final = 2000
"""Queries that are looked through at once, the newest."""
MOST_SILENT: Final = 20
"""Devices that got nothing and are looked at."""
_C: Final = worklist_query.c
_INSERT: Final = InsertStatement(worklist_query)
_REPEAT: Final = Statement(
    sa.update(worklist_query)
    .where(_C.id == sa.bindparam("row_id"))
    .values(
        last_at=sa.bindparam("at"),
        times=_C.times + 1,
        milliseconds=sa.case(
            (_C.milliseconds < sa.bindparam("took"), sa.bindparam("took")), else_=_C.milliseconds
        ),
    )
)


def enter(connection: Connection, query: AskedQuery, listed: int, at: float) -> int:
    """Enter a query asked ``at`` (UTC seconds) while so many files were served; return its id."""
    return _INSERT.run(
        connection,
        calling_aet=query.caller.aet,
        address=query.caller.address,
        implementation_class_uid=query.caller.implementation_class_uid,
        implementation_version_name=query.caller.implementation_version_name,
        first_at=at,
        last_at=at,
        times=1,
        identifier=query.identifier,
        transfer_syntax_uid=query.transfer_syntax_uid,
        status=query.status,
        answers=query.answers,
        answered=json.dumps(query.answered),
        listed=listed,
        milliseconds=_milliseconds(query.seconds),
    )


def repeat(connection: Connection, row_id: int, at: float, seconds: float) -> bool:
    """Note that the same was asked once more; return whether the row is still there."""
    return bool(_REPEAT.run(connection, row_id=row_id, at=at, took=_milliseconds(seconds)))


def forget(connection: Connection, before: float, most: int) -> None:
    """Delete queries asked last ``before`` (UTC seconds), and the oldest above ``most``."""
    connection.execute(sa.delete(worklist_query).where(_C.last_at < before))
    oldest = sa.select(_C.id).order_by(_C.id.desc()).offset(most).limit(1).scalar_subquery()
    connection.execute(sa.delete(worklist_query).where(_C.id <= oldest))


def has_old(connection: Connection, before: float) -> bool:
    """Return whether there are queries asked last ``before`` (UTC seconds)."""
    return bool(connection.execute(sa.select(sa.exists().where(_C.last_at < before))).scalar())


def forget_of_device(connection: Connection, query: AskedQuery, most: int) -> None:
    """Delete the oldest queries above ``most`` of the device that asked ``query``."""
    caller = query.caller
    of_device = sa.and_(_C.calling_aet == caller.aet, _C.address == caller.address)
    oldest = (
        sa.select(_C.id)
        .where(of_device)
        .order_by(_C.id.desc())
        .offset(most)
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(sa.delete(worklist_query).where(of_device, _C.id <= oldest))


def queries_since(connection: Connection, since: float, most: int) -> list[QueryRecord]:
    """Return the queries asked since then (UTC seconds), those asked last first."""
    query = (
        sa.select(worklist_query)
        .where(_C.last_at >= since)
        .order_by(_C.last_at.desc(), _C.id.desc())
        .limit(most)
    )
    return [_record(row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class SilentDevice:
    """A device that got nothing: how often since when (UTC seconds), and its last query."""

    last: QueryRecord
    times: int
    first_at: float


def silent_devices(connection: Connection, since: float, fewest: int) -> list[SilentDevice]:
    """Return the devices that asked ``fewest`` times since then and got no entry at all."""
    grouped = (
        sa.select(
            sa.func.max(_C.id).label("last"),
            sa.func.sum(_C.times).label("times"),
            sa.func.min(_C.first_at).label("first_at"),
        )
        .where(_C.first_at >= since, _C.last_at >= since, _C.status == 0)
        .group_by(_C.calling_aet, _C.address)
        .having(sa.func.sum(_C.times) >= fewest, sa.func.max(_C.answers) == 0)
        .subquery()
    )
    query = (
        sa.select(worklist_query, grouped.c.times, grouped.c.first_at)
        .join(grouped, grouped.c.last == _C.id)
        .order_by(_C.id)
        .limit(MOST_SILENT)
    )
    return [
        SilentDevice(_record(row[:-2]), int(row[-2]), row[-1]) for row in connection.execute(query)
    ]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _record(row: Sequence[Any]) -> QueryRecord:
    said = dict(zip(_C.keys(), row, strict=True))
    return QueryRecord(
        said["id"],
        AskedQuery(
            Caller(
                said["calling_aet"],
                said["address"],
                said["implementation_class_uid"],
                said["implementation_version_name"],
            ),
            bytes(said["identifier"]),
            said["transfer_syntax_uid"],
            said["status"],
            said["answers"],
            tuple(json.loads(said["answered"])),
            said["milliseconds"] / 1000,
        ),
        said["listed"],
        said["first_at"],
        said["last_at"],
        said["times"],
    )
