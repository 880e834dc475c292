"""The Structured Reports of exams in the database; every call works inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from gdtbridge.catalogue.untold import UNREADABLE, UNWRITABLE
from gdtbridge.database import Connection
from gdtbridge.exams.model import ExamProblem, ReportStanding, ReportState
from gdtbridge.exams.store import PROBLEM
from gdtbridge.schema import exam, instance, report
from gdtbridge.statement import InsertStatement

_ENTER_REPORT: Final = InsertStatement(report)


def insert_report(
    connection: Connection, exam_id: int, instance_id: int, sop_instance_uid: str
) -> None:
    """Note a Structured Report that has to be read."""
    _ENTER_REPORT.run(
        connection,
        exam_id=exam_id,
        instance_id=instance_id,
        sop_instance_uid=sop_instance_uid,
        state=ReportState.PENDING,
    )


def want_report(
    connection: Connection, exam_id: int, instance_id: int, sop_instance_uid: str
) -> None:
    """Note a report that has to be read, whether or not it was noted before.

    It becomes the exam's newest: what is sent of it now is what the chart got last.
    """
    connection.execute(sa.delete(report).where(report.c.instance_id == instance_id))
    insert_report(connection, exam_id, instance_id, sop_instance_uid)


def replace_report(connection: Connection, instance_id: int) -> None:
    """Note that a report which nobody read yet has been replaced by the device."""
    unread = (ReportState.PENDING, ReportState.RESENT)
    here = sa.and_(report.c.instance_id == instance_id, report.c.state.in_(unread))
    connection.execute(sa.update(report).where(here).values(state=ReportState.REPLACED))


def forget_reports(connection: Connection, instances: Iterable[int]) -> None:
    """Note that a chart does not have any more what the reports in these instances said."""
    gone = (
        ReportState.PENDING,
        ReportState.RESENT,
        ReportState.REPORTED,
        ReportState.UNCHANGED,
    )
    here = sa.and_(report.c.instance_id.in_(list(instances)), report.c.state.in_(gone))
    connection.execute(sa.update(report).where(here).values(state=ReportState.REPLACED))


def accept_reports(connection: Connection, instances: Iterable[int]) -> int:
    """Note that a person has seen why reports were not sent; return how many there were.

    What was sent of them stays what the chart has: those with a record stay reported. One that the
    device sent again is read all the same.
    """
    here = sa.and_(report.c.instance_id.in_(list(instances)), report.c.problem != "")
    stays = report.c.state.in_((ReportState.REPORTED, ReportState.RESENT))
    state = sa.case((stays, report.c.state), else_=ReportState.ACCEPTED)
    done = connection.execute(sa.update(report).where(here).values(problem="", state=state))
    return int(done.rowcount)


def read_again(connection: Connection, instances: Iterable[int]) -> None:
    """Have the reports in these instances read and sent once more."""
    here = report.c.instance_id.in_(list(instances))
    connection.execute(
        sa.update(report)
        .where(here, report.c.state != ReportState.REPLACED)
        .values(state=ReportState.PENDING, problem="")
    )


def resend_report(connection: Connection, instance_id: int, now: float) -> int | None:
    """Have a report read once more that the device sent again and no value of which was sent.

    What its chart was told instead is kept. Return the exam, which is looked at ``now`` (UTC); None
    where there is nothing to read.
    """
    notices = (report.c.fingerprint.startswith(f"{why}:") for why in (UNREADABLE, UNWRITABLE))
    unsent = sa.or_(
        report.c.state.in_((ReportState.UNREADABLE, ReportState.ACCEPTED)),
        sa.and_(report.c.state == ReportState.REPORTED, sa.or_(*notices)),
    )
    here = sa.and_(report.c.instance_id == instance_id, unsent)
    query = sa.update(report).where(here).values(state=ReportState.RESENT)
    exam_id: int | None = connection.execute(query.returning(report.c.exam_id)).scalar()
    if exam_id is not None:  # also where it is being reported, without this report
        over = sa.or_(exam.c.due_at.is_(None), exam.c.due_at <= now)
        here = sa.and_(exam.c.id == exam_id, over)
        connection.execute(sa.update(exam).where(here).values(due_at=now))
    return exam_id


def reports_of_exams(connection: Connection, exam_ids: Iterable[int]) -> list[ReportStanding]:
    """Return where each report of some exams stands, oldest first."""
    query = (
        sa.select(report.c.exam_id, instance.c.claim_id, report.c.state, report.c.problem)
        .select_from(report.join(instance, instance.c.id == report.c.instance_id))
        .where(report.c.exam_id.in_(exam_ids))
        .order_by(report.c.id)
    )
    return [
        ReportStanding(exam_id, claim_id, ReportState(state), problem)
        for exam_id, claim_id, state, problem in connection.execute(query)
    ]


def report_problems(connection: Connection, limit: int) -> list[ExamProblem]:
    """Return the reports that were not sent, or not to their end, the newest first."""
    query = (
        sa.select(
            report.c.problem,
            exam.c.study_instance_uid,
            report.c.sop_instance_uid,
            instance.c.file,
        )
        .select_from(report.join(exam).join(instance, instance.c.id == report.c.instance_id))
        .where(PROBLEM)
        .order_by(report.c.id.desc())
        .limit(limit)
    )
    return [ExamProblem(*row) for row in connection.execute(query)]
