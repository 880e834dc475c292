"""What of the exams waits for a person, each thing with the patient it is about.

The one place that knows how the database says so; `gdtbridge.attention` has levels and ways out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.exams.claim_store import HELD
from gdtbridge.exams.hold_reasons import HELD_TEXT, HoldReason
from gdtbridge.exams.model import PROBLEM_TEXT, ClaimState
from gdtbridge.exams.overview import OVERDUE_SECONDS
from gdtbridge.exams.store import PROBLEM
from gdtbridge.orders.patient_moves import NumberMoves, moves_of
from gdtbridge.people import Patient
from gdtbridge.schema import claim, exam, instance, report


class WaitingKind(StrEnum):
    """Kinds of what waits, as the table of `gdtbridge.attention` names them."""

    HELD = "held-exam"
    CORRECTION = "correction-waiting"
    OVERDUE = "exam-overdue"
    UNREADABLE = "report-unreadable"
    INCOMPLETE = "report-incomplete"
    LOSSES = "report-losses"
    UNWRITABLE = "report-unwritable"


@dataclass(frozen=True, slots=True)
class WaitingExam:
    """What of an exam waits for a person: of one of its people, or one of its reports."""

    kind: WaitingKind
    subject: str
    """``exam:UID:PERSON``, ``object:NUMBER``, or ``exam:UID`` for the whole exam."""
    study_instance_uid: str
    since: float
    """UTC seconds."""
    whose: str
    """Number of the chart as it is now, name and birth date as sent."""
    detail: str
    """The cause, German / English."""
    person: int
    """Which of the exam's people, from 1."""


_WHO: Final = (
    exam.c.study_instance_uid,
    claim.c.person,
    claim.c.patient_id,
    claim.c.patient_name,
    claim.c.patient_birth_date,
)
_REPORT_KINDS: Final = {
    "incomplete": WaitingKind.INCOMPLETE,
    "losses": WaitingKind.LOSSES,
    HoldReason.UNWRITABLE: WaitingKind.UNWRITABLE,
}
"""Kinds of reports by problem; all others could not be read."""


def report_kind(problem: str) -> WaitingKind:
    """Return what kind of thing to look at a report with a problem is."""
    return _REPORT_KINDS.get(problem, WaitingKind.UNREADABLE)


def unsent(connection: Connection, now: float, most: int) -> list[WaitingExam]:
    """Return what of exams is overdue or unreadable at ``now`` (UTC seconds).

    Of each kind at most so many, the oldest.
    """
    overdue = _overdue(connection, now - OVERDUE_SECONDS, most)
    return [*overdue, *_reports(connection, most)]


@dataclass(frozen=True, slots=True)
class DueExams:
    """How many exams wait to be reported, and since when the first was due (UTC seconds)."""

    count: int
    oldest: float


def due_before(connection: Connection, moment: float) -> DueExams:
    """Return the exams that were due before ``moment`` (UTC seconds)."""
    query = sa.select(sa.func.count(), sa.func.min(exam.c.due_at)).where(exam.c.due_at < moment)
    count, oldest = connection.execute(query).one()
    return DueExams(count, oldest or moment)


def held(connection: Connection, most: int) -> Iterator[WaitingExam]:
    """Yield one item for each of the people of whom something is held."""
    query = (
        sa.select(exam.c.last_instance_at, claim.c.held_because, *_WHO)
        .select_from(claim.join(exam))
        .where(HELD)
        .order_by(claim.c.exam_id, claim.c.id)
        .limit(most)
    )
    told: set[str] = set()
    rows = connection.execute(query).all()
    moves = moves_of(connection, {row.patient_id for row in rows})
    for since, why, uid, person, *who in rows:
        subject = f"exam:{uid}:{person}"
        if subject in told:
            continue
        told.add(subject)
        correction = why == HoldReason.CORRECTION
        kind = WaitingKind.CORRECTION if correction else WaitingKind.HELD
        detail = HELD_TEXT[HoldReason(why)]
        yield WaitingExam(kind, subject, uid, since, _who(moves, *who), detail, person)


def _overdue(connection: Connection, due_before: float, most: int) -> list[WaitingExam]:
    own = claim.alias()
    ours = own.c.state != ClaimState.FETCHED
    first = sa.select(sa.func.min(own.c.id)).where(own.c.exam_id == exam.c.id, ours)
    query = (
        sa.select(exam.c.due_at, *_WHO)
        .select_from(exam.join(claim))
        .where(exam.c.due_at < due_before, claim.c.id == first.scalar_subquery())
        .order_by(exam.c.due_at)
        .limit(most)
    )
    rows = connection.execute(query).all()
    moves = moves_of(connection, {row.patient_id for row in rows})
    return [
        WaitingExam(WaitingKind.OVERDUE, f"exam:{uid}", uid, since, _who(moves, *who), "", person)
        for since, uid, person, *who in rows
    ]


def _reports(connection: Connection, most: int) -> list[WaitingExam]:
    of_claim = instance.join(claim, claim.c.id == instance.c.claim_id).join(
        exam, exam.c.id == claim.c.exam_id
    )
    query = (
        sa.select(report.c.instance_id, instance.c.received_at, report.c.problem, *_WHO)
        .select_from(of_claim.join(report, report.c.instance_id == instance.c.id))
        .where(PROBLEM)
        .order_by(report.c.id)
        .limit(most)
    )
    rows = connection.execute(query).all()
    moves = moves_of(connection, {row.patient_id for row in rows})
    return [
        WaitingExam(
            report_kind(why),
            f"object:{number}",
            uid,
            since,
            _who(moves, *who),
            PROBLEM_TEXT.get(why, why),
            person,
        )
        for number, since, why, uid, person, *who in rows
    ]


def _who(moves: NumberMoves, number: str, name: str, birth_date: str) -> str:
    """Return number, name and birth date as a list shows them; empty where nothing is known."""
    return Patient.from_dicom(moves.now(number), name, birth_date).listed
