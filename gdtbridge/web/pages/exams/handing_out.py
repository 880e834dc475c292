"""*Mitgeben*: an exam as PDF, as the text of a letter, as a copy; each patient's by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Response, request
from werkzeug.wsgi import wrap_file

from gdtbridge.accounts import SharedStudy
from gdtbridge.dataset.values import to_date
from gdtbridge.encrypted_zip import new_password
from gdtbridge.handing_out import AssignedExam, CopyRefused, HandingDesk
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.exams.exam import PATH
from gdtbridge.web.pages.exams.tiles import address_of
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.ports import CorePorts

PART: Final = "teil"
"""Parameter with the mark of a patient's part of the exam."""
PICTURE: Final = "bild"
OTHER: Final = "auch-"
"""What the name of a field begins with that adds another exam of the patient, by its mark."""
LONGEST_DETAIL: Final = 200
MOST_OTHERS: Final = 50
CHOSEN: Final = "gewaehlt"
"""Parameter that says that somebody chose pictures, perhaps none."""
NEVER_KEPT: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class HandingOutPages:
    """What people take along of an exam."""

    frame: Frame
    core: CorePorts
    link_hours: int
    """For how long a link to the exam is made; 0: none is."""

    @property
    def desk(self) -> HandingDesk:
        """What may be handed out."""
        return self.core.handing

    def routes(self) -> Iterator[PageRoute]:
        """Yield the pages: path, name, view, methods."""
        exam = f"{PATH}/<int:exam_id>"
        yield f"{exam}/mitgeben", "hand_out", self.show, READ
        yield f"{exam}/bericht.pdf", "exam_report", self.report, READ
        yield f"{exam}/brief.txt", "exam_letter", self.letter, READ
        yield f"{exam}/kopie", "exam_copy", self.copy, ("POST",)

    def show(self, exam_id: int) -> Response:
        """Show what can be taken along, and let the pictures be chosen."""
        return self._show(self._part(exam_id, request.args.get(PART, "")))

    def _show(self, part: AssignedExam, problem: str = "") -> Response:
        patient = part.exam.patient_id
        others = [one for one in self.desk.exams.of_patient(patient) if one.exam.id != part.exam.id]
        sheet = self.core.exams.sheet(part.exam.id)
        return self.frame.show(
            "exams/hand_out.html",
            self.frame.texts("handing.title"),
            Area.EXAMS,
            status=422 if problem else 200,
            own=True,
            part=part,
            exam_path=f"{PATH}/{part.exam.id}",
            day=to_date(part.exam.study_date),
            others=[(one, to_date(one.exam.study_date)) for one in others[:MOST_OTHERS]],
            problem=problem,
            password=new_password(),
            address_of={one.instance_id: address_of(sheet.exam_id, one) for one in sheet.objects},
            pictures=self.desk.reports.pictures(part),
            letter=self.desk.reports.letter(part),
            links=self.core.access.study_links.good(
                SharedStudy(part.exam.study_instance_uid, patient)
            ),
            link_hours=self.link_hours,
        )

    def report(self, exam_id: int) -> Response:
        """Return the exam as PDF/A, with the pictures that were chosen or the usual ones."""
        part = self._part(exam_id, request.args.get(PART, ""))
        chosen = None
        if CHOSEN in request.args:
            numbers = map(number_of, request.args.getlist(PICTURE))
            chosen = {number for number in numbers if number is not None}
        content = self.desk.reports.pdf(part, chosen)
        name = file_name(part, "pdf")
        headers = {"Content-Disposition": f'inline; filename="{name}"', **NEVER_KEPT}
        return Response(content, 200, headers, content_type="application/pdf")

    def letter(self, exam_id: int) -> Response:
        """Return the text for a doctor's letter."""
        part = self._part(exam_id, request.args.get(PART, ""))
        content = self.desk.reports.letter(part)
        return Response(content, 200, NEVER_KEPT, content_type="text/plain; charset=utf-8")

    def copy(self, exam_id: int) -> Response:
        """Return a ZIP with the exam, and with others of the same patient that were chosen."""
        fields = posted()
        part = self._part(exam_id, fields.get(PART, ""))
        wanted = {name.removeprefix(OTHER) for name in fields if name.startswith(OTHER)}
        others = self.desk.exams.of_patient(part.exam.patient_id) if wanted else ()
        exams = (part, *(one for one in others if one.mark in wanted - {part.mark}))
        now = datetime.now()  # noqa: DTZ005 - local, as in DICOM
        password = fields.get("kennwort", "").strip() if "geheim" in fields else ""
        if "geheim" in fields and not password:
            return self._show(part, self.frame.texts("handing.no_password"))
        also = " ".join(f"exam:{one.exam.study_instance_uid}" for one in exams[1:])
        subject = f"exam:{part.exam.study_instance_uid}"
        concerns(part.exam.patient_id, subject, also[:LONGEST_DETAIL])
        copies, values = self.desk.copies, "werte" in fields
        try:
            file = copies.made(exams, now, values=values, password=password)
        except CopyRefused as error:
            return self._show(part, self.frame.texts.half(str(error)))
        headers = {
            "Content-Disposition": f'attachment; filename="{file_name(part, "zip")}"',
            "Content-Length": str(file.seek(0, os.SEEK_END)),
            **NEVER_KEPT,
        }
        file.seek(0)
        pieces = wrap_file(request.environ, file)
        return Response(
            pieces, 200, headers, content_type="application/zip", direct_passthrough=True
        )

    def _part(self, exam_id: int, mark: str) -> AssignedExam:
        part = self.desk.exams.marked(exam_id, mark)
        concerns(part.exam.patient_id, f"exam:{part.exam.study_instance_uid}")
        return part


def file_name(part: AssignedExam, ending: str) -> str:
    """Return the name of a file that is taken along: the day of the exam, and no patient."""
    day = to_date(part.exam.study_date)
    return f"untersuchung-{day.isoformat() if day else part.exam.id}.{ending}"
