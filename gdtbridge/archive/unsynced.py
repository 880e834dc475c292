"""Small objects whose files may not be on the disk yet: the index has their bytes meanwhile.

Syncing file and folder takes longer than everything else that is done for a small object. So its
bytes are committed with what is entered of it, in one sync; the file gets its name unsynced, is
made durable later, and only then the bytes leave the index. After a power cut what is missing,
short or different in the folder is written from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

import sqlalchemy as sa

from gdtbridge.database import Connection, Database
from gdtbridge.schema import instance, unsynced_file
from gdtbridge.statement import Statement

_AT_ONCE: Final = 100
"""Files made durable between two short transactions; 64 KB each at most."""

_KEEP: Final = Statement(
    sa.insert(unsynced_file).values(
        instance_id=sa.bindparam("instance_id"), content=sa.bindparam("content")
    )
)
_NEXT: Final = Statement(
    sa.select(instance.c.id, instance.c.file, unsynced_file.c.content)
    .join(unsynced_file, unsynced_file.c.instance_id == instance.c.id)
    .where(instance.c.id > sa.bindparam("after"))
    .order_by(instance.c.id)
    .limit(_AT_ONCE)
)
_FORGET: Final = Statement(
    sa.delete(unsynced_file).where(
        unsynced_file.c.instance_id.in_(sa.bindparam("instances", expanding=True))
    )
)
is_kept: Final = sa.exists().where(unsynced_file.c.instance_id == instance.c.id)
"""Whether the bytes of an instance's file are in the index."""


MakeDurable: TypeAlias = Callable[[Mapping[str, bytes]], Iterable[str]]
"""Has files on the disk as they should be, and yields each that is; `Archive.make_durable`."""


def keep(connection: Connection, instance_id: int, content: bytes) -> None:
    """Keep the bytes of an instance's whole file in the index."""
    _KEEP.run(connection, instance_id=instance_id, content=content)


def sync_files(database: Database, make_durable: MakeDurable) -> int:
    """Make the files durable whose bytes are in the index, and forget those; return how many.

    What cannot be written stays for the next time. Raises `DatabaseError`.
    """
    count = after = 0
    while True:
        with database.read() as connection:
            rows = _NEXT.rows(connection, after=after)
        if not rows:
            return count
        after = rows[-1][0]
        numbers = {file: number for number, file, _ in rows}
        durable = make_durable({file: bytes(content) for _, file, content in rows})
        synced = [numbers[file] for file in durable]
        if synced:
            with database.write(synced=False, seen=False) as connection:
                _FORGET.run(connection, instances=synced)
        count += len(synced)
