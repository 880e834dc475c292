"""What reporting an exam needs, read outside of any transaction: it may take seconds, or hang."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gdtbridge.archive import Archive, Kept
from gdtbridge.database import Database
from gdtbridge.exams import store
from gdtbridge.exams.attaching import AttachedFile, Attaching
from gdtbridge.exams.identity import Belongs, Listed, judge, look_up
from gdtbridge.exams.model import Exam, Held, PendingReport
from gdtbridge.exams.records import accession_of
from gdtbridge.exams.routing import Routing, Target
from gdtbridge.measurements import Report, ReportError, ReportLimitError
from worklist import WorklistFolder

log = logging.getLogger(__name__)


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
class Gathered:
    """An exam as it was when it was read; ``attached`` was made for ``target``."""

    exam: Exam
    listed: Listed
    read: tuple[ReadReport, ...]
    target: Target | None
    attached: tuple[AttachedFile, ...]


class Gatherer:
    """Reads reports, pictures and the worklist for an exam that is due."""

    def __init__(
        self,
        routing: Routing,
        database: Database,
        archive: Archive,
        worklist: WorklistFolder,
        reader: Reader,
        attaching: Attaching,
    ) -> None:
        self._routing = routing
        self._database = database
        self._archive = archive
        self._worklist = worklist
        self._reader = reader
        self._attaching = attaching

    def gather(self, exam_id: int) -> Gathered | None:
        """Return what there is of an exam that waits to be reported; None when none does."""
        with self._database.read() as connection:
            exam = store.exam_by_id(connection, exam_id)
            if exam is None or exam.due_at is None:
                return None
            pending = store.pending_reports(connection, exam_id)
            files = [self._archive.path_of(connection, one.instance_id) for one in pending]
            kept = self._archive.kept_of(connection, exam.study_instance_uid)
        listed = look_up(exam, self._worklist)
        read = tuple(self._read(one, file) for one, file in zip(pending, files, strict=True))
        with self._database.read() as connection:
            verdict = judge(connection, exam, listed)
        if isinstance(verdict, Held) or exam.reported_at is not None:
            return Gathered(exam, listed, read, None, ())
        return self._with_attachments(Gathered(exam, listed, read, None, ()), verdict, kept)

    def _with_attachments(
        self, gathered: Gathered, verdict: Belongs, kept: Sequence[Kept]
    ) -> Gathered:
        exam = gathered.exam
        target = self._routing.of_exam(exam, verdict.order)
        if target.attachments is None:
            return gathered
        accession = accession_of(exam, verdict.order)
        files = self._attaching.files(exam, accession, kept, target.attachments)
        return Gathered(exam, gathered.listed, gathered.read, target, files)

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
