"""Statements on files that are taken back out of their folder before anybody collects them.

A recall is one mark on rows of ``outbox``: the files that are to come back, the attachments beside
them, and the messages that leave only where one of the files was collected first. The key of what
is recalled gets the mark, so that the same may be put once more.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.durable.files import PREFIX
from gdtbridge.outbox.collection_store import DAYS, lying_files
from gdtbridge.outbox.leftover_store import leave_behind
from gdtbridge.outbox.model import DeliveryState, OutgoingMessage
from gdtbridge.outbox.store import OUTGOING, RESTORED, begins_with_any, change, outgoing
from gdtbridge.schema import outbox as table

RECALLED_KEY: Final = "recalled:"
"""First letters of the key of what is, or was, taken back."""
ATTACHMENT: Final = "attachment"
_UNTOUCHED: Final = (
    *(DeliveryState.PENDING, DeliveryState.RESERVED),
    *(DeliveryState.RECALLING, DeliveryState.RECALLED),
)
"""States of what is not in anybody's hands."""


def begin(connection: Connection, prefixes: Sequence[str], now: float) -> str:
    """Let the files whose keys begin so be taken back; return the mark of the recall.

    Empty, and nothing is done, where that cannot be: none lies in its folder, one was collected or
    may have been, or the practice software leaves its files lying.
    """
    here = (begins_with_any(prefixes), table.c.state.not_in(_UNTOUCHED))
    columns = (table.c.id, table.c.key, table.c.kind, table.c.destination, table.c.delivered_at)
    rows = connection.execute(
        sa.select(*columns, table.c.state, table.c.collected_at).where(*here).order_by(table.c.id)
    ).all()
    files = [row for row in rows if row.kind != ATTACHMENT]
    since = now - DAYS * DAY_SECONDS
    lie = all(
        row.state == DeliveryState.DELIVERED
        and row.collected_at is None
        and (row.delivered_at or 0.0) > since
        for row in files
    )
    if not files or not lie or _are_left(connection, {row.destination for row in files}, now):
        return ""
    mark = secrets.token_hex(8)
    for row in rows:
        change(connection, row.id, recall=mark, key=f"{RECALLED_KEY}{row.key}:{mark}")
    _call(connection, [row.id for row in files], now)
    return mark


def _are_left(connection: Connection, destinations: Iterable[str], now: float) -> bool:
    since = now - DAYS * DAY_SECONDS
    return any(lying_files(connection, one, since).are_left(now) for one in destinations)


def _call(connection: Connection, ids: Iterable[int], now: float) -> None:
    """Have the files of delivered messages renamed away, each under a name noted before."""
    for number in ids:
        away = f"{PREFIX}{number}-{secrets.token_hex(4)}.tmp"
        state = DeliveryState.RECALLING
        change(connection, number, state=state, temporary_name=away, next_at=now, last_error="")


def to_recall(connection: Connection, destination: str) -> list[OutgoingMessage]:
    """Return the messages whose files are to be taken back, in the order they were put."""
    here = (table.c.destination == destination, table.c.state == DeliveryState.RECALLING)
    rows = connection.execute(OUTGOING.where(*here).order_by(table.c.id)).all()
    return [outgoing(row) for row in rows]


def is_shared(connection: Connection, message: OutgoingMessage) -> bool:
    """Return whether another message, which is not taken back, has the file as well.

    Only attachments are named by their content: of records that bear one name, where the practice
    software knows only one, each is a file of its own.
    """
    of_message = table.alias("of_message")
    query = sa.select(table.c.id).where(
        of_message.c.id == message.id,
        of_message.c.kind == ATTACHMENT,
        table.c.destination == of_message.c.destination,
        table.c.final_name == message.final_name,
        table.c.id != message.id,
        table.c.state.not_in((DeliveryState.RECALLING, DeliveryState.RECALLED)),
    )
    return connection.execute(query).first() is not None


def end(connection: Connection, outbox_id: int, now: float, *, taken: bool) -> set[str]:
    """Note whether a file was taken back, or collected before; return whom that concerns.

    The temporary file, if any, has to go. Once all are taken the attachments follow, and what was
    reserved is nobody's; as soon as one was collected that leaves. Returns destinations.
    """
    row = connection.execute(sa.select(table).where(table.c.id == outbox_id)).one()
    leave_behind(connection, row.destination, row.temporary_name)
    if taken or row.kind == ATTACHMENT:
        change(connection, outbox_id, state=DeliveryState.RECALLED, recalled_at=now)
    else:
        change(connection, outbox_id, state=DeliveryState.DELIVERED, collected_at=now)
        _named_again(connection, row.id, row.destination, row.key, row.recall)
    if row.kind == ATTACHMENT:
        return set()
    return set(_settled(connection, row.recall, now))


def _named_again(
    connection: Connection, outbox_id: int, destination: str, key: str, mark: str
) -> None:
    """Give a message that was collected its key again, unless the same was put meanwhile."""
    before = key.removeprefix(RECALLED_KEY).removesuffix(f":{mark}")
    again = (table.c.destination == destination, table.c.key == before)
    if connection.execute(sa.select(table.c.id).where(*again)).first() is None:
        change(connection, outbox_id, key=before)


def _settled(connection: Connection, mark: str, now: float) -> Iterator[str]:
    """Let what is reserved leave, or go, as far as that is known; yield destinations to wake."""
    of_recall = table.c.recall == mark
    columns = ("id", "kind", "destination", "state", "last_error")
    rows = connection.execute(
        sa.select(*(table.c[name] for name in columns)).where(of_recall)
    ).all()
    reserved = [row for row in rows if row.state == DeliveryState.RESERVED]
    states = {row.state for row in rows if row.kind != ATTACHMENT and row not in reserved}
    if DeliveryState.DELIVERED in states:
        for row in reserved:
            asked = row.last_error == RESTORED
            state = DeliveryState.QUESTION if asked else DeliveryState.PENDING
            change(connection, row.id, state=state, next_at=now)
            yield row.destination
    elif DeliveryState.RECALLING not in states:
        ids = [row.id for row in reserved]
        connection.execute(sa.delete(table).where(table.c.id.in_(ids)))
        beside = [row for row in rows if row.kind == ATTACHMENT]
        _call(connection, [one.id for one in beside], now)
        yield from {one.destination for one in beside}
