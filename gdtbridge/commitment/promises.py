"""What was promised to devices: whether it is still whole, and whether there is a second copy."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gdtbridge.archive.model import Standing
from gdtbridge.archive.verifying import StoredVersion
from gdtbridge.database import Connection
from gdtbridge.schema import backup_run, commitment, commitment_reference, instance

_COLUMNS: Final = (
    *("id", "sop_instance_uid", "sop_class_uid", "transfer_syntax_uid"),
    *("sha256", "size", "file", "standing"),
)


def broken(connection: Connection, most: int) -> list[tuple[StoredVersion, float]]:
    """Return what a device was told is not whole although it was received, and since when.

    The oldest first; of a request that is looked at anew nothing is known.
    """
    table = commitment_reference
    since = sa.func.min(commitment.c.verified_at).label("since")
    columns = [instance.c[name] for name in _COLUMNS]
    query = (
        sa.select(*columns, since)
        .select_from(table)
        .join(instance, instance.c.id == table.c.instance_id)
        .join(commitment, commitment.c.id == table.c.commitment_id)
        .where(table.c.instance_id.is_not(None), commitment.c.verified_at.is_not(None))
        .group_by(*columns)
        .order_by(since, instance.c.id)
        .limit(most)
    )
    rows = connection.execute(query).mappings()
    return [(_version(row), float(row["since"])) for row in rows]


def _version(row: sa.RowMapping) -> StoredVersion:
    said = {name: row[name] for name in _COLUMNS}
    return StoredVersion(**{**said, "standing": Standing(row["standing"])}, unsynced=False)


def promised_after(connection: Connection, moment: float) -> float | None:
    """Return when the first instance was promised after a moment (UTC seconds), or None."""
    query = sa.select(sa.func.min(instance.c.committed_at))
    return connection.execute(query.where(instance.c.committed_at > moment)).scalar()


def last_backup(connection: Connection) -> float | None:
    """Return when the last whole backup was begun (UTC seconds)."""
    return connection.execute(sa.select(sa.func.max(backup_run.c.begun_at))).scalar()


def note_backup(connection: Connection, begun_at: float) -> None:
    """Enter that everything that was there then has been copied, in place of the time before."""
    connection.execute(sa.delete(backup_run))
    connection.execute(sa.insert(backup_run).values(begun_at=begun_at))
