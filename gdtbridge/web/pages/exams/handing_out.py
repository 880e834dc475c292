"""*Mitgeben*: an exam as PDF, as the text of a letter, as a copy; each patient's by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.dataset.values import to_date
from gdtbridge.handing_out import AssignedExam, HandingDesk
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.exams.exam import PATH
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.routing import READ, PageRoute

PART: Final = "teil"
"""Parameter with the mark of a patient's part of the exam."""
PICTURE: Final = "bild"
CHOSEN: Final = "gewaehlt"
"""Parameter that says that somebody chose pictures, perhaps none."""
NEVER_KEPT: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class HandingOutPages:
    """What people take along of an exam."""

    frame: Frame
    desk: HandingDesk

    def routes(self) -> Iterator[PageRoute]:
        """Yield the pages: path, name, view, methods."""
        exam = f"{PATH}/<int:exam_id>"
        yield f"{exam}/mitgeben", "hand_out", self.show, READ
        yield f"{exam}/bericht.pdf", "exam_report", self.report, READ
        yield f"{exam}/brief.txt", "exam_letter", self.letter, READ

    def show(self, exam_id: int) -> Response:
        """Show what can be taken along, and let the pictures be chosen."""
        part = self._part(exam_id)
        return self.frame.show(
            "exams/hand_out.html",
            self.frame.texts("handing.title"),
            Area.EXAMS,
            own=True,
            part=part,
            exam_path=f"{PATH}/{exam_id}",
            day=to_date(part.exam.study_date),
            pictures=self.desk.reports.pictures(part),
            letter=self.desk.reports.letter(part),
        )

    def report(self, exam_id: int) -> Response:
        """Return the exam as PDF/A, with the pictures that were chosen or the usual ones."""
        part = self._part(exam_id)
        chosen = None
        if CHOSEN in request.args:
            chosen = {int(one) for one in request.args.getlist(PICTURE) if one.isdecimal()}
        content = self.desk.reports.pdf(part, chosen)
        name = file_name(part, "pdf")
        headers = {"Content-Disposition": f'inline; filename="{name}"', **NEVER_KEPT}
        return Response(content, 200, headers, content_type="application/pdf")

    def letter(self, exam_id: int) -> Response:
        """Return the text for a doctor's letter."""
        content = self.desk.reports.letter(self._part(exam_id))
        return Response(content, 200, NEVER_KEPT, content_type="text/plain; charset=utf-8")

    def _part(self, exam_id: int) -> AssignedExam:
        part = self.desk.exams.marked(exam_id, request.args.get(PART, ""))
        concerns(part.exam.patient_id, f"exam:{part.exam.study_instance_uid}")
        return part


def file_name(part: AssignedExam, ending: str) -> str:
    """Return the name of a file that is taken along: the day of the exam, and no patient."""
    day = to_date(part.exam.study_date)
    return f"untersuchung-{day.isoformat() if day else part.exam.id}.{ending}"
