"""What reporting an exam needs, read outside of any transaction: reading may hang."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gdtbridge.archive import Archive, ArchivedInstance
from gdtbridge.database import Database
from gdtbridge.exams import store
from gdtbridge.exams.identity import Attribution, ListedOrders, judge, look_up
from gdtbridge.exams.model import Exam, HoldReason, PendingReport
from gdtbridge.pictures import AttachmentReader
from gdtbridge.report_page import PagePrinter
from gdtbridge.results import store as result_store
from gdtbridge.results.attachments import AttachedFile, AttachmentBuilder, AttachmentPlace
from gdtbridge.results.records import accession_of
from gdtbridge.results.routing import ResultTarget, Routing
from gdtbridge.sr import Report, ReportError, ReportLimitError
from worklist import WorklistFolder

log = logging.getLogger(__name__)


class ReportOpener(Protocol):
    """Port: reads Structured Reports within limits (`gdtbridge.sr.ReportReader`)."""

    def read(self, path: Path) -> Report:
        """Return the report in the file; raise `ReportError`."""


@dataclass(frozen=True, slots=True)
class ObjectOpeners:
    """Who opens received files, each within limits."""

    reports: ReportOpener
    pictures: AttachmentReader
    sheets: PagePrinter


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A Structured Report, how reading it went, and its page where one is wanted."""

    pending: PendingReport
    report: Report | None
    problem: str
    sheet: AttachedFile | None = None


@dataclass(frozen=True, slots=True)
class GatheredExam:
    """An exam as read before its results are written; ``target`` is None without attachments."""

    exam: Exam
    listed: ListedOrders
    read: tuple[ReadReport, ...]
    target: ResultTarget | None
    attached: tuple[AttachedFile, ...]


class ExamGatherer:
    """Reads reports, pictures and the worklist for an exam that is due."""

    def __init__(
        self,
        routing: Routing,
        database: Database,
        archive: Archive,
        worklist: WorklistFolder,
        openers: ObjectOpeners,
    ) -> None:
        self._routing = routing
        self._database = database
        self._archive = archive
        self._worklist = worklist
        self._reader = openers.reports
        self._attachments = AttachmentBuilder(openers.pictures, openers.sheets, routing.catalogue)

    def gather(self, exam_id: int) -> GatheredExam | None:
        """Return what there is of an exam that waits to be reported; None when none does."""
        with self._database.read() as connection:
            exam = store.exam_by_id(connection, exam_id)
            if exam is None or exam.due_at is None:
                return None
            pending = result_store.pending_reports(connection, exam_id)
            files = [self._archive.path_of(connection, one.instance_id) for one in pending]
            kept = self._archive.kept_of(connection, exam.study_instance_uid)
        listed = look_up(exam, self._worklist)
        read = tuple(self._read(one, file) for one, file in zip(pending, files, strict=True))
        with self._database.read() as connection:
            attribution = judge(connection, exam, listed)
        gathered = GatheredExam(exam, listed, read, None, ())
        return (
            gathered
            if isinstance(attribution, HoldReason)
            else self._with_files(gathered, attribution, kept)
        )

    def _with_files(
        self, gathered: GatheredExam, attribution: Attribution, kept: Sequence[ArchivedInstance]
    ) -> GatheredExam:
        exam = gathered.exam
        target = self._routing.of_exam(exam, attribution.order)
        place = target.attachments
        if place is None:
            return gathered
        accession = accession_of(exam, attribution.order)
        attached = gathered.attached
        if exam.reported_at is None:
            attached = self._attachments.files(exam, accession, kept, place)
        read = gathered.read
        if place.reports:
            read = tuple(self._with_sheet(one, exam, accession, place) for one in read)
        return replace(gathered, read=read, target=target, attached=attached)

    def _with_sheet(
        self, read: ReadReport, exam: Exam, accession: str, place: AttachmentPlace
    ) -> ReadReport:
        """Return the report with its page, if it has anything to say of the exam's patient."""
        report = read.report
        if report is None or not report.measurements:
            return read
        if exam.mixed and not exam.is_of(report.patient_id):
            return read
        return replace(read, sheet=self._attachments.sheet(exam, accession, report, place))

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
