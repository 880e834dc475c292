"""The results of one exam on their way into the outbox: what leaves, and in which order."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gdtbridge.database import Connection
from gdtbridge.exams.model import Exam, HoldReason, PendingReport, ReportState
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.orders.model import Order
from gdtbridge.outbox import Message, Outbox
from gdtbridge.people import Patient, are_two
from gdtbridge.results import revision, store
from gdtbridge.results.attachments import ATTACHMENT, AttachedFile
from gdtbridge.results.gathering import GatheredExam, ReadReport
from gdtbridge.results.records import accession_of, patient_of
from gdtbridge.results.revision import NewValues
from gdtbridge.results.routing import ResultTarget
from gdtbridge.sr import Report, fingerprint

log = logging.getLogger(__name__)

GDT_WRITTEN: Final = "gdt_written"
PATIENT_NUMBER: Final = "3000"
"""The GDT field without which no record of the exam can be written."""
ATTACHMENT_PATH: Final = "6305"
"""The GDT field a path may not fit into; values leave without it."""
INCOMPLETE: Final = "incomplete"
"""Problem of a report that ends in the middle: what it holds is sent, and a person is told."""


@dataclass(frozen=True, slots=True)
class ExamResults:
    """Puts the results of an exam into the outbox, within the caller's write transaction."""

    outbox: Outbox
    connection: Connection
    exam: Exam
    order: Order | None
    target: ResultTarget
    moment: datetime
    """Local time."""
    announced: bool
    """Whether a webhook is called once the study record is delivered."""

    def put(self, gathered: GatheredExam) -> None:
        """Put the study record unless one was, and the value records; raise `GdtWriteError`."""
        if self.exam.reported_at is None:
            self._put_study(gathered.attached)
        for read in gathered.read:
            self._put_values(read)

    def _put_attachments(self, attached: Sequence[AttachedFile]) -> int | None:
        """Put the files one after the other; when the last one arrived, all of them are there."""
        last = None
        for one in attached:
            message = Message(
                kind=ATTACHMENT,
                destination=self.target.attachments_destination,
                key=f"{self.exam.study_instance_uid}:{_short(self.exam.patient_id)}:{one.name}",
                name=one.name,
                payload=one.data,
                after_id=last,
            )
            # Of two equal files the second is the first, put before those between them.
            last = max(last or 0, self.outbox.put(self.connection, message))
        return last

    def _put_study(self, attached: Sequence[AttachedFile]) -> None:
        exam, target = self.exam, self.target
        files = tuple(one.attachment for one in attached)
        message = Message(
            kind="gdt",
            destination=target.destination,
            key=f"study:{exam.study_instance_uid}:{_short(exam.patient_id)}",
            name=target.names.study(accession_of(exam, self.order), exam.id, self.moment),
            payload=target.records.study(exam, self.order, files),
            after_id=self._put_attachments(attached),
        )
        written = self.outbox.put(self.connection, message)
        if self.announced:
            self.outbox.put(
                self.connection,
                Message(
                    kind="webhook",
                    destination=GDT_WRITTEN,
                    key=message.key,
                    name=GDT_WRITTEN,
                    payload=b"",
                    after_id=written,
                ),
            )

    def _put_values(self, read: ReadReport) -> None:
        exam, pending = self.exam, read.pending
        if read.report is None:
            self._settle(pending, ReportState.UNREADABLE, problem=read.problem)
            return
        if exam.mixed and not _is_of(exam, patient_of(exam, self.order), read.report):
            self._settle(pending, ReportState.OTHER_PATIENT)
            return
        cut = _cut(read.report)
        if not read.report.measurements:
            self._settle(pending, ReportState.EMPTY, problem=cut)
            return
        mark = f"{fingerprint(read.report)}:{_short(exam.patient_id)}"
        news = self._news(read.report, mark)
        if news is None:
            self._settle(pending, ReportState.UNCHANGED, fingerprint=mark, problem=cut)
            return
        self._put_new_values(read, read.report, news, mark)

    def _news(self, report: Report, mark: str) -> NewValues | None:
        """Return what the report says that was not sent for this patient; None for nothing."""
        connection, exam = self.connection, self.exam
        if mark in store.bare_fingerprints(connection, exam.id):
            return None
        of_patient = f":{_short(exam.patient_id)}"
        known = revision.read(store.sent_values(connection, exam.id, of_patient))
        news = revision.news_of(known, report)
        return news if news.indices else None

    def _put_new_values(self, read: ReadReport, report: Report, news: NewValues, mark: str) -> None:
        exam, target, pending = self.exam, self.target, read.pending
        attached = (read.sheet,) if read.sheet is not None else ()
        try:
            payload = target.records.values(
                exam, self.order, report, news, tuple(one.attachment for one in attached)
            )
        except GdtWriteError as error:
            if error.field == PATIENT_NUMBER:
                raise
            if error.field == ATTACHMENT_PATH and attached:
                log.warning("report %d: its page is left out: %s", pending.id, error)
                self._put_new_values(replace(read, sheet=None), report, news, mark)
                return
            log.warning("report %d: no record can be written: %s", pending.id, error)
            self._settle(pending, ReportState.UNREADABLE, problem=HoldReason.UNWRITABLE)
            return
        cut = _cut(report)
        if payload is None:
            self._settle(pending, ReportState.EMPTY, problem=cut)
            return
        accession = accession_of(exam, self.order)
        self.outbox.put(
            self.connection,
            Message(
                kind="gdt",
                destination=target.destination,
                key=f"values:{pending.instance_id}",
                name=target.names.report(accession, pending.sop_instance_uid, exam.id, self.moment),
                payload=payload,
                after_id=self._put_attachments(attached),
            ),
        )
        self._settle(
            pending,
            ReportState.REPORTED,
            fingerprint=mark,
            problem=cut,
            sent=revision.written(revision.values_of(report)),
        )

    def _settle(self, pending: PendingReport, state: ReportState, **said: str) -> None:
        store.settle_report(self.connection, pending.id, state, **said)


def _is_of(exam: Exam, known: Patient, report: Report) -> bool:
    """Return whether a report of a mixed exam is the patient's whose name the records bear.

    By number; where a second person had the same number, by name and birth date.
    """
    if not exam.is_of(report.patient_id):
        return False
    return exam.patient_id != exam.sent_patient_id or not are_two(report.patient, known)


def _cut(report: Report) -> str:
    """Return the problem of a report that ends in the middle, whatever became of the rest."""
    return "" if report.is_whole else INCOMPLETE


def _short(patient_id: str) -> str:
    """Return what stands for a patient number in a key: an exam may be reported for another one."""
    return hashlib.sha256(patient_id.encode()).hexdigest()[:16]
