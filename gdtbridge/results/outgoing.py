"""The results for one chart on their way into the outbox: what leaves, and in which order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gdtbridge.catalogue.untold import IMPOSSIBLE, UNREADABLE, UNWRITABLE, untold_reasons
from gdtbridge.database import Connection
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import PendingReport, ReportState
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.write.results import Revision
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.outbox import Message, Outbox
from gdtbridge.results import revision, store
from gdtbridge.results.attachments import ATTACHMENT, AttachedFile, unmade_remark
from gdtbridge.results.gathering import GatheredResult, ReadReport
from gdtbridge.results.message_keys import attachment_key, chart_mark, study_key, values_key
from gdtbridge.results.records import ValueRecord
from gdtbridge.results.revision import NewValues
from gdtbridge.sr import Report, fingerprint
from gdtbridge.webhooks import HouseEvent
from gdtbridge.webhooks.events import patient_facts

log = logging.getLogger(__name__)

GDT_WRITTEN: Final = "gdt_written"
PATIENT_NUMBER: Final = "3000"
"""The GDT field without which no record of the exam can be written."""
ATTACHMENT_PATH: Final = "6305"
"""The GDT field a path may not fit into; values leave without it."""
INCOMPLETE: Final = "incomplete"
"""Problem of a report that ends in the middle: what it holds is sent, and a person is told."""
LOSSES: Final = "losses"
"""Problem of a report with numbers that cannot be read, or with none that is possible.

The others are sent, a person is told; a later report that has what is missing ends it.
"""


@dataclass(frozen=True, slots=True)
class PutRecords:
    """The records one result put into the outbox."""

    study: Revision | None = None
    """Standing of the study record; None where there is none."""
    reports: tuple[ValueRecord, ...] = ()
    """The value records; one that only says what is left out has neither number nor text."""

    @property
    def is_any(self) -> bool:
        """Whether there is any."""
        return self.study is not None or bool(self.reports)

    @property
    def values(self) -> int:
        """How many numbers stand in them."""
        return sum(one.values for one in self.reports)

    @property
    def statements(self) -> int:
        """How many texts of reports stand in them."""
        return sum(one.statements for one in self.reports)


@dataclass(frozen=True, slots=True)
class ResultMessages:
    """Puts the records of one result into the outbox, within the caller's write transaction."""

    outbox: Outbox
    connection: Connection
    gathered: GatheredResult
    moment: datetime
    """Local time."""
    round: int
    """How often results of the exam were taken back from this chart: they may come once more."""

    def put(self) -> PutRecords:
        """Put the study record or its supplement, and the value records; return those.

        Raises `GdtWriteError` where no record can be written.
        """
        gathered, study = self.gathered, None
        if gathered.planned.known is None:
            study = Revision.FIRST
        elif gathered.attached or gathered.unmade:
            study = Revision.CORRECTION if gathered.corrects else Revision.SUPPLEMENT
        if study is not None:
            self._put_study(study)
        follows = gathered.planned.known is not None and bool(self._sent())
        values = [self._put_values(read, follows=follows) for read in gathered.read]
        for pending in gathered.older:
            self._settle(pending, ReportState.UNCHANGED)
        return PutRecords(study, tuple(one for one in values if one is not None))

    def _put_attachments(self, attached: Sequence[AttachedFile]) -> int | None:
        """Put the files one after the other; when the last one arrived, all of them are there."""
        exam, last = self.gathered.planned.exam, None
        for one in attached:
            message = Message(
                kind=ATTACHMENT,
                destination=self.gathered.target.attachments_destination,
                key=attachment_key(exam.study_instance_uid, self._number, one.name),
                name=one.name,
                payload=one.data,
                after_id=last,
            )
            # Of two equal files the second is the first, put before those between them.
            last = max(last or 0, self.outbox.put(self.connection, message))
        return last

    @property
    def _number(self) -> str:
        """Patient number of the chart."""
        return self.gathered.planned.number

    def _study_key(self, standing: Revision) -> str:
        planned = self.gathered.planned
        first = standing is Revision.FIRST
        key = study_key(
            planned.exam.study_instance_uid,
            self._number,
            planned.accession_number,
            self.round,
            None if first else [one.name for one in self.gathered.attached],
        )
        return key if first else self._next(key)

    def _next(self, key: str) -> str:
        """Return the key of what may come, go and come again: it is told each time."""
        return self.outbox.next_key(self.connection, self.gathered.target.destination, key)

    def _put_study(self, standing: Revision) -> None:
        planned, target = self.gathered.planned, self.gathered.target
        if self.gathered.unmade:
            remark = unmade_remark(self.gathered.unmade)
            planned = replace(planned, remarks=(*planned.remarks, remark))
        files = tuple(one.attachment for one in self.gathered.attached)
        message = Message(
            kind="gdt",
            destination=target.destination,
            key=self._study_key(standing),
            name=target.names.study(planned.shown_accession, planned.exam.id, self.moment),
            payload=target.records.study(planned, files, standing),
            after_id=self._put_attachments(self.gathered.attached),
        )
        written = self.outbox.put(self.connection, message)
        if standing is Revision.FIRST:
            event = HouseEvent(GDT_WRITTEN, message.key, result_facts(self.gathered))
            self.outbox.tell(self.connection, event, after_id=written)

    def _put_values(self, read: ReadReport, *, follows: bool) -> ValueRecord | None:
        """Put the record of a report that says something new, and return it.

        ``follows`` says whether the chart got values for this order before.
        """
        pending = read.pending
        if read.report is None:
            return self._put_notice(pending, UNREADABLE, read.problem)
        report = self.gathered.target.records.values_of(read.report)
        if not report.has_results and not untold_reasons(report):
            self._settle(pending, ReportState.EMPTY)
            return None
        mark = f"{fingerprint(report)}{chart_mark(self._number)}"
        news = self._news(pending, report, follows=follows)
        put = self._put_new_values(read, report, news, mark) if news.is_any else None
        if not news.is_any:  # nor is a loss: whoever was told of it is told once
            self._settle(pending, ReportState.UNCHANGED, fingerprint=mark)
        self._end_losses(report)
        return put

    def _news(self, pending: PendingReport, report: Report, *, follows: bool) -> NewValues:
        """Return what the report says that was not sent to this chart."""
        later = self._sent(pending.made) if pending.made else revision.NOTHING
        news = revision.news_of(self._sent(), report, later, follows=follows)
        marks = {f"{fingerprint(report)}{end}" for end in self._chart_marks()}
        bare = store.bare_fingerprints(self.connection, self.gathered.planned.exam.id)
        if not marks.isdisjoint(bare):
            return replace(news, indices=(), statements=(), overtaken={})
        return news

    def _chart_marks(self) -> list[str]:
        """Return the marks of the chart, also under numbers it had before."""
        moves = moves_of(self.connection, [self._number])
        return [chart_mark(one) for one in moves.all_of(self._number)]

    def _sent(self, made_after: str | None = None) -> revision.Values:
        """Return what this chart got of the exam, also under a number it had before.

        With ``made_after`` what it got of reports made after that.
        """
        exam, ends = self.gathered.planned.exam, self._chart_marks()
        return revision.read(store.sent_values(self.connection, exam.id, ends, made_after))

    def _put_new_values(
        self, read: ReadReport, report: Report, news: NewValues, mark: str
    ) -> ValueRecord | None:
        planned, records, pending = (
            self.gathered.planned,
            self.gathered.target.records,
            read.pending,
        )
        attached = (read.sheet,) if read.sheet is not None else ()
        try:
            record = records.values(
                planned, report, news, tuple(one.attachment for one in attached)
            )
        except GdtWriteError as error:
            if error.field == PATIENT_NUMBER:
                raise
            if error.field == ATTACHMENT_PATH and attached:
                log.warning("report %d: its page is left out: %s", pending.id, error)
                return self._put_new_values(replace(read, sheet=None), report, news, mark)
            log.warning("report %d: no record can be written: %s", pending.id, error)
            return self._put_notice(pending, UNWRITABLE, HoldReason.UNWRITABLE)
        missing = _missing(report)
        if record is None:
            self._settle(pending, ReportState.EMPTY, problem=missing)
            return None
        self._put_value_record(pending, record.payload, attached)
        self._settle(
            pending,
            ReportState.REPORTED,
            fingerprint=mark,
            problem=missing,
            sent=revision.written(revision.values_of(report)),
        )
        return record

    def _put_notice(self, pending: PendingReport, reason: str, problem: str) -> ValueRecord | None:
        """Put the record that says why the chart gets nothing of a report; once for each reason.

        Of one that the device sent again everybody was told before.
        """
        if pending.resent:
            store.end_resent(self.connection, pending.id)
            return None
        planned, told = self.gathered.planned, revision.untold(reason)
        try:
            payload = None
            if not told.keys() <= self._sent().keys():
                payload = self.gathered.target.records.notice(planned, reason)
        except GdtWriteError as error:
            if error.field == PATIENT_NUMBER:
                raise
            log.warning("report %d: no record can be written: %s", pending.id, error)
        if payload is None:
            self._settle(pending, ReportState.UNREADABLE, problem=problem)
            return None
        self._put_value_record(pending, payload)
        self._settle(
            pending,
            ReportState.REPORTED,
            fingerprint=f"{reason}{chart_mark(self._number)}",
            problem=problem,
            sent=revision.written(told),
        )
        return ValueRecord(payload)

    def _put_value_record(
        self, pending: PendingReport, payload: bytes, attached: Sequence[AttachedFile] = ()
    ) -> None:
        """Put a value record into the outbox, behind the files it names."""
        planned, target = self.gathered.planned, self.gathered.target
        name = target.names.report(
            planned.shown_accession, pending.sop_instance_uid, planned.exam.id, self.moment
        )
        self.outbox.put(
            self.connection,
            Message(
                kind="gdt",
                destination=target.destination,
                key=self._next(values_key(pending.instance_id, self._number, self.round)),
                name=name,
                payload=payload,
                after_id=self._put_attachments(attached),
            ),
        )

    def _end_losses(self, report: Report) -> None:
        """Take earlier reports off the list of which this one has what could not be read."""
        if not report.is_whole or report.lost:
            return
        exam = self.gathered.planned.exam
        lossy = store.reports_with(self.connection, exam.id, LOSSES, self._chart_marks())
        made_up = [
            number
            for number, sent in lossy
            if revision.is_made_up_for(revision.read([sent]), report)
        ]
        if made_up:
            store.clear_problems(self.connection, made_up)
            log.info("exam %d: a later report has what could not be read", exam.id)

    def _settle(self, pending: PendingReport, state: ReportState, **said: str) -> None:
        store.settle_report(self.connection, pending.id, state, **said)


def result_facts(gathered: GatheredResult) -> dict[str, str]:
    """Return what an event says of a result, by variable."""
    planned, exam = gathered.planned, gathered.planned.exam
    return {
        "exam": str(exam.id),
        "device": exam.device,
        "modality": exam.modality,
        "route": gathered.target.name,
        "study_instance_uid": exam.study_instance_uid,
        "accession_number": planned.shown_accession,
        **patient_facts(planned.patient),
    }


def _missing(report: Report) -> str:
    """Return the problem of a report of which something is lost, whatever became of the rest."""
    if not report.is_whole:
        return INCOMPLETE
    is_all_impossible = not report.measurements and IMPOSSIBLE in untold_reasons(report)
    return LOSSES if report.lost or is_all_impossible else ""
