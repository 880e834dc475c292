"""The one service the edges call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Final

from pydicom import Dataset

from gdtbridge.archive import Archive, Aside, Entered, Incoming, Standing, StoredFile
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.header import Header, read_header
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import (
    DatabaseError,
    NotFound,
    OrderError,
    ProcessingFailure,
    SopClassMismatch,
)
from gdtbridge.exams import store
from gdtbridge.exams.claimants import claimants
from gdtbridge.exams.intake import Intake
from gdtbridge.exams.model import Exam, ExamState, Held, Problem
from gdtbridge.exams.studies import Studies
from gdtbridge.logs import describe
from gdtbridge.orders.desk import CleanUp, OrderDesk
from gdtbridge.orders.filed import FiledOrders
from gdtbridge.orders.master_data import MasterData
from gdtbridge.orders.model import OrderRequest, PlacedOrder
from gdtbridge.outbox import Outbox
from gdtbridge.results.gathering import Gatherer, Openers
from gdtbridge.results.reporting import Reporting
from gdtbridge.results.routing import Routing
from gdtbridge.settings import Settings
from worklist import Entry, Match, WorklistFolder

log = logging.getLogger(__name__)

OVERDUE_SECONDS: Final = 300
"""An exam not reported so long after it was due is a fault a person has to know of."""


class ExamService:
    """Exams from order to result. Thread-safe; every method is durable when it returns."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        archive: Archive,
        outbox: Outbox,
        worklist: WorklistFolder,
        openers: Openers,
        clock: Clock,
    ) -> None:
        self._database = database
        self._archive = archive
        self._worklist = worklist
        self._clock = clock
        self._failing: dict[int, str] = {}
        self.when_due: Callable[[], None] = lambda: None
        """Called when an exam is due at this moment; `report_due` is to be called soon."""
        self._intake = Intake(settings.exam)
        self.routing = Routing(settings)
        """Where results go."""
        gatherer = Gatherer(self.routing, database, archive, worklist, openers)
        self._reporting = Reporting(self.routing, database, outbox, gatherer, settings.webhooks)
        self._desk = OrderDesk(settings, database, outbox, worklist, self.routing, clock)
        self.filed = FiledOrders(
            database,
            outbox,
            worklist,
            self._desk,
            clock,
            repeat_seconds=settings.orders.repeat_minutes * 60,
        )
        """The orders of the practice software's files."""
        self.master_data = MasterData(database, outbox, self.routing, clock)
        """The patients it told of."""
        self.studies = Studies(database, worklist, settings.orders.encoding)
        """The studies it asks for."""

    def room_for(self, size: int) -> None:
        """Raise `OutOfResources` unless an object of ``size`` bytes can be stored."""
        self._archive.room_for(size)

    def receive(self, incoming: Incoming) -> Standing:
        """Take a received object; it and its exam are on the disk when this returns.

        Raises a `StoreError`, and then nothing of it counts: at most a file without a name in the
        index is left, which the object meets when it is sent again.
        """
        try:
            header = read_header(incoming.path, incoming.TransferSyntaxUID)
        except OSError as error:
            raise ProcessingFailure(f"spool: {error.strerror}") from error
        _must_match(incoming, header)
        stored = self._archive.store(incoming, header)
        try:
            with self._database.write() as connection:
                entered = self._enter(connection, incoming, header, stored)
        except DatabaseError as error:
            raise ProcessingFailure(str(error)) from error
        if self._intake.reports_at_once and entered.standing is Standing.NEW:
            self.when_due()
        if entered.standing is Standing.CONFLICT:
            log.warning("instance %d has other bytes than the one before it", entered.instance_id)
        return entered.standing

    def _enter(
        self, connection: Connection, incoming: Incoming, header: Header, stored: StoredFile
    ) -> Entered:
        """Enter an object into the index and its exam.

        One whose UID another study has already is no second version of that: its exam is held.
        """
        now = self._clock.utc()
        entered = self._archive.enter(connection, incoming, header, stored, now)
        if entered.standing is Standing.NEW or entered.elsewhere:
            exam_id = self._intake.enter(connection, incoming, header, entered.instance_id, now)
            if entered.elsewhere:
                store.hold(connection, exam_id, Held.UID_TAKEN)
        return entered

    def find_worklist(self, query: Dataset, calling_aet: str) -> Iterator[Match]:
        """Yield the worklist's answers to a Modality Worklist query."""
        return self._worklist.find(query, calling_aet=calling_aet)

    def place_order(self, request: OrderRequest) -> PlacedOrder:
        """Put a patient on the worklist; raise `OrderError`."""
        return self._desk.place(request)

    def answer(self, entry: Entry) -> bytes:
        """Return the GDT record an order is answered with."""
        return self.routing.default.records.answer(entry)

    @property
    def encoding(self) -> str:
        """Python name of the encoding of GDT records."""
        return self.routing.default.records.encoding

    def orders(self) -> tuple[Entry, ...]:
        """Return everything on the worklist."""
        return self._desk.all()

    def order(self, accession_number: str) -> Entry:
        """Return one entry; raise `NotFound`."""
        return self._desk.get(accession_number)

    def change_order(self, accession_number: str, request: OrderRequest) -> Entry:
        """Replace what an entry says; raise `NotFound` or `OrderError`."""
        return self._desk.change(accession_number, request)

    def cancel_order(self, accession_number: str) -> None:
        """Take an entry off the worklist; raise `NotFound`."""
        self._desk.cancel(accession_number)

    def clean_worklist(self) -> CleanUp:
        """Remove what is over."""
        return self._desk.clean()

    def report_due(self) -> int:
        """Report every exam whose waiting is over; return how many there were.

        One that fails stays due and keeps no other from being reported.
        """
        now = self._clock.utc()
        with self._database.read() as connection:
            due = store.due_exams(connection, now, self._intake.longest_wait)
        for exam_id in due:
            self._report(exam_id, now)
        return len(due)

    def _report(self, exam_id: int, now: float) -> None:
        """Report one exam; log a failure once, for it is tried again every second."""
        try:
            self._reporting.report(exam_id, now)
        except Exception as error:  # noqa: BLE001 - one exam's fault must not stop the others
            place = describe(error)
            if self._failing.get(exam_id) != place:
                self._failing[exam_id] = place
                log.error("exam %d cannot be reported, trying again: %s", exam_id, place)
        else:
            self._failing.pop(exam_id, None)

    def exams(self, state: ExamState | None = None, limit: int = 100) -> list[Exam]:
        """Return the newest exams first."""
        with self._database.read() as connection:
            return store.list_exams(connection, state, limit)

    def claimants(self, exam: Exam) -> tuple[str, ...]:
        """Return everybody but the first patient whom the exam's objects and orders name."""
        return claimants(exam, self._database, self._archive, self._worklist)

    def release(self, study_instance_uid: str, patient_id: str) -> None:
        """Report a held exam under the patient number a person names.

        A study record that was written under another number is written under this one too; values
        that were sent are not. Raises `NotFound` when no such exam is held, `OrderError` without a
        number.
        """
        patient_id = patient_id.strip()
        if not patient_id:
            raise OrderError("id", "Die Patientennummer fehlt. / The patient number is missing.")
        with self._database.write() as connection:
            exam = store.find_exam(connection, study_instance_uid)
            if exam is None or exam.state is not ExamState.HELD:
                raise NotFound("Keine zurückgehaltene Untersuchung. / No exam is held there.")
            store.update_exam(
                connection,
                exam.id,
                state=ExamState.RECEIVING,
                released=True,
                patient_id=patient_id,
                due_at=self._clock.utc(),
                reported_at=exam.reported_at if patient_id == exam.patient_id else None,
            )
        self.when_due()
        log.info("exam %d was released by a person", exam.id)

    def attention(self) -> dict[str, int]:
        """Return how much waits for a person, by kind."""
        with self._database.read() as connection:
            return {
                "held": store.count_held(connection),
                "overdue": store.count_overdue(connection, self._clock.utc() - OVERDUE_SECONDS),
                "conflicts": self._archive.count_aside(connection),
                "unreadable": store.count_problems(connection),
            }

    def problems(self, limit: int = 100) -> list[Problem]:
        """Return what was received and not (wholly) sent, the newest of each kind first."""
        with self._database.read() as connection:
            aside = self._archive.aside(connection, limit)
            reports = store.report_problems(connection, limit)
        return [*(_conflict(one) for one in aside), *reports]


def _conflict(one: Aside) -> Problem:
    return Problem(Standing.CONFLICT, one.study_instance_uid, one.sop_instance_uid, one.file)


def _must_match(incoming: Incoming, header: Header) -> None:
    """Refuse an object that is not what its command announced (PS3.4 B.2.3, A900)."""
    announced = (incoming.SOPClassUID, incoming.SOPInstanceUID)
    for said, holds in zip(announced, (header.SOPClassUID, header.SOPInstanceUID), strict=True):
        if holds and holds != said:
            raise SopClassMismatch("the dataset is not what the C-STORE command announced")
