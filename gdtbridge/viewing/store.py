"""What looking at objects needs of the index; every call works inside the caller's transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.schema import claim, instance
from gdtbridge.statement import Statement


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in the index, of one of the people of an exam."""

    instance_id: int
    exam_id: int
    person: int
    sop_class: str
    transfer_syntax: str
    sha256: str
    file: str
    """Relative to the archive folder."""

    @property
    def key(self) -> str:
        """What names its bytes."""
        return bytes_key(self.sha256, self.transfer_syntax)


def bytes_key(sha256: str, transfer_syntax: str) -> str:
    """Return what names an object's bytes: the digest of its dataset and its transfer syntax."""
    return hashlib.sha256(f"{sha256}\n{transfer_syntax}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewestObject:
    """What arrived last: its id, 0 for nothing, and when (UTC seconds)."""

    instance_id: int
    received_at: float


_OBJECTS: Final = (
    sa.select(
        instance.c.id,
        claim.c.exam_id,
        claim.c.person,
        instance.c.sop_class_uid,
        instance.c.transfer_syntax_uid,
        instance.c.sha256,
        instance.c.file,
    )
    .join(claim, claim.c.id == instance.c.claim_id)
    .order_by(instance.c.id)
)
_ONE: Final = Statement(_OBJECTS.where(instance.c.id == sa.bindparam("instance_id")))

_NEWEST: Final = Statement(
    sa.select(instance.c.id, instance.c.received_at).order_by(instance.c.id.desc()).limit(1)
)
_AFTER: Final = Statement(
    sa.select(instance.c.id)
    .where(instance.c.id > sa.bindparam("last"))
    .order_by(instance.c.id)
    .limit(sa.bindparam("most"))
)


def object_of(connection: Connection, instance_id: int) -> StoredObject | None:
    """Return an object that belongs to an exam; None where there is none."""
    row = _ONE.first(connection, instance_id=instance_id)
    return StoredObject(*row) if row is not None else None


def newest(connection: Connection) -> NewestObject:
    """Return what arrived last."""
    row = _NEWEST.first(connection)
    return NewestObject(*row) if row is not None else NewestObject(0, 0.0)


def after(connection: Connection, last: int, most: int) -> list[int]:
    """Return the ids of what arrived next after an object, so many at most."""
    return list(map(int, _AFTER.values(connection, last=last, most=most)))
