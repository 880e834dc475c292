"""Statements on the table ``outbox``, one function each, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.outbox.model import (
    FORWARD,
    MAIL,
    OPEN,
    DeliveryQuestion,
    DeliveryState,
    FileNaming,
    Message,
    OutgoingMessage,
)
from gdtbridge.outbox.names import (
    COUNTER,
    HIGHEST,
    count_of,
    counted,
    free_number,
    name_key,
    number_of,
    numbered,
)
from gdtbridge.schema import outbox as table
from gdtbridge.statement import InsertStatement, Statement, UpdateStatement

RESTORED: Final = "restored: it may have arrived before"
"""Reason of the question about what was to leave when the database was copied."""
BEFORE_FAILED: Final = "the message it waits for failed"

Lifetimes = Mapping[str, float | None]
"""Seconds a message of each destination may be tried."""

_COLUMNS: Final = [field.name for field in fields(OutgoingMessage)]
OUTGOING: Final = sa.select(*(table.c[name] for name in _COLUMNS))
_MESSAGE: Final = table.c.id == sa.bindparam("message")
_TO: Final = table.c.destination == sa.bindparam("to")
_OPEN: Final = Statement(OUTGOING.where(_MESSAGE, table.c.state.in_(OPEN)))
_THERE: Final = Statement(sa.select(table.c.id).where(_MESSAGE))
_OF_KEY: Final = Statement(sa.select(table.c.id).where(_TO, table.c.key == sa.bindparam("of")))
_NAMED: Final = Statement(
    sa.select(table.c.id).where(_TO, table.c.name_key == sa.bindparam("named"))
)
_AFTER: Final = Statement(
    sa.select(table.c.id, table.c.destination, table.c.expires_at).where(
        table.c.after_id == sa.bindparam("message"), table.c.state.in_(OPEN)
    )
)
_ENTER: Final = InsertStatement(table)
_CHANGE: Final = UpdateStatement(table, _MESSAGE)


def find(connection: Connection, destination: str, key: str) -> int | None:
    """Return the id of the message with that key."""
    found: int | None = _OF_KEY.value(connection, to=destination, of=key)
    return found


def insert(
    connection: Connection, message: Message, now: float, lifetime: float | None, naming: FileNaming
) -> int:
    """Enter a message, under a file name of its own where it gets one for ever.

    One that counts gets its number when it leaves.
    """
    before = _state_of(connection, message.after_id)
    reserved = DeliveryState.RESERVED if message.recall else DeliveryState.PENDING
    counts = COUNTER in message.name
    unique = naming is FileNaming.ONCE and not counts
    final_name = "" if naming is FileNaming.NONE or counts else message.name
    if unique:
        final_name = _free_name(connection, message.destination, message.name, 1)
    expires_at = message.expires_at
    if expires_at is None and lifetime is not None and before in {None, DeliveryState.DELIVERED}:
        expires_at = now + lifetime
    given_up = before is DeliveryState.FAILED
    return _ENTER.run(
        connection,
        kind=message.kind,
        destination=message.destination,
        key=message.key,
        after_id=message.after_id,
        name=message.name,
        name_key=name_key(final_name) if unique else None,
        final_name=final_name,
        payload=message.payload,
        state=DeliveryState.FAILED if given_up else reserved,
        recall=message.recall or None,
        last_error=BEFORE_FAILED if given_up else "",
        next_at=now,
        expires_at=expires_at,
        created_at=now,
    )


def withdraw(connection: Connection, destination: str, key: str) -> None:
    """Remove a message nothing has been done with."""
    here = (table.c.destination == destination, table.c.key == key)
    connection.execute(sa.delete(table).where(*here, table.c.state == DeliveryState.PENDING))


def remove(connection: Connection, outbox_id: int) -> None:
    """Remove a message that leaves no file, whatever became of it."""
    connection.execute(sa.delete(table).where(table.c.id == outbox_id))


def forget(connection: Connection, destination: str) -> None:
    """Remove the messages to a destination that nothing has been done with."""
    here = (table.c.destination == destination, table.c.state == DeliveryState.PENDING)
    connection.execute(sa.delete(table).where(*here))


def take_back(connection: Connection, prefixes: Sequence[str]) -> bool:
    """Remove every message whose key begins so, if nothing has been done with any of them.

    Attachments that arrived already stay: no record names them.
    """
    gone = sa.and_(table.c.state != DeliveryState.PENDING, table.c.kind != "attachment")
    if (
        connection.execute(sa.select(table.c.id).where(begins_with_any(prefixes), gone)).first()
        is not None
    ):
        return False
    drop_waiting(connection, prefixes)
    return True


def begins_with_any(prefixes: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return whether a key begins with one of ``prefixes`` (`begins`)."""
    return sa.or_(*map(begins, prefixes))


def begins(prefix: str) -> sa.ColumnElement[bool]:
    """Return whether a key begins with ``prefix``, which is not empty: a range of the index."""
    behind = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return sa.and_(table.c.key >= prefix, table.c.key < behind)


def drop_waiting(connection: Connection, prefixes: Sequence[str]) -> None:
    """Remove every message whose key begins so and that nothing has been done with."""
    here = (begins_with_any(prefixes), table.c.state == DeliveryState.PENDING)
    waiting = sa.select(table.c.id).where(*here)
    ids = list(connection.execute(waiting.order_by(table.c.id.desc())).scalars())
    after = table.c.after_id.in_(ids)
    connection.execute(sa.update(table).where(after).values(after_id=None))
    connection.execute(sa.delete(table).where(table.c.id.in_(ids)))


def keys_put(connection: Connection, prefixes: Sequence[str]) -> Sequence[str]:
    """Return the keys of messages that begin so, of those that are not taken back."""
    return (
        connection.execute(sa.select(table.c.key).where(begins_with_any(prefixes))).scalars().all()
    )


def last_open(connection: Connection, destination: str, prefixes: Sequence[str]) -> int | None:
    """Return the newest message on its way whose key begins so, or of which a person is asked."""
    query = sa.select(sa.func.max(table.c.id)).where(
        table.c.destination == destination,
        begins_with_any(prefixes),
        table.c.state.in_((*OPEN, DeliveryState.QUESTION)),
    )
    return connection.execute(query).scalar()


def _state_of(connection: Connection, outbox_id: int | None) -> DeliveryState | None:
    if outbox_id is None:
        return None
    query = sa.select(table.c.state).where(table.c.id == outbox_id)
    return DeliveryState(connection.execute(query).scalar_one())


def _free_name(connection: Connection, destination: str, name: str, first: int) -> str:
    def taken(number: int) -> bool:
        key = name_key(numbered(name, number))
        return _NAMED.first(connection, to=destination, named=key) is not None

    return numbered(name, free_number(first, taken))


def rename(connection: Connection, outbox_id: int) -> str:
    """Give a message the next final name after the one it has, and return it."""
    row = connection.execute(
        sa.select(table.c.destination, table.c.name, table.c.final_name).where(
            table.c.id == outbox_id
        )
    ).one()
    if COUNTER in row.name:
        last = _last_count(connection, row.destination, row.name)
        final_name = counted(row.name, last % HIGHEST + 1)
        change(connection, outbox_id, final_name=final_name)
        return final_name
    number = number_of(row.name, row.final_name) + 1
    final_name = _free_name(connection, row.destination, row.name, number)
    change(connection, outbox_id, final_name=final_name, name_key=name_key(final_name))
    return final_name


def _last_count(connection: Connection, destination: str, name: str) -> int:
    """Return the number given last to a message of that name (numbers leave in their order)."""
    query = (
        sa.select(table.c.final_name)
        .where(table.c.destination == destination, table.c.name == name, table.c.final_name != "")
        .order_by(table.c.id.desc())
        .limit(1)
    )
    final_name = connection.execute(query).scalar()
    return count_of(name, final_name) if final_name else 0


def is_there(connection: Connection, outbox_id: int) -> bool:
    """Return whether a message was not taken back meanwhile."""
    return _THERE.first(connection, message=outbox_id) is not None


def change(connection: Connection, outbox_id: int, **values: object) -> None:
    """Set columns of one message."""
    _CHANGE.run(connection, values, message=outbox_id)


def load(connection: Connection, outbox_id: int) -> OutgoingMessage | None:
    """Return the message if something is still to be done with it."""
    row = _OPEN.first(connection, message=outbox_id)
    return outgoing(row) if row is not None else None


def last_delivered(connection: Connection, destination: str) -> OutgoingMessage | None:
    """Return the message that arrived last."""
    arrived = (table.c.destination == destination, table.c.state == DeliveryState.DELIVERED)
    query = OUTGOING.where(*arrived).order_by(table.c.delivered_at.desc()).limit(1)
    row = connection.execute(query).first()
    return outgoing(row) if row is not None else None


def last_names(connection: Connection, destination: str) -> list[str]:
    """Return the temporary names of what arrived last: a crash may have kept it from going."""
    here = (table.c.destination == destination, table.c.state == DeliveryState.DELIVERED)
    last = sa.select(sa.func.max(table.c.delivered_at)).where(*here).scalar_subquery()
    query = sa.select(table.c.temporary_name).where(*here, table.c.delivered_at == last)
    return list(connection.execute(query).scalars())


def outgoing(row: Sequence[Any]) -> OutgoingMessage:
    """Return the message in a row of the columns of `OutgoingMessage`."""
    found = dict(zip(_COLUMNS, row, strict=True))
    told = {"payload": bytes(found["payload"]), "state": DeliveryState(found["state"])}
    return OutgoingMessage(**{**found, **told})


def postpone(connection: Connection, outbox_id: int, until: float, reason: str) -> None:
    """Note a failed attempt."""
    here = table.c.id == outbox_id
    changes = {"attempts": table.c.attempts + 1, "next_at": until, "last_error": reason}
    connection.execute(sa.update(table).where(here).values(changes))


def attempts(connection: Connection, outbox_id: int) -> tuple[int, str]:
    """Return how many attempts at a message failed, and why the last one did.

    Of one that was removed while it was tried: none.
    """
    query = sa.select(table.c.attempts, table.c.last_error).where(table.c.id == outbox_id)
    row = connection.execute(query).one_or_none()
    return (row.attempts, row.last_error) if row is not None else (0, "")


def delivered(connection: Connection, outbox_id: int, now: float, lifetimes: Lifetimes) -> set[str]:
    """Note a delivery; messages that waited for this one become due and their lifetime begins.

    Returns the destinations of those messages.
    """
    values: dict[str, object] = {"delivered_at": now, "collected_at": None, "last_error": ""}
    change(connection, outbox_id, state=DeliveryState.DELIVERED, **values)
    waited = set()
    for number, destination, expires_at in _AFTER.rows(connection, message=outbox_id):
        lifetime = lifetimes.get(destination)
        if expires_at is None and lifetime is not None:
            change(connection, number, next_at=now, expires_at=now + lifetime)
        else:
            change(connection, number, next_at=now)
        waited.add(destination)
    return waited


def failed(connection: Connection, outbox_id: int, reason: str) -> list[int]:
    """Give a message up, and all that wait for it; return their ids."""
    change(connection, outbox_id, state=DeliveryState.FAILED, last_error=reason)
    query = sa.select(table.c.id).where(table.c.after_id == outbox_id, table.c.state.in_(OPEN))
    ids = [outbox_id]
    for waiting in connection.execute(query).scalars().all():
        ids += failed(connection, waiting, BEFORE_FAILED)
    return ids


def expired(connection: Connection, destination: str, now: float, most_attempts: int) -> list[int]:
    """Return the messages past ``expires_at`` or tried ``most_attempts`` times."""
    query = sa.select(table.c.id).where(
        table.c.destination == destination,
        table.c.state == DeliveryState.PENDING,
        table.c.expires_at.is_not(None),
        sa.or_(table.c.expires_at <= now, table.c.attempts >= most_attempts),
    )
    return list(connection.execute(query).scalars())


def owned_names(connection: Connection) -> frozenset[str]:
    """Return the temporary names of everything on its way."""
    query = sa.select(table.c.temporary_name).where(
        table.c.state.in_((*OPEN, DeliveryState.QUESTION, DeliveryState.RECALLING)),
        table.c.temporary_name != "",
    )
    return frozenset(connection.execute(query).scalars())


def ask_what_waits(connection: Connection) -> None:
    """Ask of whatever was to leave when the database was copied whether it left since.

    So it is asked of what was to leave where a file comes back too late, once that is known.
    Calls, which are too late by now, are given up; a mail that comes twice does no harm and leaves.
    Answers to devices are made anew (`gdtbridge.commitment`), and of copies for other archives a
    person is asked elsewhere (`gdtbridge.forward`).
    """
    waits = sa.and_(table.c.state.in_(OPEN), table.c.kind.not_in((MAIL, FORWARD)))
    for last, state in ((True, DeliveryState.FAILED), (False, DeliveryState.QUESTION)):
        ends = table.c.kind == "webhook"
        connection.execute(
            sa.update(table)
            .where(waits, ends if last else sa.not_(ends))
            .values(state=state, last_error=RESTORED)
        )
    reserved = table.c.state == DeliveryState.RESERVED
    connection.execute(sa.update(table).where(reserved).values(last_error=RESTORED))


def change_payloads(connection: Connection, kind: str, changed: Callable[[bytes], bytes]) -> None:
    """Change what the open messages of a kind say."""
    query = sa.select(table.c.id, table.c.payload)
    rows = connection.execute(query.where(table.c.kind == kind, table.c.state.in_(OPEN))).all()
    for outbox_id, payload in rows:
        change(connection, outbox_id, payload=changed(bytes(payload)))


def asked_content(connection: Connection, outbox_id: int) -> bytes | None:
    """Return the payload of a message of which a person is asked; None for another."""
    here = (table.c.id == outbox_id, table.c.state == DeliveryState.QUESTION)
    found = connection.execute(sa.select(table.c.payload).where(*here)).scalar()
    return bytes(found) if found is not None else None


def questions(connection: Connection) -> list[DeliveryQuestion]:
    """Return the open questions, the oldest first."""
    name = sa.func.coalesce(sa.func.nullif(table.c.final_name, ""), table.c.name)
    query = (
        sa.select(table.c.id, table.c.destination, name, table.c.last_error, table.c.created_at)
        .where(table.c.state == DeliveryState.QUESTION)
        .order_by(table.c.id)
    )
    return [DeliveryQuestion(*row) for row in connection.execute(query)]


def again(connection: Connection, outbox_id: int, now: float) -> None:
    """Let a message start from the beginning, under its final name and a new temporary one."""
    change(
        connection,
        outbox_id,
        state=DeliveryState.PENDING,
        temporary_name="",
        attempts=0,
        next_at=now,
        last_error="",
    )
