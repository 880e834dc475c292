"""Messages on their way as a person looks at them: what they are and since when they wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.outbox.model import WAITING, DeliveryState
from gdtbridge.schema import outbox as table


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message of the queue with what it says; times are UTC in seconds."""

    id: int
    kind: str
    destination: str
    key: str
    name: str
    final_name: str
    payload: bytes
    """Empty where it is no GDT record and no number of an exam."""
    state: DeliveryState
    last_error: str
    created_at: float


_SAYING: Final = ("gdt", "forward")
"""Kinds whose payload is small and says whom a message is about."""
_COLUMNS: Final = [
    sa.case((table.c.kind.in_(_SAYING), table.c.payload), else_=b"").label("payload")
    if one.name == "payload"
    else table.c[one.name]
    for one in fields(WaitingMessage)
]


def open_messages(connection: Connection, destination: str, most: int) -> list[WaitingMessage]:
    """Return what waits for a destination, what was put first, first."""
    here = (table.c.destination == destination, table.c.state.in_(WAITING))
    query = sa.select(*_COLUMNS).where(*here).order_by(table.c.id).limit(most)
    return [_message(row) for row in connection.execute(query)]


def messages_numbered(connection: Connection, ids: Iterable[int]) -> list[WaitingMessage]:
    """Return messages by their ids, whatever became of them, what was put first, first."""
    query = sa.select(*_COLUMNS).where(table.c.id.in_(list(ids)))
    return [_message(row) for row in connection.execute(query.order_by(table.c.id))]


def payload_of(connection: Connection, outbox_id: int) -> bytes:
    """Return what a message of the queue holds."""
    query = sa.select(table.c.payload).where(table.c.id == outbox_id)
    return bytes(connection.execute(query).scalar_one())


def asked_messages(connection: Connection, most: int) -> list[WaitingMessage]:
    """Return the messages of which only a person knows whether they arrived, the oldest first."""
    query = sa.select(*_COLUMNS).where(table.c.state == DeliveryState.QUESTION)
    return [_message(row) for row in connection.execute(query.order_by(table.c.id).limit(most))]


def _message(row: sa.Row[tuple[object, ...]]) -> WaitingMessage:
    said = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    state = DeliveryState(str(said["state"]))
    return WaitingMessage(**{**said, "payload": bytes(row.payload), "state": state})
