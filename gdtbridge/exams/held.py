"""Held exams: whom their objects and orders name, and a person's word whose an exam is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from gdtbridge.archive import Archive, ArchivedInstance
from gdtbridge.database import Database
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import read_header
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound, OrderError
from gdtbridge.exams import store
from gdtbridge.exams.completion import DueSignal
from gdtbridge.exams.identity import look_up, orders_of
from gdtbridge.exams.model import Exam, ExamState
from worklist import FolderError, WorklistFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HeldExams:
    """Shows a person whose a held exam may be, and takes the answer."""

    database: Database
    archive: Archive
    worklist: WorklistFolder
    due: DueSignal
    clock: Clock

    def claimants(self, exam: Exam) -> tuple[str, ...]:
        """Return number, name and birth date (as sent) of everybody but the first the exam names.

        A file or a worklist that cannot be read names nobody.
        """
        with self.database.read() as connection:
            kept = self.archive.kept_of(connection, exam.study_instance_uid)
        first = _line(exam.sent_patient_id, exam.patient_name, exam.patient_birth_date)
        lines = dict.fromkeys([*_sent(kept), *self._ordered(exam)])
        return tuple(line for line in lines if line not in {first, ""})

    def _ordered(self, exam: Exam) -> list[str]:
        try:
            listed = look_up(exam, self.worklist)
        except FolderError:
            return []
        with self.database.read() as connection:
            orders = orders_of(connection, exam, listed)
        people = [order.patient for order in orders]
        return [_line(one.id, one.person_name, one.birth_date_da) for one in people]

    def release(self, study_instance_uid: str, patient_id: str) -> None:
        """Have a held exam reported under the patient number a person names.

        A study record that was written under another number is written under this one too; values
        that were sent are not. Raises `NotFound` when no such exam is held, `OrderError` without a
        number.
        """
        patient_id = patient_id.strip()
        if not patient_id:
            raise OrderError("id", "Die Patientennummer fehlt. / The patient number is missing.")
        with self.database.write() as connection:
            exam = store.find_exam(connection, study_instance_uid)
            if exam is None or exam.state is not ExamState.HELD:
                raise NotFound("Keine zurückgehaltene Untersuchung. / No exam is held there.")
            store.update_exam(
                connection,
                exam.id,
                state=ExamState.RECEIVING,
                released=True,
                patient_id=patient_id,
                due_at=self.clock.utc(),
                reported_at=exam.reported_at if patient_id == exam.patient_id else None,
            )
        self.due.ring()
        log.info("exam %d was released by a person", exam.id)


def _sent(kept: list[ArchivedInstance]) -> Iterator[str]:
    for one in kept:
        try:
            header = read_header(one.path, one.transfer_syntax_uid)
        except (OSError, DatasetError):
            continue
        yield _line(header.PatientID, header.PatientName, header.PatientBirthDate)


def _line(*parts: str) -> str:
    return " ".join(part for part in parts if part)
