"""Objects that were fetched from another archive, among the versions of a SOP Instance UID.

They are kept, shown and found like the rest, and are no results: a device that sends one of them
later sends something new. Of one UID and study at most one version is shown: what a device sent,
else what was fetched last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive.model import (
    NOT_SENT,
    IncomingInstance,
    Receipt,
    ReceiptStatus,
    Standing,
)
from gdtbridge.database import Connection
from gdtbridge.dataset.header import Header
from gdtbridge.schema import instance, instance_head, metadata, unsynced_file
from gdtbridge.statement import Statement, UpdateStatement

VERSIONS: Final = Statement(
    sa.select(
        instance.c.id,
        instance.c.sha256,
        instance.c.transfer_syntax_uid,
        instance.c.study_instance_uid,
        instance.c.standing,
        instance.c.turn,
    ).where(instance.c.sop_instance_uid == sa.bindparam("uid"))
)
"""What the index has under a SOP Instance UID."""
_POINTERS: Final = [
    column
    for table in metadata.sorted_tables
    if table not in {instance_head, unsynced_file}
    for column in table.columns
    if any(key.column is instance.c.id for key in column.foreign_keys)
]
"""What names an instance by its id."""
_UPDATE: Final = UpdateStatement(
    instance, instance.c.id.in_(sa.bindparam("instances", expanding=True))
)


def fetched_versions(
    rows: Iterable[Sequence[Any]], incoming: IncomingInstance, header: Header, sha256: str
) -> tuple[int, tuple[int, ...]]:
    """Return the id of what was fetched with these bytes (0: none), and those with other bytes.

    ``rows`` are of `VERSIONS`; of others only those of the object's study are named.
    """
    same, others = 0, []
    for number, digest, syntax, study, standing, _ in rows:
        if standing in NOT_SENT:
            if (digest, syntax) == (sha256, incoming.TransferSyntaxUID):
                same = number
            elif study == header.StudyInstanceUID:
                others.append(number)
    return same, tuple(others)


def look_for_fetched(
    connection: Connection, incoming: IncomingInstance, header: Header, sha256: str
) -> Receipt:
    """Return how an object that is being fetched relates to what the index has.

    ``SAME``: there is nothing to enter. ``CONFLICT``: a device sent other content under its UID,
    which stays what is shown. ``NEW``: it is shown, and no other that was fetched.
    """
    rows = VERSIONS.rows(connection, uid=incoming.SOPInstanceUID)
    same, others = fetched_versions(rows, incoming, header, sha256)
    sent = [row for row in rows if row[4] not in NOT_SENT]
    if any((row[1], row[2]) == (sha256, incoming.TransferSyntaxUID) for row in sent):
        return Receipt(0, ReceiptStatus.SAME)
    here = any(row[3] == header.StudyInstanceUID for row in sent)
    if same:
        if not here:
            put_aside(connection, others)
            _UPDATE.run(connection, {"standing": Standing.FETCHED}, instances=[same])
        return Receipt(same, ReceiptStatus.SAME)
    status = ReceiptStatus.CONFLICT if here else ReceiptStatus.NEW
    return Receipt(0, status, others_fetched=others)


def put_aside(connection: Connection, instances: Sequence[int]) -> None:
    """Show these objects, which were fetched, no more."""
    if instances:
        _UPDATE.run(connection, {"standing": Standing.FETCHED_ASIDE}, instances=list(instances))


def make_way(connection: Connection, fetched: int) -> None:
    """Let an object that was fetched be entered anew: a device has just sent it (`take_over`)."""
    _UPDATE.run(connection, {"sha256": ""}, instances=[fetched])


def take_over(connection: Connection, fetched: int, sent: int) -> None:
    """Forget that an object was fetched, now that it is entered as ``sent`` by a device.

    It has a place of its own among what devices sent, as if it had never been fetched; whatever
    points to it does so from now on.
    """
    for own in (instance_head, unsynced_file):
        connection.execute(sa.delete(own).where(own.c.instance_id == fetched))
    for column in _POINTERS:
        pointing = sa.update(column.table).where(column == fetched)
        connection.execute(pointing.values({column: sent}))
    connection.execute(sa.delete(instance).where(instance.c.id == fetched))
