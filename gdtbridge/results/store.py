"""Which reports of an exam were sent, and which results have arrived, in the database.

Every call works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gdtbridge.archive.heads import MADE
from gdtbridge.database import Connection
from gdtbridge.exams.model import PendingReport, ReportState
from gdtbridge.outbox import UNCOLLECTED
from gdtbridge.outbox.store import begins
from gdtbridge.results import revision
from gdtbridge.results.message_keys import study_prefix, values_prefix
from gdtbridge.schema import exam, exam_result, instance, instance_head, outbox, report
from gdtbridge.statement import Statement

_PENDING: Final = Statement(
    sa.select(
        report.c.id,
        report.c.instance_id,
        report.c.sop_instance_uid,
        instance.c.claim_id,
        report.c.state == ReportState.RESENT,
        MADE,
    )
    .select_from(
        report.join(instance, instance.c.id == report.c.instance_id).outerjoin(
            instance_head, instance_head.c.instance_id == instance.c.id
        )
    )
    .where(
        report.c.exam_id == sa.bindparam("exam"),
        report.c.state.in_((ReportState.PENDING, ReportState.RESENT)),
    )
    .order_by(MADE, report.c.id)
)


def pending_reports(connection: Connection, exam_id: int) -> list[PendingReport]:
    """Return the exam's reports that have to be read, what the device made first, first."""
    return [PendingReport(*row) for row in _PENDING.rows(connection, exam=exam_id)]


def bare_fingerprints(connection: Connection, exam_id: int) -> set[str]:
    """Return the fingerprints of the exam's value records from before values were remembered."""
    query = sa.select(report.c.fingerprint).where(
        report.c.exam_id == exam_id, report.c.state == ReportState.REPORTED, report.c.sent == ""
    )
    return set(connection.execute(query).scalars())


def sent_values(
    connection: Connection, exam_id: int, of_patient: Sequence[str], made_after: str | None = None
) -> Sequence[str]:
    """Return the values sent for an exam, those of the report that counts last.

    Their fingerprints end with one of ``of_patient``: a chart may have had several numbers. With
    ``made_after`` (`PendingReport.made`) those alone of reports the device made after that.
    """
    ends = (report.c.fingerprint.endswith(one, autoescape=True) for one in of_patient)
    query = (
        sa.select(report.c.sent)
        .select_from(
            report.outerjoin(instance_head, instance_head.c.instance_id == report.c.instance_id)
        )
        .where(
            report.c.exam_id == exam_id,
            report.c.state.in_((ReportState.REPORTED, ReportState.RESENT)),
            sa.or_(*ends),
            *(() if made_after is None else (made_after < MADE,)),
        )
        .order_by(MADE, report.c.id)
    )
    return connection.execute(query).scalars().all()


def reports_with(
    connection: Connection, exam_id: int, problem: str, of_patient: Sequence[str]
) -> list[tuple[int, str]]:
    """Return the exam's reports with a problem and what was sent of each; see `sent_values`."""
    ends = (report.c.fingerprint.endswith(one, autoescape=True) for one in of_patient)
    query = sa.select(report.c.id, report.c.sent).where(
        report.c.exam_id == exam_id, report.c.problem == problem, sa.or_(*ends)
    )
    return [(row.id, row.sent) for row in connection.execute(query)]


def clear_problems(connection: Connection, reports: Sequence[int]) -> None:
    """Note that nobody has to look after these reports any more."""
    connection.execute(sa.update(report).where(report.c.id.in_(reports)).values(problem=""))


def count_sent(connection: Connection, instances: Sequence[int], of_patient: Sequence[str]) -> int:
    """Return how many values of the reports in some instances a chart got; see `sent_values`."""
    ends = (report.c.fingerprint.endswith(one, autoescape=True) for one in of_patient)
    query = sa.select(report.c.sent).where(
        report.c.instance_id.in_(instances),
        report.c.sent != "",
        sa.or_(*ends),
    )
    return revision.count_of(revision.read(connection.execute(query).scalars()))


def settle_report(
    connection: Connection,
    report_id: int,
    state: ReportState,
    *,
    fingerprint: str = "",
    problem: str = "",
    sent: str = "",
) -> None:
    """Enter how the reading of a report ended, and which values were sent."""
    connection.execute(
        sa.update(report)
        .where(report.c.id == report_id)
        .values(state=state, fingerprint=fingerprint, problem=problem, sent=sent)
    )


def end_resent(connection: Connection, report_id: int) -> None:
    """Let a report that cannot be sent this time either stand as it did before it came again."""
    state = sa.case(
        (report.c.sent != "", ReportState.REPORTED),
        (report.c.problem != "", ReportState.UNREADABLE),
        else_=ReportState.ACCEPTED,
    )
    connection.execute(sa.update(report).where(report.c.id == report_id).values(state=state))


def open_results(connection: Connection, accession_number: str) -> int | None:
    """Return how many results of an order's exam have not arrived; None before it is reported.

    Those that wait for another result of the exam to be collected do not count: whoever waits for
    the results may be who collects them.
    """
    query = (
        sa.select(exam.c.id, exam.c.study_instance_uid)
        .distinct()
        .select_from(exam_result.join(exam, exam.c.id == exam_result.c.exam_id))
        .where(
            exam_result.c.accession_number == accession_number,
            exam_result.c.withdrawn_at.is_(None),
            exam.c.due_at.is_(None),
        )
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    return sum(_waiting(connection, number, study) for number, study in rows)


def _waiting(connection: Connection, exam_id: int, study_instance_uid: str) -> int:
    """Return how many results of an exam are on their way, by the keys they were put with."""
    reports = (
        connection.execute(sa.select(report.c.instance_id).where(report.c.exam_id == exam_id))
        .scalars()
        .all()
    )
    ours = sa.or_(
        begins(study_prefix(study_instance_uid)),
        outbox.c.key.in_([f"values:{instance_id}" for instance_id in reports]),  # of old programs
        *(begins(values_prefix(instance_id)) for instance_id in reports),
    )
    query = sa.select(outbox.c.delivered_at, outbox.c.last_error).where(
        outbox.c.kind == "gdt", ours
    )
    results = connection.execute(query).all()
    waiting = [row.last_error for row in results if row.delivered_at is None]
    begun = len(waiting) < len(results)
    return sum(not (begun and reason == UNCOLLECTED) for reason in waiting)
