"""What left of an exam: its records as they were sent, sending one again, copies for archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Response
from werkzeug.http import dump_options_header

from gdtbridge.errors import NotFound, TooLate
from gdtbridge.overview.exam_deliveries import ExamRecord
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.pages.visitor import visitor
from gdtbridge.web.ports import ExamSendingPorts

EXAM: Final = "/untersuchung/<int:exam_id>"
RECORD: Final = f"{EXAM}/gdt/<int:number>"
SENDING: Final = "sending"
"""Name of the hidden field that says for which time a record is to be sent."""


@dataclass(frozen=True, slots=True)
class SendingPages:
    """Shows the records of exams, and sends again what a person says."""

    frame: Frame
    ports: ExamSendingPorts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (RECORD, "record", self.show, READ),
            (f"{RECORD}/datei", "record_file", self.file, READ),
            (f"{RECORD}/noch-einmal", "record_again", self.again, ("POST",)),
            (f"{EXAM}/weiterleiten", "exam_forward", self.forward, ("POST",)),
        )

    def show(self, exam_id: int, number: int) -> Response:
        """Show a record as it was sent, and what would happen if it were sent again."""
        sheet = self.ports.deliveries.record(exam_id, number)
        one = sheet.record
        concerns(chart_of(one), f"exam:{exam_id}", one.item.file_name)
        return self.frame.show(
            "exams/record.html",
            self.frame.texts("sending.record", name=one.item.file_name),
            Area.EXAMS,
            exam_id=exam_id,
            sheet=sheet,
            one=one,
            chart=chart_of(one),
        )

    def file(self, exam_id: int, number: int) -> Response:
        """Return the bytes of a record as they left."""
        sheet = self.ports.deliveries.record(exam_id, number)
        one = sheet.record
        concerns(chart_of(one), f"exam:{exam_id}", one.item.file_name)
        named = dump_options_header("attachment", {"filename": one.item.file_name})
        headers = {"Content-Disposition": named}
        return Response(sheet.data, 200, headers, content_type="application/octet-stream")

    def again(self, exam_id: int, number: int) -> Response:
        """Send a record once more."""
        fields = posted()
        told = fields.get(SENDING, "")
        sending = int(told) if told.isdecimal() and len(told) < 6 else 0

        def act() -> Response:
            one = self.ports.deliveries.record(exam_id, number).record
            chart = chart_of(one)
            concerns(chart, f"exam:{exam_id}", one.item.file_name)
            self.ports.records.send_again(exam_id, number, sending, visitor().name)
            return self._go(exam_id, self.frame.texts("sending.sent_again", number=chart))

        return self._once(exam_id, fields, act)

    def forward(self, exam_id: int) -> Response:
        """Send the copies of an exam to one archive (again)."""
        fields = posted()
        aet = fields.get("to", "")

        def act() -> Response:
            study = self.ports.deliveries.study_of(exam_id)
            concerns("", f"exam:{exam_id}", aet)
            sent = self.ports.copies.send_study(study, to=aet) if aet else {}
            sentence = self.frame.texts("sending.forwarded", n=sum(sent.values()), archive=aet)
            return self._go(exam_id, sentence)

        return self._once(exam_id, fields, act)

    def _once(
        self, exam_id: int, fields: Mapping[str, str], act: Callable[[], Response]
    ) -> Response:
        try:
            return self.frame.submissions.once(fields.get(FIELD, ""), act)
        except (NotFound, TooLate) as error:
            return self._go(exam_id, self.frame.texts.half(str(error)))

    def _go(self, exam_id: int, sentence: str) -> Response:
        return self.frame.go(f"/untersuchung/{exam_id}#left", Notice(sentence))


def chart_of(one: ExamRecord) -> str:
    """Return the number of the chart a record went to."""
    return one.item.patient.id if one.item.patient is not None else ""
