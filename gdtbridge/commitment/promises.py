"""What was promised to devices: whether it is still whole, and whether there is a second copy."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gdtbridge.archive.model import Standing
from gdtbridge.archive.verifying import StoredVersion
from gdtbridge.commitment.model import FailureReason
from gdtbridge.database import Connection
from gdtbridge.schema import backup_run, commitment, commitment_reference, instance

_COLUMNS: Final = (
    *("id", "sop_instance_uid", "sop_class_uid", "transfer_syntax_uid"),
    *("sha256", "size", "file", "standing"),
)
_OF_THE_DISK: Final = (
    FailureReason.PROCESSING_FAILURE,
    FailureReason.NO_SUCH_INSTANCE,
    FailureReason.RESOURCE_LIMITATION,
)


def broken(connection: Connection, most: int) -> list[tuple[StoredVersion, float]]:
    """Return what a device was told is not whole although it was received, and since when.

    The oldest first; of a request that is looked at anew nothing is known.
    """
    asked = commitment_reference.join(
        instance, instance.c.sop_instance_uid == commitment_reference.c.sop_instance_uid
    ).join(commitment, commitment.c.id == commitment_reference.c.commitment_id)
    since = sa.func.min(commitment.c.verified_at).label("since")
    columns = [instance.c[name] for name in _COLUMNS]
    query = (
        sa.select(*columns, since)
        .select_from(asked)
        .where(
            commitment_reference.c.failure_reason.in_(_OF_THE_DISK),
            commitment.c.verified_at.is_not(None),
            instance.c.received_at <= commitment.c.verified_at,
        )
        .group_by(*columns)
        .order_by(since, instance.c.id)
        .limit(most)
    )
    rows = connection.execute(query).mappings()
    return [(_version(row), float(row["since"])) for row in rows]


def _version(row: sa.RowMapping) -> StoredVersion:
    said = {name: row[name] for name in _COLUMNS}
    return StoredVersion(**{**said, "standing": Standing(row["standing"])}, unsynced=False)


def promised_after(connection: Connection, moment: float) -> tuple[int, float]:
    """Return how many instances were promised after a moment (UTC seconds), and the first time."""
    query = sa.select(sa.func.count(), sa.func.min(instance.c.committed_at))
    count, first = connection.execute(query.where(instance.c.committed_at > moment)).one()
    return int(count), float(first or 0.0)


def last_backup(connection: Connection) -> float | None:
    """Return when the last whole backup was begun (UTC seconds)."""
    return connection.execute(sa.select(sa.func.max(backup_run.c.begun_at))).scalar()


def note_backup(connection: Connection, begun_at: float) -> None:
    """Enter that everything that was there then has been copied, in place of the time before."""
    connection.execute(sa.delete(backup_run))
    connection.execute(sa.insert(backup_run).values(begun_at=begun_at))
