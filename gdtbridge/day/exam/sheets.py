"""The sheet of an exam: its lines, its objects, the values of its reports, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from gdtbridge.archive import Archive
from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.database import Database
from gdtbridge.day.day import Day
from gdtbridge.day.exam import store
from gdtbridge.day.exam.history import history_of
from gdtbridge.day.exam.model import (
    ExamSheet,
    ShownObject,
    ShownReport,
)
from gdtbridge.day.exam.parts import is_renamed, parts_of
from gdtbridge.day.exam.recent_reports import RecentReports
from gdtbridge.errors import NotFound
from gdtbridge.exams import history_store
from gdtbridge.exams.held import NO_SUCH_EXAM
from gdtbridge.pictures.kinds import kind_of
from gdtbridge.results.deliveries import recalls_of
from gdtbridge.sr import ReportError
from gdtbridge.sr.model import is_report
from gdtbridge.trends import report_values

MOST_REPORTS: Final = 20
"""Reports of an exam whose values are shown, the newest."""


@dataclass(frozen=True, slots=True)
class ExamSheets:
    """Makes the sheets of exams. Thread-safe."""

    database: Database
    archive: Archive
    reports: RecentReports
    catalogue: Catalogue
    day: Day

    def sheet(self, exam_id: int) -> ExamSheet:
        """Return the sheet of an exam; raise `NotFound`, or a `BridgeError`.

        A report that cannot be read is told with its cause; the others are shown.
        """
        with self.database.read() as connection:
            about = self.day.lines_about(connection, [], [exam_id])
            mine = [
                pair
                for pair in about
                if any(part.facts.exam.id == exam_id for part in pair[0].parts)
            ]
            if not mine:
                raise NotFound(NO_SUCH_EXAM)
            lines = [line for line, _ in mine]
            rows = list(store.objects_of(connection, exam_id))
            problems = store.problems_of_reports(connection, exam_id)
            events = history_store.events_of(connection, exam_id)
            copies = list(store.copies_of(connection, exam_id))
            exams = (part.facts.exam for line in lines for part in line.parts)
            study = next(one.study_instance_uid for one in exams if one.id == exam_id)
            recalled = recalls_of(connection, study)
            numbers = [one.order.accession_number for one in lines if one.order is not None]
            seen = self.day.sight.last_seen(connection, numbers)
        parts = list(parts_of(exam_id, mine))
        received = [
            (row.received_at, is_report(row.sop_class_uid), row.calling_aet) for row in rows
        ]
        return ExamSheet(
            exam_id,
            study,
            tuple(dict.fromkeys(line for _, line in parts)),
            tuple(_object(row) for row in rows),
            tuple(self._reports(rows, problems)),
            history_of(lines, received, events, copies, recalled, seen, self.day.shown_device),
            frozenset(part.person for part, line in parts if is_renamed(part, line)),
        )

    def _reports(self, rows: Sequence[Any], problems: dict[int, str]) -> list[ShownReport]:
        reports = [row for row in rows if is_report(row.sop_class_uid)][-MOST_REPORTS:]
        return [self._report(row, problems.get(row.id, "")) for row in reports]

    def _report(self, row: Any, problem: str) -> ShownReport:  # noqa: ANN401 - a row
        try:
            report = self.reports.read(row.id, self.archive.folder / row.file)
        except (ReportError, OSError) as error:
            said = problem or type(error).__name__
            return ShownReport(row.id, row.person, "", "", problem=said)
        device = " ".join(filter(None, (report.manufacturer, report.model)))
        values = report_values(report, self.catalogue)
        return ShownReport(row.id, row.person, device, report.content_time or "", values, problem)


def _object(row: Any) -> ShownObject:  # noqa: ANN401 - a row
    frames = int(row.frames) if row.frames.strip().isdecimal() else 0
    return ShownObject(
        row.id,
        row.person,
        kind_of(row.sop_class_uid, frames),
        frames,
        row.description,
        row.received_at,
        row.size,
        row.sha256,
    )
