"""From a received object to an entered one: the archive and the exam in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gdtbridge.archive import (
    Archive,
    IncomingInstance,
    Receipt,
    ReceiptStatus,
    Standing,
    StoredFile,
)
from gdtbridge.archive.fetched import look_for_fetched, make_way, put_aside, take_over
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import Header, header_in, read_header
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import (
    DatabaseError,
    DatabaseUnavailable,
    NotUnderstood,
    ProcessingFailure,
    SopClassMismatch,
    StoreSuspended,
)
from gdtbridge.exams import intake, report_store, store
from gdtbridge.exams.completion import CompletionRule, DueSignal
from gdtbridge.exams.fetching import FetchBook, FetchOrigin
from gdtbridge.exams.model import ExamState
from gdtbridge.exams.steps import rule
from gdtbridge.outbox import Outbox
from gdtbridge.people import Patient
from gdtbridge.sr import is_report
from gdtbridge.webhooks import HouseEvent
from gdtbridge.webhooks.events import patient_facts

log = logging.getLogger(__name__)

EXAM_RECEIVED: Final = "exam_received"


@dataclass(frozen=True, slots=True)
class InstanceReceiver:
    """Takes received objects into the archive and their exams. Thread-safe.

    What was fetched from another archive is taken like the rest, and makes no result.
    """

    database: Database
    archive: Archive
    outbox: Outbox
    completion: CompletionRule
    due: DueSignal
    clock: Clock
    fetches: FetchBook | None = None
    """Knows what is being fetched; None where nothing is."""
    began: Callable[[Connection, str, str], None] | None = None
    """Told study and patient's number of a study's first object, in its transaction."""
    entered: Callable[[Connection, int, IncomingInstance, Header, float], None] | None = None
    """Told each new object of a device, in its transaction: its id, its head, when it came."""

    def room_for(self, size: int) -> None:
        """Raise `OutOfResources` unless an object of ``size`` bytes can be stored."""
        self.archive.room_for(size)

    def receive(self, incoming: IncomingInstance) -> ReceiptStatus:
        """Take a received object; the object and its exam are on the disk when this returns.

        Raises a `StoreError`, and then nothing of the object counts: at most a file without a name
        in the index is left, which the object meets when it is sent again.
        """
        try:
            header = _header_of(incoming)
        except OSError as error:
            raise ProcessingFailure(f"spool: {error.strerror}") from error
        except DatasetError as error:
            raise NotUnderstood(str(error)) from error
        _must_match(incoming, header)
        origin = self.fetches.origin_of(incoming) if self.fetches is not None else None
        stored = self.archive.store(incoming, header)
        try:
            with self.database.write() as connection:
                receipt, is_result = self._enter(connection, incoming, header, stored, origin)
        except DatabaseUnavailable as error:
            raise StoreSuspended(str(error)) from error
        except DatabaseError as error:
            raise ProcessingFailure(str(error)) from error
        if stored.content is not None and not receipt.entered:
            self.archive.move(incoming, stored)
        may_wake = receipt.status is not ReceiptStatus.SAME or is_report(incoming.SOPClassUID)
        if is_result and may_wake:
            self.due.ring(self.completion.first_wait)
            self.outbox.wake()
        if receipt.status is ReceiptStatus.CONFLICT:
            log.warning("instance %d has other bytes than the one before it", receipt.instance_id)
        return receipt.status

    def _enter(
        self,
        connection: Connection,
        incoming: IncomingInstance,
        header: Header,
        stored: StoredFile,
        origin: FetchOrigin | None,
    ) -> tuple[Receipt, bool]:
        """Enter an object; return its receipt, and whether it can become a result."""
        study, now = intake.study_of(incoming.SOPInstanceUID, header), self.clock.utc()
        fetches = self.fetches
        awaited = fetches.awaited(connection, origin, study) if fetches is not None else None
        if awaited is not None:
            awaited.must_be_of(header)
            if not awaited.reported:
                return self._enter_fetched(connection, incoming, header, stored, now), False
        self._tell_of_new(connection, incoming, header)
        receipt = self.enter(connection, incoming, header, stored, now)
        if receipt.status is ReceiptStatus.SAME and is_report(incoming.SOPClassUID):
            exam_id = report_store.resend_report(connection, receipt.instance_id, now)
            if exam_id is not None:
                log.info("exam %d: a report that was not sent came again", exam_id)
        return receipt, True

    def _enter_fetched(
        self,
        connection: Connection,
        incoming: IncomingInstance,
        header: Header,
        stored: StoredFile,
        now: float,
    ) -> Receipt:
        """Enter an object that was fetched: it is kept and shown, and nothing else happens."""
        receipt = look_for_fetched(connection, incoming, header, stored.sha256)
        if receipt.status is ReceiptStatus.SAME:
            return receipt
        claim_id = intake.enter_fetched(connection, incoming, header, now)
        shown = receipt.status is ReceiptStatus.NEW
        if shown:
            put_aside(connection, receipt.others_fetched)
        standing = Standing.FETCHED if shown else Standing.FETCHED_ASIDE
        return self.archive.enter(
            connection, incoming, header, stored, receipt.status, claim_id, now, standing
        )

    def enter(
        self,
        connection: Connection,
        incoming: IncomingInstance,
        header: Header,
        stored: StoredFile,
        now: float,
    ) -> Receipt:
        """Enter an object that was received ``now`` (UTC) into the index and its exam.

        An object whose UID another study has already is no second version of the object there.
        """
        receipt = self.archive.look(connection, incoming, header, stored.sha256)
        if receipt.status is ReceiptStatus.SAME:
            return receipt
        one = intake.enter(connection, self.completion, incoming, header, receipt.status, now)
        if receipt.instance_id:
            return receipt
        put_aside(connection, receipt.others_fetched)
        fetched = receipt.fetched
        if fetched:
            make_way(connection, fetched)
        receipt = self.archive.enter(
            connection, incoming, header, stored, receipt.status, one.id, now
        )
        if fetched:
            take_over(connection, fetched, receipt.instance_id)
        if receipt.status is not ReceiptStatus.NEW:
            return receipt
        uid, study = incoming.SOPInstanceUID, intake.study_of(incoming.SOPInstanceUID, header)
        if self.entered is not None:
            self.entered(connection, receipt.instance_id, incoming, header, now)
        if is_report(incoming.SOPClassUID):
            report_store.insert_report(connection, one.exam_id, receipt.instance_id, uid)
        rule.arrived(connection, self.completion, uid, study, now)
        return receipt

    def _tell_of_new(
        self, connection: Connection, incoming: IncomingInstance, header: Header
    ) -> None:
        """Tell whoever wants to know of an exam of which this is the first object."""
        listens = self.outbox.listens(EXAM_RECEIVED)
        if not listens and self.began is None:
            return
        study = intake.study_of(incoming.SOPInstanceUID, header)
        known = store.find_exam(connection, study)
        if known is not None and known.state is not ExamState.FETCHED:
            return
        if self.began is not None:
            self.began(connection, study, header.PatientID)
        if not listens:
            return
        patient = Patient.from_dicom(
            header.PatientID, header.PatientName, header.PatientBirthDate, header.PatientSex
        )
        facts = {
            "device": incoming.calling_aet,
            "modality": header.Modality,
            "study_instance_uid": study,
            "accession_number": header.AccessionNumber,
            **patient_facts(patient),
        }
        self.outbox.tell(connection, HouseEvent(EXAM_RECEIVED, f"received:{study}", facts))


def _header_of(incoming: IncomingInstance) -> Header:
    """Return the head of a received object; raise `OSError` or `DatasetError`."""
    known, syntax = incoming.dataset, incoming.TransferSyntaxUID
    header = header_in(known.start, known.size, syntax) if known is not None else None
    return header or read_header(incoming.path, syntax)


def _must_match(incoming: IncomingInstance, header: Header) -> None:
    """Refuse an object that is not what its command announced (PS3.4 B.2.3, A900)."""
    announced = (incoming.SOPClassUID, incoming.SOPInstanceUID)
    for said, holds in zip(announced, (header.SOPClassUID, header.SOPInstanceUID), strict=True):
        if holds and holds != said:
            raise SopClassMismatch("the dataset is not what the C-STORE command announced")
