"""What of the exams waits for a person, each thing with the patient it is about.

The one place that knows how the database says so; `gdtbridge.attention` has levels and ways out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from gdtbridge.archive import ReceiptStatus
from gdtbridge.database import Connection, exam, instance, report
from gdtbridge.exams.model import HELD_TEXT, PROBLEM_TEXT, ExamState, HoldReason, ReportState
from gdtbridge.exams.overview import OVERDUE_SECONDS
from gdtbridge.people import Patient


class WaitingKind(StrEnum):
    """Kinds of what waits, as the table of `gdtbridge.attention` names them."""

    HELD = "held-exam"
    CORRECTION = "correction-waiting"
    OVERDUE = "exam-overdue"
    OTHER_CONTENT = "other-content"
    UNREADABLE = "report-unreadable"
    INCOMPLETE = "report-incomplete"
    UNWRITABLE = "report-unwritable"
    OTHER_PATIENT = "report-of-other-patient"


@dataclass(frozen=True, slots=True)
class WaitingExam:
    """An exam, or an object of one, that waits for a person."""

    kind: WaitingKind
    subject: str
    """``exam:UID`` or ``object:NUMBER``; of a patient of the exam ``exam:UID:NUMBER``."""
    study_instance_uid: str
    since: float
    """UTC seconds."""
    whose: str
    """Number, name and birth date of the patient, as sent."""
    detail: str
    """The cause, German / English."""


_WHO: Final = (
    exam.c.study_instance_uid,
    exam.c.patient_id,
    exam.c.patient_name,
    exam.c.patient_birth_date,
)
_REPORT_KINDS: Final = {
    "incomplete": WaitingKind.INCOMPLETE,
    HoldReason.UNWRITABLE: WaitingKind.UNWRITABLE,
    ReportState.OTHER_PATIENT: WaitingKind.OTHER_PATIENT,
}
"""Kinds of reports by problem or state; all others could not be read."""


def waiting(connection: Connection, now: float, most: int) -> list[WaitingExam]:
    """Return what waits at ``now`` (UTC seconds), of each kind at most so many, the oldest."""
    return [
        *_held(connection, most),
        *_overdue(connection, now - OVERDUE_SECONDS, most),
        *_other_content(connection, most),
        *_reports(connection, most),
    ]


def _held(connection: Connection, most: int) -> list[WaitingExam]:
    query = (
        sa.select(exam.c.last_instance_at, exam.c.held_because, *_WHO)
        .where(exam.c.state == ExamState.HELD)
        .order_by(exam.c.id)
        .limit(most)
    )
    return [
        WaitingExam(
            WaitingKind.HELD, f"exam:{uid}", uid, since, _who(*who), HELD_TEXT[HoldReason(why)]
        )
        for since, why, uid, *who in connection.execute(query)
    ]


def _overdue(connection: Connection, due_before: float, most: int) -> list[WaitingExam]:
    query = (
        sa.select(exam.c.due_at, *_WHO)
        .where(exam.c.due_at < due_before)
        .order_by(exam.c.due_at)
        .limit(most)
    )
    return [
        WaitingExam(WaitingKind.OVERDUE, f"exam:{uid}", uid, since, _who(*who), "")
        for since, uid, *who in connection.execute(query)
    ]


def _other_content(connection: Connection, most: int) -> list[WaitingExam]:
    of_study = exam.c.study_instance_uid == instance.c.study_instance_uid
    query = (
        sa.select(instance.c.id, instance.c.received_at, instance.c.study_instance_uid, *_WHO)
        .select_from(instance.outerjoin(exam, of_study))
        .where(instance.c.standing == ReceiptStatus.CONFLICT)
        .order_by(instance.c.id)
        .limit(most)
    )
    return [
        WaitingExam(
            WaitingKind.OTHER_CONTENT,
            f"object:{number}",
            uid,
            since,
            _who(*who),
            PROBLEM_TEXT[ReceiptStatus.CONFLICT],
        )
        for number, since, uid, _, *who in connection.execute(query)
    ]


def _reports(connection: Connection, most: int) -> list[WaitingExam]:
    reason = sa.func.coalesce(sa.func.nullif(report.c.problem, ""), report.c.state)
    unsent = sa.or_(report.c.problem != "", report.c.state == ReportState.OTHER_PATIENT)
    query = (
        sa.select(report.c.instance_id, instance.c.received_at, reason, *_WHO)
        .select_from(report.join(exam).join(instance, instance.c.id == report.c.instance_id))
        .where(unsent)
        .order_by(report.c.id)
        .limit(most)
    )
    return [
        WaitingExam(
            _REPORT_KINDS.get(why, WaitingKind.UNREADABLE),
            f"object:{number}",
            uid,
            since,
            _who(*who),
            PROBLEM_TEXT.get(why, why),
        )
        for number, since, why, uid, *who in connection.execute(query)
    ]


def _who(number: str | None, name: str | None, birth_date: str | None) -> str:
    """Return number, name and birth date as a list shows them; empty where nothing is known."""
    patient = Patient.from_dicom(number or "", name or "", birth_date or "")
    born = patient.german_birth_date or patient.birth_date_as_sent
    return " ".join(part for part in (patient.id, patient.listed_name, born) if part)
