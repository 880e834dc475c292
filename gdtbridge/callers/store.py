"""Known callers in the database; every call works inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa

from gdtbridge.callers.model import ACCEPTED, ActKind, CallerAct, KnownCaller
from gdtbridge.database import Connection
from gdtbridge.devices import Caller
from gdtbridge.schema import caller_act, known_caller

_ACT = ("kind", "what", "outcome", "times", "first_at", "last_at")


def known_callers(
    connection: Connection, ids: tuple[int, ...] | None = None
) -> dict[int, KnownCaller]:
    """Return all callers by their number in the table, or those of ``ids``."""
    callers = sa.select(known_caller).order_by(known_caller.c.id)
    acts = sa.select(caller_act.c.caller, *(caller_act.c[name] for name in _ACT))
    if ids is not None:
        callers = callers.where(known_caller.c.id.in_(ids))
        acts = acts.where(caller_act.c.caller.in_(ids))
    found: dict[int, list[CallerAct]] = defaultdict(list)
    for number, kind, *rest in connection.execute(acts):
        found[number].append(CallerAct(ActKind(kind), *rest))
    return {
        row.id: KnownCaller(
            Caller(
                row.aet,
                row.address,
                row.implementation_class_uid,
                row.implementation_version_name,
            ),
            row.first_at,
            row.last_at,
            tuple(found[row.id]),
        )
        for row in connection.execute(callers)
    }


def number_of(connection: Connection, caller: Caller) -> int | None:
    """Return the number of a caller in the table."""
    columns = known_caller.c
    query = sa.select(columns.id).where(
        columns.aet == caller.aet, columns.address == caller.address
    )
    return connection.execute(query).scalar()


def by_worth(connection: Connection) -> list[int]:
    """Return the numbers of all callers: who never got in first, then by when they were seen."""
    came_in = (
        sa.select(caller_act.c.caller)
        .where(
            caller_act.c.caller == known_caller.c.id,
            caller_act.c.kind == ActKind.ASSOCIATION,
            caller_act.c.outcome == ACCEPTED,
        )
        .exists()
    )
    query = sa.select(known_caller.c.id).order_by(
        sa.case((came_in, 1), else_=0), known_caller.c.last_at
    )
    return list(connection.execute(query).scalars())


def keep(connection: Connection, known: KnownCaller, number: int | None) -> None:
    """Write a caller with all it did, over the row ``number`` where it has one."""
    values = {
        "aet": known.caller.aet,
        "address": known.caller.address,
        "implementation_class_uid": known.caller.implementation_class_uid,
        "implementation_version_name": known.caller.implementation_version_name,
        "first_at": known.first_at,
        "last_at": known.last_at,
    }
    if number is None:
        added = sa.insert(known_caller).values(values).returning(known_caller.c.id)
        number = int(connection.execute(added).scalar_one())
    else:
        changed = sa.update(known_caller).where(known_caller.c.id == number)
        connection.execute(changed.values(values))
        connection.execute(sa.delete(caller_act).where(caller_act.c.caller == number))
    rows = [{"caller": number} | {name: getattr(one, name) for name in _ACT} for one in known.acts]
    if rows:
        connection.execute(sa.insert(caller_act), rows)


def forget(connection: Connection, number: int) -> None:
    """Delete a caller and what it did."""
    connection.execute(sa.delete(caller_act).where(caller_act.c.caller == number))
    connection.execute(sa.delete(known_caller).where(known_caller.c.id == number))
