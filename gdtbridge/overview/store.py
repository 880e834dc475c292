"""Statements for what people see of devices, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.schema import claim, instance
from gdtbridge.sr.model import REPORT_CLASSES


@dataclass(frozen=True, slots=True)
class ReceivedToday:
    """What a device sent today."""

    exams: int = 0
    pictures: int = 0
    reports: int = 0


def exam_of_instance(connection: Connection, instance_id: int) -> int | None:
    """Return the exam a received object is of; None where it is gone."""
    query = (
        sa.select(claim.c.exam_id)
        .select_from(claim.join(instance, instance.c.claim_id == claim.c.id))
        .where(instance.c.id == instance_id)
    )
    return connection.execute(query).scalar()


def received_by_device(
    connection: Connection, exam_ids: Collection[int], since: float
) -> dict[str, ReceivedToday]:
    """Return what came of some exams since then (UTC seconds), by calling AE title."""
    is_report = instance.c.sop_class_uid.in_(list(REPORT_CLASSES))
    query = (
        sa.select(
            instance.c.calling_aet,
            sa.func.count(sa.distinct(claim.c.exam_id)),
            sa.func.sum(sa.case((is_report, 0), else_=1)),
            sa.func.sum(sa.case((is_report, 1), else_=0)),
        )
        .select_from(claim.join(instance, instance.c.claim_id == claim.c.id))
        .where(claim.c.exam_id.in_(exam_ids), instance.c.received_at >= since)
        .group_by(instance.c.calling_aet)
    )
    return {
        aet: ReceivedToday(exams, int(pictures), int(reports))
        for aet, exams, pictures, reports in connection.execute(query)
    }
