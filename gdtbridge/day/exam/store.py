"""What an exam's page needs of the database; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from gdtbridge.archive import SHOWN
from gdtbridge.database import Connection
from gdtbridge.schema import claim, forward_copy, instance, instance_head, report


def objects_of(connection: Connection, exam_id: int) -> Iterator[Any]:
    """Yield a row for each object of an exam that counts, in the order they came."""
    query = (
        sa.select(
            instance.c.id,
            claim.c.person,
            instance.c.sop_class_uid,
            sa.func.coalesce(instance_head.c.frames, "").label("frames"),
            sa.func.coalesce(instance_head.c.series_description, "").label("description"),
            instance.c.received_at,
            instance.c.size,
            instance.c.calling_aet,
            instance.c.sha256,
            instance.c.file,
        )
        .select_from(
            instance.join(claim, claim.c.id == instance.c.claim_id).outerjoin(
                instance_head, instance_head.c.instance_id == instance.c.id
            )
        )
        .where(claim.c.exam_id == exam_id, instance.c.standing.in_(SHOWN))
        .order_by(instance.c.id)
    )
    yield from connection.execute(query)


def problems_of_reports(connection: Connection, exam_id: int) -> dict[int, str]:
    """Return what is wrong with the reports of an exam, by instance; empty for nothing."""
    query = sa.select(report.c.instance_id, report.c.problem).where(report.c.exam_id == exam_id)
    return {number: problem for number, problem in connection.execute(query)}  # noqa: C416 - rows


def copies_of(connection: Connection, exam_id: int) -> Iterator[Any]:
    """Yield for each archive: how many objects it gets, has, and has confirmed, and when last."""
    query = (
        sa.select(
            forward_copy.c.destination,
            sa.func.count(),
            sa.func.count(forward_copy.c.sent_at),
            sa.func.max(forward_copy.c.sent_at),
            sa.func.count(forward_copy.c.confirmed_at),
            sa.func.max(forward_copy.c.confirmed_at),
        )
        .where(forward_copy.c.exam_id == exam_id)
        .group_by(forward_copy.c.destination)
        .order_by(forward_copy.c.destination)
    )
    yield from connection.execute(query)
