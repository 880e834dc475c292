"""The one service the edges call."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from pydicom import Dataset

from gdtbridge.archive import Archive, Header, Incoming, Standing, read_header
from gdtbridge.config import Settings
from gdtbridge.database import Database, OperationalError
from gdtbridge.errors import NotFound, ProcessingFailure, SopClassMismatch
from gdtbridge.exams import store
from gdtbridge.exams.clock import Clock
from gdtbridge.exams.intake import Intake
from gdtbridge.exams.model import Exam, ExamState, OrderRequest, PlacedOrder
from gdtbridge.exams.orders import CleanUp, OrderDesk
from gdtbridge.exams.reporting import Reader, Reporting
from gdtbridge.outbox import Outbox
from worklist import Entry, Match, WorklistFolder

log = logging.getLogger(__name__)


class ExamService:
    """Exams from order to result. Thread-safe; every method is durable when it returns."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        archive: Archive,
        outbox: Outbox,
        worklist: WorklistFolder,
        reader: Reader,
        clock: Clock,
    ) -> None:
        self._database = database
        self._archive = archive
        self._worklist = worklist
        self._clock = clock
        self._intake = Intake(settings.exam)
        self._reporting = Reporting(settings, database, archive, outbox, worklist, reader)
        self._desk = OrderDesk(settings, database, outbox, worklist, self._reporting.records, clock)

    def room_for(self, size: int) -> None:
        """Raise `OutOfResources` unless an object of ``size`` bytes can be stored."""
        self._archive.room_for(size)

    def receive(self, incoming: Incoming) -> Standing:
        """Take a received object; it and its exam are on the disk when this returns.

        Raises a `StoreError`, and then nothing of it is kept.
        """
        header = read_header(incoming.path, incoming.TransferSyntaxUID)
        _must_match(incoming, header)
        stored = self._archive.store(incoming, header)
        now = self._clock.utc()
        try:
            with self._database.write() as connection:
                entered = self._archive.enter(connection, incoming, header, stored, now)
                if entered.standing is Standing.NEW:
                    self._intake.enter(connection, incoming, header, entered.instance_id, now)
        except OperationalError as error:
            raise ProcessingFailure(f"database: {type(error.orig).__name__}") from error
        if entered.standing is Standing.CONFLICT:
            log.warning("instance %d has other bytes than the one before it", entered.instance_id)
        return entered.standing

    def find_worklist(self, query: Dataset, calling_aet: str) -> Iterator[Match]:
        """Yield the worklist's answers to a Modality Worklist query."""
        return self._worklist.find(query, calling_aet=calling_aet)

    def place_order(self, request: OrderRequest) -> PlacedOrder:
        """Put a patient on the worklist; raise `OrderError`."""
        return self._desk.place(request)

    def answer(self, entry: Entry) -> bytes:
        """Return the GDT record an order is answered with."""
        return self._reporting.records.answer(entry)

    @property
    def encoding(self) -> str:
        """Python name of the encoding of GDT records."""
        return self._reporting.records.encoding

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
        """Report every exam whose waiting is over; return how many there were."""
        now = self._clock.utc()
        with self._database.read() as connection:
            due = store.due_exams(connection, now, self._intake.longest_wait)
        for exam_id in due:
            self._reporting.report(exam_id, now)
        return len(due)

    def exams(self, state: ExamState | None = None, limit: int = 100) -> list[Exam]:
        """Return the newest exams first."""
        with self._database.read() as connection:
            return store.list_exams(connection, state, limit)

    def release(self, study_instance_uid: str, patient_id: str) -> None:
        """Report a held exam under the patient number a person names; raise `NotFound`."""
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
            )
        log.info("exam %d was released by a person", exam.id)

    def attention(self) -> dict[str, int]:
        """Return how much waits for a person, by kind."""
        with self._database.read() as connection:
            return {
                "held": store.count_held(connection),
                "conflicts": self._archive.conflicts(connection),
                "unreadable": store.count_problems(connection),
            }


def _must_match(incoming: Incoming, header: Header) -> None:
    """Refuse an object that is not what its command announced (PS3.4 B.2.3, A900)."""
    announced = (incoming.SOPClassUID, incoming.SOPInstanceUID)
    for said, holds in zip(announced, (header.SOPClassUID, header.SOPInstanceUID), strict=True):
        if holds and holds != said:
            raise SopClassMismatch("the dataset is not what the C-STORE command announced")
