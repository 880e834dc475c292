"""From a complete exam to its results in the outbox."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from gdtbridge.archive import Archive
from gdtbridge.config import Webhooks
from gdtbridge.database import Connection, Database
from gdtbridge.exams import revision, store
from gdtbridge.exams.identity import Listed, judge, look_up
from gdtbridge.exams.model import (
    Exam,
    ExamState,
    Held,
    Order,
    OrderState,
    PendingReport,
    ReportState,
)
from gdtbridge.exams.records import accession_of
from gdtbridge.exams.revision import News
from gdtbridge.exams.routing import Routing, Target
from gdtbridge.gdt import GdtWriteError
from gdtbridge.measurements import Report, ReportError, ReportLimitError, fingerprint
from gdtbridge.outbox import Message, Outbox
from worklist import WorklistFolder

log = logging.getLogger(__name__)

GDT_WRITTEN: Final = "gdt_written"
PATIENT_NUMBER: Final = "3000"
"""The GDT field without which no record of the exam can be written."""
INCOMPLETE: Final = "incomplete"
"""Problem of a report that ends in the middle: what it holds is sent, and a person is told."""


class Reader(Protocol):
    """Reads a Structured Report within limits; raises `ReportError`."""

    def read(self, path: Path) -> Report:
        """Return the report in the file."""
        ...


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A Structured Report and how reading it went."""

    pending: PendingReport
    report: Report | None
    problem: str


@dataclass(frozen=True, slots=True)
class Page:
    """One exam being reported: for which order, to whom, within which transaction."""

    connection: Connection
    exam: Exam
    order: Order | None
    target: Target
    moment: datetime
    """Local time."""

    @property
    def accession(self) -> str:
        """The accession number the practice software knows."""
        return accession_of(self.exam, self.order)


class Reporting:
    """Decides what leaves for an exam whose waiting is over."""

    def __init__(
        self,
        routing: Routing,
        database: Database,
        archive: Archive,
        outbox: Outbox,
        worklist: WorklistFolder,
        reader: Reader,
        webhooks: Webhooks,
    ) -> None:
        self._routing = routing
        self._webhooks = webhooks
        self._database = database
        self._archive = archive
        self._outbox = outbox
        self._worklist = worklist
        self._reader = reader

    def report(self, exam_id: int, now: float) -> None:
        """Put everything the exam has to say, and has not said, into the outbox.

        Files are read outside any transaction. When an instance arrived meanwhile, nothing is
        written and the exam's new deadline counts.
        """
        with self._database.read() as connection:
            exam = store.exam_by_id(connection, exam_id)
            pending = store.pending_reports(connection, exam_id)
            files = [self._archive.path_of(connection, one.instance_id) for one in pending]
        if exam is None or exam.due_at is None:
            return
        listed = look_up(exam, self._worklist)
        read = [self._read(one, file) for one, file in zip(pending, files, strict=True)]
        with self._database.write() as connection:
            if store.exam_by_id(connection, exam_id) == exam:
                self._settle(connection, exam, listed, read, now)
        self._outbox.wake()

    def _read(self, pending: PendingReport, file: Path) -> ReadReport:
        try:
            return ReadReport(pending, self._read_patiently(file), "")
        except ReportError as error:
            log.warning("report %d cannot be read: %s", pending.id, type(error).__name__)
            return ReadReport(pending, None, type(error).__name__)

    def _read_patiently(self, file: Path) -> Report:
        try:
            return self._reader.read(file)
        except ReportLimitError:  # of the file's making, or the machine was busy: once more
            return self._reader.read(file)

    def _settle(
        self,
        connection: Connection,
        exam: Exam,
        listed: Listed,
        read: list[ReadReport],
        now: float,
    ) -> None:
        verdict = judge(connection, exam, listed)
        if isinstance(verdict, Held):
            self._hold(connection, exam, verdict)
            return
        order = verdict.order
        target = self._routing.of_exam(exam, order)
        page = Page(connection, exam, order, target, datetime.fromtimestamp(now))  # noqa: DTZ006
        try:
            with connection.begin_nested():
                self._put_all(page, read)
        except GdtWriteError as error:
            log.warning("exam %d: no record can be written: %s", exam.id, error)
            self._hold(connection, exam, Held.UNWRITABLE)
            return
        if order is not None:
            store.set_order_state(connection, order.accession_number, OrderState.DONE)
        store.update_exam(
            connection,
            exam.id,
            state=ExamState.REPORTED,
            due_at=None,
            reported_at=exam.reported_at or now,
            route=target.name,
        )
        log.info("exam %d reported: %d instances, %d reports", exam.id, exam.instances, len(read))

    def _put_all(self, page: Page, read: list[ReadReport]) -> None:
        if page.exam.reported_at is None:
            self._put_study(page)
        for one in read:
            self._put_values(page, one)

    def _hold(self, connection: Connection, exam: Exam, reason: Held) -> None:
        store.hold(connection, exam.id, reason)
        log.warning("exam %d is held: %s", exam.id, reason)

    def _put_study(self, page: Page) -> None:
        exam, target = page.exam, page.target
        message = Message(
            kind="gdt",
            destination=target.destination,
            key=f"study:{exam.study_instance_uid}:{_short(exam.patient_id)}",
            name=target.names.study(page.accession, exam.id, page.moment),
            payload=target.records.study(exam, page.order),
        )
        written = self._outbox.put(page.connection, message)
        if self._webhooks.gdt_written:
            self._outbox.put(
                page.connection,
                Message(
                    kind="webhook",
                    destination=GDT_WRITTEN,
                    key=message.key,
                    name=GDT_WRITTEN,
                    payload=b"",
                    after_id=written,
                ),
            )

    def _put_values(self, page: Page, read: ReadReport) -> None:
        connection, exam, number = page.connection, page.exam, read.pending.id
        if read.report is None:
            store.settle_report(connection, number, ReportState.UNREADABLE, problem=read.problem)
            return
        if exam.mixed and not exam.is_of(read.report.patient_id):
            store.settle_report(connection, number, ReportState.OTHER_PATIENT)
            return
        if not read.report.measurements:
            cut = "" if read.report.is_whole else INCOMPLETE
            store.settle_report(connection, number, ReportState.EMPTY, problem=cut)
            return
        mark = f"{fingerprint(read.report)}:{_short(exam.patient_id)}"
        news = self._news(page, read.report, mark)
        if news is None:
            store.settle_report(connection, number, ReportState.UNCHANGED, fingerprint=mark)
            return
        self._put_new_values(page, read.pending, read.report, news, mark)

    def _news(self, page: Page, report: Report, mark: str) -> News | None:
        """Return what the report says that was not sent for this patient; None for nothing."""
        connection, exam = page.connection, page.exam
        if mark in store.reported_fingerprints(connection, exam.id):
            return None
        of_patient = f":{_short(exam.patient_id)}"
        known = revision.read(store.sent_values(connection, exam.id, of_patient))
        news = revision.news_of(known, report)
        return news if news.indices else None

    def _put_new_values(
        self, page: Page, pending: PendingReport, report: Report, news: News, mark: str
    ) -> None:
        connection, exam, target = page.connection, page.exam, page.target
        try:
            payload = target.records.values(exam, page.order, report, news)
        except GdtWriteError as error:
            if error.field == PATIENT_NUMBER:
                raise
            log.warning("report %d: no record can be written: %s", pending.id, error)
            store.settle_report(
                connection, pending.id, ReportState.UNREADABLE, problem=Held.UNWRITABLE
            )
            return
        self._outbox.put(
            connection,
            Message(
                kind="gdt",
                destination=target.destination,
                key=f"values:{pending.instance_id}",
                name=target.names.report(
                    page.accession, pending.sop_instance_uid, exam.id, page.moment
                ),
                payload=payload,
            ),
        )
        cut = "" if report.is_whole else INCOMPLETE
        store.settle_report(
            connection,
            pending.id,
            ReportState.REPORTED,
            fingerprint=mark,
            problem=cut,
            sent=revision.written(revision.values_of(report)),
        )


def _short(patient_id: str) -> str:
    """Return what stands for a patient number in a key: an exam may be reported for another one."""
    return hashlib.sha256(patient_id.encode()).hexdigest()[:16]
