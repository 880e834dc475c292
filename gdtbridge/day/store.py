"""Which exams are of a day or of some orders; every call works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.exams.model import ClaimState, EventKind, Exam
from gdtbridge.exams.store import EXAM_COLUMNS, exam_from
from gdtbridge.schema import claim, exam, exam_event, exam_result

_OURS: Final = claim.c.state != ClaimState.FETCHED
"""What devices sent: a day has nothing that was fetched from another archive."""


def exams_of_day(
    connection: Connection, study_date: str, begin: float, end: float, most: int
) -> set[int]:
    """Return the newest exams whose Study Date it is (YYYYMMDD), or of which something came then.

    ``begin`` and ``end`` of the day are UTC seconds.
    """
    dated = (
        sa.select(claim.c.exam_id)
        .where(claim.c.study_date == study_date, _OURS)
        .order_by(claim.c.exam_id.desc())
        .limit(most)
    )
    received = (
        sa.select(exam.c.id)
        .where(exam.c.first_instance_at >= begin, exam.c.first_instance_at < end)
        .order_by(exam.c.id.desc())
        .limit(most)
    )
    return {number for query in (dated, received) for number in connection.execute(query).scalars()}


def exams_of_orders(
    connection: Connection, numbers: Collection[str], studies: Collection[str]
) -> set[int]:
    """Return the exams that name some orders, have their UID, or went into a chart for them."""
    queries = (
        sa.select(claim.c.exam_id).where(claim.c.accession_number.in_(numbers), _OURS),
        sa.select(exam.c.id).where(exam.c.study_instance_uid.in_(studies)),
        sa.select(exam_result.c.exam_id).where(
            exam_result.c.accession_number.in_(numbers), exam_result.c.withdrawn_at.is_(None)
        ),
    )
    return {number for query in queries for number in connection.execute(query).scalars()}


def exams_by_id(connection: Connection, exam_ids: Collection[int]) -> list[Exam]:
    """Return some exams in the order they came."""
    query = sa.select(*EXAM_COLUMNS).where(exam.c.id.in_(exam_ids)).order_by(exam.c.id)
    return [exam_from(row) for row in connection.execute(query)]


def discarded_at(connection: Connection, exam_ids: Collection[int]) -> dict[int, float]:
    """Return when something of some exams was discarded last; UTC seconds by exam."""
    query = (
        sa.select(exam_event.c.exam_id, sa.func.max(exam_event.c.at))
        .where(exam_event.c.exam_id.in_(exam_ids), exam_event.c.what == EventKind.DISCARDED)
        .group_by(exam_event.c.exam_id)
    )
    return {number: at for number, at in connection.execute(query)}  # noqa: C416 - rows are no pairs
