"""From a complete exam to its results in the outbox."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gdtbridge.catalogue import fingerprint
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.exams import store
from gdtbridge.exams.completion import CompletionRule
from gdtbridge.exams.identity import judge
from gdtbridge.exams.model import Exam, ExamState, Held, ReportState
from gdtbridge.gdt import GdtWriteError
from gdtbridge.logs import describe
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order, OrderState
from gdtbridge.outbox import Message, Outbox
from gdtbridge.people import Patient, are_two
from gdtbridge.results import revision
from gdtbridge.results import store as result_store
from gdtbridge.results.attaching import ATTACHMENT, AttachedFile
from gdtbridge.results.gathering import Gathered, Gatherer, ReadReport
from gdtbridge.results.records import accession_of, patient_of
from gdtbridge.results.revision import News
from gdtbridge.results.routing import Routing, Target
from gdtbridge.settings import WebhookSettings
from gdtbridge.sr import Report

log = logging.getLogger(__name__)

GDT_WRITTEN: Final = "gdt_written"
PATIENT_NUMBER: Final = "3000"
"""The GDT field without which no record of the exam can be written."""
ATTACHMENT_PATH: Final = "6305"
"""The GDT field a path may not fit into; values leave without it."""
INCOMPLETE: Final = "incomplete"
"""Problem of a report that ends in the middle: what it holds is sent, and a person is told."""


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
        outbox: Outbox,
        gatherer: Gatherer,
        webhooks: WebhookSettings,
        completion: CompletionRule,
        clock: Clock,
    ) -> None:
        self._routing = routing
        self._database = database
        self._outbox = outbox
        self._gatherer = gatherer
        self._webhooks = webhooks
        self._completion = completion
        self._clock = clock
        self._failing: dict[int, str] = {}

    def report_due(self) -> int:
        """Report every exam whose waiting is over; return how many there were.

        An exam that fails stays due and keeps no other from being reported; the failure is logged
        once, for the exam is tried again every second.
        """
        now = self._clock.utc()
        with self._database.read() as connection:
            due = store.due_exams(connection, now, self._completion.longest_wait)
        for exam_id in due:
            try:
                self.report(exam_id, now)
            except Exception as error:  # noqa: BLE001 - one exam's fault must not stop the others
                self._failed(exam_id, describe(error))
            else:
                self._failing.pop(exam_id, None)
        return len(due)

    def _failed(self, exam_id: int, place: str) -> None:
        if self._failing.get(exam_id) != place:
            self._failing[exam_id] = place
            log.error("exam %d cannot be reported, trying again: %s", exam_id, place)

    def results_arrived(self, accession_number: str) -> bool:
        """Return whether everything the exam of an order has to say has arrived."""
        with self._database.read() as connection:
            return result_store.open_results(connection, accession_number) == 0

    def report(self, exam_id: int, now: float) -> None:
        """Put everything the exam has to say, and has not said, into the outbox.

        Files are read outside any transaction. When an instance arrived meanwhile, nothing is
        written and the exam's new deadline counts.
        """
        gathered = self._gatherer.gather(exam_id)
        if gathered is None:
            return
        with self._database.write() as connection:
            if store.exam_by_id(connection, exam_id) == gathered.exam:
                self._settle(connection, gathered, now)
        self._outbox.wake()

    def _settle(self, connection: Connection, gathered: Gathered, now: float) -> None:
        exam, read = gathered.exam, gathered.read
        verdict = judge(connection, exam, gathered.listed)
        if isinstance(verdict, Held):
            self._hold(connection, exam, verdict)
            return
        order = verdict.order
        target = self._routing.of_exam(exam, order)
        wanted = target if target.attachments is not None else None
        if gathered.target is not wanted:
            return  # an order came meanwhile: everything once more, for its target
        page = Page(connection, exam, order, target, datetime.fromtimestamp(now))  # noqa: DTZ006
        try:
            with connection.begin_nested():
                self._put_all(page, gathered)
        except GdtWriteError as error:
            log.warning("exam %d: no record can be written: %s", exam.id, error)
            self._hold(connection, exam, Held.UNWRITABLE)
            return
        if order is not None:
            order_store.set_order_state(connection, order.accession_number, OrderState.DONE)
        store.update_exam(
            connection,
            exam.id,
            state=ExamState.REPORTED,
            due_at=None,
            reported_at=exam.reported_at or now,
            route=target.name,
        )
        log.info("exam %d reported: %d instances, %d reports", exam.id, exam.instances, len(read))

    def _put_all(self, page: Page, gathered: Gathered) -> None:
        if page.exam.reported_at is None:
            self._put_study(page, gathered.attached)
        for one in gathered.read:
            self._put_values(page, one)

    def _hold(self, connection: Connection, exam: Exam, reason: Held) -> None:
        store.hold(connection, exam.id, reason)
        log.warning("exam %d is held: %s", exam.id, reason)

    def _put_attachments(self, page: Page, attached: Sequence[AttachedFile]) -> int | None:
        """Put the files one after the other; when the last one arrived, all of them are there."""
        last = None
        for one in attached:
            message = Message(
                kind=ATTACHMENT,
                destination=page.target.attachments_destination,
                key=f"{page.exam.study_instance_uid}:{_short(page.exam.patient_id)}:{one.name}",
                name=one.name,
                payload=one.data,
                after_id=last,
            )
            # Of two equal files the second is the first, put before those between them.
            last = max(last or 0, self._outbox.put(page.connection, message))
        return last

    def _put_study(self, page: Page, attached: Sequence[AttachedFile]) -> None:
        exam, target = page.exam, page.target
        files = tuple(one.attachment for one in attached)
        message = Message(
            kind="gdt",
            destination=target.destination,
            key=f"study:{exam.study_instance_uid}:{_short(exam.patient_id)}",
            name=target.names.study(page.accession, exam.id, page.moment),
            payload=target.records.study(exam, page.order, files),
            after_id=self._put_attachments(page, attached),
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
            result_store.settle_report(
                connection, number, ReportState.UNREADABLE, problem=read.problem
            )
            return
        if exam.mixed and not _is_of(exam, patient_of(exam, page.order), read.report):
            result_store.settle_report(connection, number, ReportState.OTHER_PATIENT)
            return
        cut = _cut(read.report)
        if not read.report.measurements:
            result_store.settle_report(connection, number, ReportState.EMPTY, problem=cut)
            return
        mark = f"{fingerprint(read.report)}:{_short(exam.patient_id)}"
        news = self._news(page, read.report, mark)
        if news is None:
            result_store.settle_report(
                connection, number, ReportState.UNCHANGED, fingerprint=mark, problem=cut
            )
            return
        self._put_new_values(page, read, read.report, news, mark)

    def _news(self, page: Page, report: Report, mark: str) -> News | None:
        """Return what the report says that was not sent for this patient; None for nothing."""
        connection, exam = page.connection, page.exam
        if mark in result_store.bare_fingerprints(connection, exam.id):
            return None
        of_patient = f":{_short(exam.patient_id)}"
        known = revision.read(result_store.sent_values(connection, exam.id, of_patient))
        news = revision.news_of(known, report)
        return news if news.indices else None

    def _put_new_values(
        self, page: Page, read: ReadReport, report: Report, news: News, mark: str
    ) -> None:
        connection, exam, target, pending = page.connection, page.exam, page.target, read.pending
        attached = (read.sheet,) if read.sheet is not None else ()
        try:
            payload = target.records.values(
                exam, page.order, report, news, tuple(one.attachment for one in attached)
            )
        except GdtWriteError as error:
            if error.field == PATIENT_NUMBER:
                raise
            if error.field == ATTACHMENT_PATH and attached:
                log.warning("report %d: its page is left out: %s", pending.id, error)
                self._put_new_values(page, replace(read, sheet=None), report, news, mark)
                return
            log.warning("report %d: no record can be written: %s", pending.id, error)
            result_store.settle_report(
                connection, pending.id, ReportState.UNREADABLE, problem=Held.UNWRITABLE
            )
            return
        cut = _cut(report)
        if payload is None:
            result_store.settle_report(connection, pending.id, ReportState.EMPTY, problem=cut)
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
                after_id=self._put_attachments(page, attached),
            ),
        )
        result_store.settle_report(
            connection,
            pending.id,
            ReportState.REPORTED,
            fingerprint=mark,
            problem=cut,
            sent=revision.written(revision.values_of(report)),
        )


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
