"""From a complete exam to its results in the outbox."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.exams import store
from gdtbridge.exams.completion import CompletionRule
from gdtbridge.exams.identity import judge
from gdtbridge.exams.model import Exam, ExamState, HoldReason
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.logs import describe
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import OrderState
from gdtbridge.outbox import Outbox
from gdtbridge.results import store as result_store
from gdtbridge.results.gathering import ExamGatherer, GatheredExam
from gdtbridge.results.outgoing import ExamResults
from gdtbridge.results.routing import Routing
from gdtbridge.settings import WebhookSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResultReporter:
    """Decides what leaves for an exam whose waiting is over."""

    routing: Routing
    database: Database
    outbox: Outbox
    gatherer: ExamGatherer
    webhooks: WebhookSettings
    completion: CompletionRule
    clock: Clock
    _failing: dict[int, str] = field(default_factory=dict, init=False)

    def report_due(self) -> int:
        """Report every exam whose waiting is over; return how many there were.

        An exam that fails stays due and keeps no other from being reported; the failure is logged
        once, for the exam is tried again every second.
        """
        now = self.clock.utc()
        with self.database.read() as connection:
            due = store.due_exams(connection, now, self.completion.longest_wait)
        for exam_id in due:
            try:
                self.report(exam_id, now)
            except Exception as error:  # noqa: BLE001 - one exam's fault must not stop the others
                self._failed(exam_id, describe(error))
            else:
                self._failing.pop(exam_id, None)
        return len(due)

    def _failed(self, exam_id: int, place: str) -> None:
        if self._failing.get(exam_id) != place:
            self._failing[exam_id] = place
            log.error("exam %d cannot be reported, trying again: %s", exam_id, place)

    def results_arrived(self, accession_number: str) -> bool:
        """Return whether everything the exam of an order has to say has arrived."""
        with self.database.read() as connection:
            return result_store.open_results(connection, accession_number) == 0

    def report(self, exam_id: int, now: float) -> None:
        """Put everything the exam has to say, and was not sent before, into the outbox.

        Files are read outside any transaction. When an instance arrived meanwhile, nothing is
        written and the exam's new deadline counts.
        """
        gathered = self.gatherer.gather(exam_id)
        if gathered is None:
            return
        with self.database.write() as connection:
            if store.exam_by_id(connection, exam_id) == gathered.exam:
                self._settle(connection, gathered, now)
        self.outbox.wake()

    def _settle(self, connection: Connection, gathered: GatheredExam, now: float) -> None:
        exam, read = gathered.exam, gathered.read
        attribution = judge(connection, exam, gathered.listed)
        if isinstance(attribution, HoldReason):
            self._hold(connection, exam, attribution)
            return
        order = attribution.order
        target = self.routing.of_exam(exam, order)
        wanted = target if target.attachments is not None else None
        if gathered.target is not wanted:
            return  # an order came meanwhile: everything once more, for its target
        results = ExamResults(
            self.outbox,
            connection,
            exam,
            order,
            target,
            datetime.fromtimestamp(now),  # noqa: DTZ006 - local time
            announced=bool(self.webhooks.gdt_written),
        )
        try:
            with connection.begin_nested():
                results.put(gathered)
        except GdtWriteError as error:
            log.warning("exam %d: no record can be written: %s", exam.id, error)
            self._hold(connection, exam, HoldReason.UNWRITABLE)
            return
        if order is not None:
            order_store.set_order_state(connection, order.accession_number, OrderState.DONE)
        store.update_exam(
            connection,
            exam.id,
            state=ExamState.REPORTED,
            due_at=None,
            reported_at=exam.reported_at or now,
            route=target.name,
        )
        log.info("exam %d reported: %d instances, %d reports", exam.id, exam.instances, len(read))

    def _hold(self, connection: Connection, exam: Exam, reason: HoldReason) -> None:
        store.hold(connection, exam.id, reason)
        log.warning("exam %d is held: %s", exam.id, reason)
