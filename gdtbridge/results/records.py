"""An exam in the words of GDT: the study record, the value records, the answer to an order."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.catalogue.untold import SENTENCES, chart_lines
from gdtbridge.dataset.values import meaningful, to_date, to_time
from gdtbridge.errors import ViewerError
from gdtbridge.exams.model import PatientExam
from gdtbridge.exams.plan import PlannedResult
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.options import LinkPlace
from gdtbridge.gdt.write.results import (
    Attachment,
    GdtFile,
    Identification,
    MessageResult,
    OrderReference,
    RetractionResult,
    Revision,
    StudyResult,
    TestValue,
    TextResult,
    ValueResult,
)
from gdtbridge.gdt.write.writer import (
    render_master_data,
    render_message,
    render_order_answer,
    render_progress,
    render_retraction,
    render_study,
    render_values,
)
from gdtbridge.orders.model import Order, OrderProgress, OrderRecord
from gdtbridge.people import Patient
from gdtbridge.results.exam_codes import ExamCodeChooser, ExamCodes
from gdtbridge.results.revision import NewValues
from gdtbridge.results.values import TestValueBuilder
from gdtbridge.settings import GdtSettings
from gdtbridge.sr import Report
from gdtbridge.viewers import ViewerChoice, is_configured, study_url
from worklist import Entry

log = logging.getLogger(__name__)

GENERAL: Final = frozenset({"gdt21", "gdt30", "gdt31"})
"""Dialects that are of no practice software."""


@dataclass(frozen=True, slots=True)
class Retraction:
    """What of an exam was sent to a wrong chart; ``patient`` and ``order`` are the chart's.

    ``sent`` is local time; ``reason`` is a person's word and must not name anybody.
    """

    exam: PatientExam
    patient: Patient
    order: Order | None
    sent: datetime
    study_record: bool
    values: int
    pictures: int
    reason: str


@dataclass(frozen=True, slots=True)
class ValueRecord:
    """The bytes of a value record, and how many numbers and how many texts stand in it."""

    payload: bytes
    values: int = 0
    statements: int = 0


class ResultRecords:
    """Writes GDT records in one dialect; links lead to ``viewer``."""

    def __init__(
        self,
        settings: GdtSettings,
        dialect: Dialect,
        ids: Identification,
        viewer: ViewerChoice,
        catalogue: Catalogue,
    ) -> None:
        self._gdt = settings
        self._values = TestValueBuilder(
            catalogue=catalogue,
            scheme=settings.test_ids,
            unknown=settings.unknown,
            predecessor_names=dialect.family == "medical-office",
            fetal_sex=settings.fetal_sex,
        )
        self._codes = ExamCodeChooser(settings, dialect)
        self._viewer = viewer
        self._dialect = dialect
        self._ids = ids

    def values_of(self, report: Report) -> Report:
        """Return the report with the values that are sent of it (``gdt.earlier_values``)."""
        return report.with_earlier() if self._gdt.earlier_values == "send" else report

    @property
    def software(self) -> str:
        """Name of the practice software the dialect is of; empty for one that is of none."""
        return self._dialect.title if self._dialect.family not in GENERAL else ""

    @property
    def encoding(self) -> str:
        """Python name of the encoding the records are written in."""
        return self._gdt.encoding or self._dialect.options.encoding

    @property
    def path_length(self) -> int:
        """Characters field 6305 (path of an attachment) has in the dialect."""
        return self._dialect.limit("6305")

    @property
    def sender(self) -> str:
        """GDT id (8316) the records are sent under."""
        return self._gdt.sender or self._dialect.options.sender

    @property
    def needs_birth_date(self) -> bool:
        """Whether the practice software wants the patient's birth date back."""
        return self._dialect.needs_birth_date

    def _ids_for(self, order: Order | None) -> Identification:
        """Return the ids of a result: the order's own, turned round, where that is set."""
        named = order.reference if order is not None else OrderReference()
        return self._mirrored(named.ordered_by, named.addressed_to)

    def _mirrored(self, sender: str, receiver: str) -> Identification:
        """Return the ids of a record for who sent one from ``sender`` to ``receiver``."""
        if not self._gdt.mirror_ids:
            return self._ids
        return Identification(receiver or self._ids.sender, sender or self._ids.receiver)

    def study(
        self,
        planned: PlannedResult,
        attachments: tuple[Attachment, ...] = (),
        revision: Revision = Revision.FIRST,
    ) -> bytes:
        """Return the study record, or the one that brings further pictures.

        Raises `GdtWriteError` when there can be none.
        """
        exam, order = planned.exam, planned.order
        codes = self._codes_of(exam, order)
        result = StudyResult(
            patient=planned.patient,
            date=to_date(exam.study_date) or planned.received,
            time=to_time(exam.study_time),
            accession=planned.shown_accession,
            modality=exam.modality,
            description=_description(exam, order),
            test_id=codes.test_id,
            test_description=codes.test_description,
            device_code=codes.device_code,
            order=order.reference if order is not None else None,
            attachments=attachments,
            link=self._link(exam),
            revision=revision,
            pictures=sum(one.format == "JPG" for one in attachments),
            remarks=planned.remarks,
        )
        ids = self._ids_for(order)
        rendered = render_study(result, self._dialect, ids, encoding=self._gdt.encoding)
        return _noted(rendered, f"study record of exam {exam.id}")

    def _codes_of(self, exam: PatientExam, order: Order | None) -> ExamCodes:
        """Return what the exam is called where its order does not say."""
        return self._codes.of(exam.modality, _description(exam, order), exam.device)

    def _link(self, exam: PatientExam) -> str:
        """Return the URL that shows the study, where the dialect has a place for one."""
        wanted = self._dialect.options.link is not LinkPlace.NONE
        if not (wanted and is_configured(self._viewer)):
            return ""
        try:
            return study_url(self._viewer, exam.study_instance_uid, exam.accession_number)
        except ViewerError as error:
            log.warning("exam %d gets no link: %s", exam.id, error)
            return ""

    def values(
        self,
        planned: PlannedResult,
        report: Report,
        news: NewValues,
        attachments: tuple[Attachment, ...] = (),
    ) -> ValueRecord | None:
        """Return the value record of what is new in one Structured Report.

        It says what of the report is left out, also where that is all. None where there is nothing
        to say or all of it is held back. ``attachments`` show the whole report.
        """
        values = self._values.results(report, news)
        lines = tuple(chart_lines(report, self._values.catalogue))
        if not values and not news.overtaken and not (lines and news.untold):
            return None
        lines = (*self._values.overtaken(report, news), *lines)
        payload = self._value_record(planned, values, lines, news.revision, attachments)
        numbers = sum(isinstance(one, TestValue) for one in values)
        return ValueRecord(payload, numbers, len(values) - numbers)

    def notice(self, planned: PlannedResult, reason: str) -> bytes:
        """Return the value record that says why a chart gets nothing of a report.

        ``reason`` is one of `untold.SENTENCES`. Raises `GdtWriteError`.
        """
        return self._value_record(planned, (), (SENTENCES[reason],), Revision.FIRST, ())

    def _value_record(
        self,
        planned: PlannedResult,
        values: tuple[TestValue | TextResult, ...],
        lines: tuple[str, ...],
        revision: Revision,
        attachments: tuple[Attachment, ...],
    ) -> bytes:
        """Return the record of values, headed by ``lines``; raise `GdtWriteError`."""
        exam, order = planned.exam, planned.order
        result = ValueResult(
            patient=planned.patient,
            date=to_date(exam.study_date) or planned.received,
            time=to_time(exam.study_time),
            accession=planned.shown_accession,
            modality=exam.modality,
            values=values,
            order=order.reference if order is not None else None,
            revision=revision,
            attachments=attachments,
            remarks=(*planned.remarks, *lines),
            device_code=self._codes_of(exam, order).device_code,
        )
        ids = self._ids_for(order)
        rendered = render_values(result, self._dialect, ids, encoding=self._gdt.encoding)
        return _noted(rendered, f"value record of exam {exam.id}")

    def retraction(self, taken_back: Retraction) -> bytes:
        """Return the record that says what of an exam does not belong into a chart.

        Raises `GdtWriteError`.
        """
        exam, order = taken_back.exam, taken_back.order
        codes = self._codes_of(exam, order)
        result = RetractionResult(
            patient=taken_back.patient,
            date=to_date(exam.study_date),
            time=to_time(exam.study_time),
            accession=order.accession_number if order is not None else "",
            modality=exam.modality,
            description="",
            test_id=codes.test_id,
            test_description=codes.test_description,
            device_code=codes.device_code,
            order=order.reference if order is not None else None,
            sent=taken_back.sent,
            study_record=taken_back.study_record,
            values=taken_back.values,
            pictures=taken_back.pictures,
            reason=taken_back.reason,
        )
        ids = self._ids_for(order)
        rendered = render_retraction(result, self._dialect, ids, encoding=self._gdt.encoding)
        return _noted(rendered, f"retraction of exam {exam.id}")

    def answer(self, entry: Entry, patient: Patient | None = None) -> bytes:
        """Return the record an order is answered with; ``patient`` says more than the entry can."""
        codes = self._codes.of(entry.Modality, entry.RequestedProcedureDescription)
        result = StudyResult(
            patient=patient or entry.patient,
            date=entry.scheduled.date(),
            time=entry.scheduled.time().replace(microsecond=0),
            accession=entry.AccessionNumber,
            modality=entry.Modality,
            description=entry.RequestedProcedureDescription,
            test_id=codes.test_id,
            test_description=codes.test_description,
            device_code=codes.device_code,
        )
        rendered = render_order_answer(
            result, self._dialect, self._ids, encoding=self._gdt.encoding
        )
        return _noted(rendered, "answer to an order")

    def progress(self, order: Order, progress: OrderProgress, moment: datetime) -> bytes | None:
        """Return the record of an order's state; None where it is not wanted.

        ``moment`` is local time. Raises `GdtWriteError`.
        """
        if progress.name.lower() not in self._gdt.states:
            return None
        procedure = meaningful(order.procedure)
        sentence = f"{progress.value}: {procedure}" if procedure else progress.value
        result = StudyResult(
            patient=order.patient,
            date=moment.date(),
            time=moment.time().replace(microsecond=0),
            accession=order.accession_number,
            modality=order.modality,
            description="",
            test_id="",
            test_description=sentence,
            order=order.reference,
            remarks=(sentence,),
            device_code=self._codes.of(order.modality, procedure).device_code,
        )
        ids = self._ids_for(order)
        rendered = render_progress(result, self._dialect, ids, encoding=self._gdt.encoding)
        return None if rendered is None else _noted(rendered, "state of an order")

    def message(self, patient: Patient, text: str, moment: datetime) -> bytes:
        """Return the record of a message to the practice in the chart of ``patient``.

        ``moment`` is local time. Raises `GdtWriteError`.
        """
        result = MessageResult(
            patient=patient,
            date=moment.date(),
            time=moment.time().replace(microsecond=0),
            lines=tuple(text.splitlines()),
            modality="",
            test_id=self._gdt.test_id,
            test_description=self._gdt.test_description,
        )
        rendered = render_message(result, self._dialect, self._ids, encoding=self._gdt.encoding)
        return _noted(rendered, "message to the practice")

    def master_data(self, patient: Patient, asked: OrderRecord) -> bytes:
        """Return the record of a patient's master data for who ``asked`` for them."""
        ids = self._mirrored(asked.sender, asked.addressed_to)
        rendered = render_master_data(patient, self._dialect, ids, encoding=self._gdt.encoding)
        return _noted(rendered, "master data")


def _description(exam: PatientExam, order: Order | None) -> str:
    """Return the study's description, else the ordered procedure, else nothing."""
    return exam.study_description or (meaningful(order.procedure) if order else "")


def _noted(rendered: GdtFile, what: str) -> bytes:
    if rendered.losses:
        log.warning("%s: not written as it was: %s", what, ", ".join(rendered.losses))
    return rendered.data
