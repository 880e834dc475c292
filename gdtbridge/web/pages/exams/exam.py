"""``/untersuchung/<id>``: who, what, state, objects, measurements, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from flask import Response, request

from gdtbridge.day.exam import ExamSheet, HistoryEntry, ShownReport
from gdtbridge.durable.clock import local_time
from gdtbridge.errors import ViewerError
from gdtbridge.handing_out import exam_mark
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.exams.listing import patient_path
from gdtbridge.web.pages.exams.panels import PicturePanel, PicturePanels
from gdtbridge.web.pages.exams.values import ValueTable, ValueTables
from gdtbridge.web.pages.exams.wording import history_shape, history_text
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.sample.labels import items_in_words
from gdtbridge.web.pages.today.wording import ShownLine, shown
from gdtbridge.web.ports import CorePorts
from gdtbridge.web.study_viewer import StudyViewer

PATH: Final = "/untersuchung"


@dataclass(frozen=True, slots=True)
class PersonPart:
    """What of an exam is of one of its people: lines, pictures, reports."""

    lines: tuple[ShownLine, ...]
    panel: PicturePanel
    reports: tuple[ShownReport, ...]
    tables: tuple[ValueTable, ...]
    """The values of each report."""
    unlabelled: str
    """What its pictures lack of what a sample audit asks for, in words; empty for nothing."""
    mark: str = ""
    """What names it where it is taken along; empty while it is not decided whose it is."""


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """A line of the history: when, its shape, its sentence."""

    at: float
    shape: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ExamPage:
    """Shows an exam."""

    frame: Frame
    core: CorePorts
    viewer: StudyViewer
    link_hours: int
    """For how long a link to the exam is made; 0: none is."""

    def show(self, exam_id: int) -> Response:
        """Show an exam; that of the person ``person`` first, where it is of several."""
        sheet = self.core.exams.sheet(exam_id)
        wanted = request.args.get("person", "")
        parts = self._parts(sheet)
        parts.sort(key=lambda one: str(one.lines[0].line.person) != wanted)
        first = parts[0].lines[0].line
        concerns(first.patient.id, f"exam:{sheet.study_instance_uid}")
        texts = self.frame.texts
        return self.frame.show(
            "exams/exam.html",
            first.patient.listed_name or texts("patient.no_name"),
            Area.EXAMS,
            keys=("viewer",),
            sheet=sheet,
            exam_id=exam_id,
            left=self.core.sending.deliveries.of(exam_id),
            half=texts.half,
            parts=parts,
            several_days=len({local_time(one.at).date() for one in sheet.history}) > 1,
            history=[self._told(one) for one in sheet.history],
            age=_age(first.patient.birth_date, first.at),
            patient_path=patient_path,
            viewer_url=self._viewer_url(sheet, first.order_number),
            viewer_name=self.viewer.name,
            report_time=_local,
            link_hours=self.link_hours,
        )

    def _viewer_url(self, sheet: ExamSheet, accession_number: str) -> str:
        """Return what opens the exam in the viewer; empty where nothing does."""
        try:
            return self.viewer.url(sheet.study_instance_uid, accession_number)
        except ViewerError:
            return ""

    def _parts(self, sheet: ExamSheet) -> list[PersonPart]:
        decided = {one.mark for one in self.core.handing.exams.of_exam(sheet.exam_id)}
        trends = self.core.trends.of_exam(sheet.exam_id)
        tables = ValueTables(self.frame.formats, self.core.day.today)
        lines = [shown(one, self.frame.formats) for one in sheet.lines]
        lacking = self.core.sample.checks.of_exam(sheet.exam_id)
        panels = PicturePanels(self.frame, self.core)
        parts = []
        for person in dict.fromkeys(one.line.person for one in lines):
            own = tuple(one for one in lines if one.line.person == person)
            reports = tuple(one for one in sheet.reports if one.person == person)
            mark = exam_mark(sheet.exam_id, person, own[0].line.patient.id)
            day, beside = own[0].line.at.date(), trends.get(person)
            parts.append(
                PersonPart(
                    own,
                    panels.of(sheet, own[0].line),
                    reports,
                    tuple(tables.table(one, day, beside) for one in reports),
                    items_in_words(lacking.get(person, ()), self.frame.texts),
                    mark if mark in decided else "",
                )
            )
        return parts

    def _told(self, one: HistoryEntry) -> ToldEntry:
        return ToldEntry(one.at, history_shape(one), history_text(one, self.frame.formats))


def _local(text: str) -> datetime | None:
    """Return the local time a report says."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _age(born: date | None, at: datetime) -> tuple[int, bool] | None:
    """Return the age at an exam: years, or months below two years; None where nobody knows."""
    if born is None or born > at.date():
        return None
    months = (at.year - born.year) * 12 + at.month - born.month - (at.day < born.day)
    return (months, True) if months < 24 else (months // 12, False)
