"""From a complete exam to its results in the outbox."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gdtbridge.archive import Archive
from gdtbridge.config import Settings
from gdtbridge.database import Connection, Database
from gdtbridge.exams import store
from gdtbridge.exams.identity import judge
from gdtbridge.exams.model import (
    Exam,
    ExamState,
    Held,
    Order,
    OrderState,
    PendingReport,
    ReportState,
)
from gdtbridge.exams.names import report_file, study_file
from gdtbridge.exams.records import Records, accession_of
from gdtbridge.gdt import GdtWriteError
from gdtbridge.measurements import Report, ReportError, fingerprint
from gdtbridge.outbox import Message, Outbox
from worklist import WorklistFolder

log = logging.getLogger(__name__)

GDT_DESTINATION = "gdt"
GDT_WRITTEN = "gdt_written"
INCOMPLETE = "incomplete"
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


class Reporting:
    """Decides what leaves for an exam whose waiting is over."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        archive: Archive,
        outbox: Outbox,
        worklist: WorklistFolder,
        reader: Reader,
    ) -> None:
        self._settings = settings
        self._database = database
        self._archive = archive
        self._outbox = outbox
        self._worklist = worklist
        self._reader = reader
        self.records = Records(settings)

    def report(self, exam_id: int, now: float) -> None:
        """Put everything the exam has to say, and has not said, into the outbox.

        Reports are read outside any transaction. When an instance arrived meanwhile, nothing is
        written and the exam's new deadline counts.
        """
        with self._database.read() as connection:
            exam = store.exam_by_id(connection, exam_id)
            pending = store.pending_reports(connection, exam_id)
            files = [self._archive.path_of(connection, one.instance_id) for one in pending]
        if exam is None or exam.due_at is None:
            return
        read = [self._read(one, file) for one, file in zip(pending, files, strict=True)]
        with self._database.write() as connection:
            if store.exam_by_id(connection, exam_id) == exam:
                self._settle(connection, exam, read, now)
        self._outbox.wake()

    def _read(self, pending: PendingReport, file: Path) -> ReadReport:
        try:
            return ReadReport(pending, self._reader.read(file), "")
        except ReportError as error:
            log.warning("report %d cannot be read: %s", pending.id, type(error).__name__)
            return ReadReport(pending, None, type(error).__name__)

    def _settle(
        self, connection: Connection, exam: Exam, read: list[ReadReport], now: float
    ) -> None:
        verdict = judge(connection, exam, self._worklist)
        if isinstance(verdict, Held):
            self._hold(connection, exam, verdict)
            return
        order = verdict.order
        try:
            with connection.begin_nested():
                self._put_all(connection, exam, order, read)
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
        )
        log.info("exam %d reported: %d instances, %d reports", exam.id, exam.instances, len(read))

    def _put_all(
        self, connection: Connection, exam: Exam, order: Order | None, read: list[ReadReport]
    ) -> None:
        if exam.reported_at is None:
            self._put_study(connection, exam, order)
        for one in read:
            self._put_values(connection, exam, order, one)

    def _hold(self, connection: Connection, exam: Exam, reason: Held) -> None:
        store.hold(connection, exam.id, reason)
        log.warning("exam %d is held: %s", exam.id, reason)

    def _put_study(self, connection: Connection, exam: Exam, order: Order | None) -> None:
        accession = accession_of(exam, order)
        message = Message(
            kind="gdt",
            destination=GDT_DESTINATION,
            key=f"study:{exam.study_instance_uid}",
            name=study_file(self._settings.gdt.file_name, accession, exam.id),
            payload=self.records.study(exam, order),
        )
        written = self._outbox.put(connection, message)
        if self._settings.webhooks.gdt_written:
            self._outbox.put(
                connection,
                Message(
                    kind="webhook",
                    destination=GDT_WRITTEN,
                    key=message.key,
                    name=GDT_WRITTEN,
                    payload=b"",
                    after_id=written,
                ),
            )

    def _put_values(
        self, connection: Connection, exam: Exam, order: Order | None, read: ReadReport
    ) -> None:
        number = read.pending.id
        if read.report is None:
            store.settle_report(connection, number, ReportState.UNREADABLE, problem=read.problem)
            return
        if _is_of_other_patient(exam, read.report):
            store.settle_report(connection, number, ReportState.OTHER_PATIENT)
            return
        if not read.report.measurements:
            store.settle_report(connection, number, ReportState.EMPTY)
            return
        mark = fingerprint(read.report)
        if mark in store.reported_fingerprints(connection, exam.id):
            store.settle_report(connection, number, ReportState.UNCHANGED, fingerprint=mark)
            return
        self._outbox.put(
            connection,
            Message(
                kind="gdt",
                destination=GDT_DESTINATION,
                key=f"values:{read.pending.instance_id}",
                name=report_file(accession_of(exam, order), read.pending.sop_instance_uid, exam.id),
                payload=self.records.values(exam, order, read.report),
            ),
        )
        cut = "" if read.report.is_whole else INCOMPLETE
        store.settle_report(connection, number, ReportState.REPORTED, fingerprint=mark, problem=cut)


def _is_of_other_patient(exam: Exam, report: Report) -> bool:
    """Return whether a report must stay out of an exam that mixed several patients."""
    mixed = exam.held_because == Held.SEVERAL_PATIENTS
    return mixed and report.patient_id != exam.patient_id
