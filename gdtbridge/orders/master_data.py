"""Patients' master data: what the practice software sent (6301), and the answer to a 6300."""

from __future__ import annotations

from dataclasses import replace

from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import OrderError
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.orders import file_store, patient_store
from gdtbridge.orders.model import OrderRecord, RecordOutcome, TakenRecord
from gdtbridge.orders.ports import OrderAnswerPort
from gdtbridge.outbox import Outbox
from gdtbridge.people import Patient


class MasterData:
    """Keeps patients and answers for them."""

    def __init__(
        self, database: Database, outbox: Outbox, answers: OrderAnswerPort, clock: Clock
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._answers = answers
        self._clock = clock

    def keep(self, record: OrderRecord, patient: Patient) -> TakenRecord:
        """Remember what a record says of a patient, instead of what was known before."""
        now = self._clock.utc()
        with self._database.write() as connection:
            known = file_store.noted(connection, record)
            if known is not None:
                return known
            patient_store.keep_patient(connection, patient, now)
            return file_store.note(connection, record, TakenRecord(RecordOutcome.STORED), now)

    def completed(self, patient: Patient) -> Patient:
        """Return the patient with the master data a record leaves out."""
        with self._database.read() as connection:
            known = patient_store.find_patient(connection, patient.id)
        if known is None:
            return patient
        if patient.family_name in {"", known.family_name} and not patient.given_name:
            patient = replace(patient, family_name=known.family_name, given_name=known.given_name)
        return replace(patient.with_birth_of(known), sex=patient.sex or known.sex)

    def answer(self, record: OrderRecord, patient_id: str) -> TakenRecord:
        """Send whoever asks the master data of a patient; raise `OrderError` if there are none."""
        with self._database.read() as connection:
            patient = patient_store.find_patient(connection, patient_id)
        if patient is None:
            raise OrderError(
                "patient_id",
                "Zu dieser Nummer sind keine Stammdaten bekannt. / No master data are known for "
                "this number.",
            )
        try:
            message = self._answers.master_data(record, patient)
        except GdtWriteError as error:
            raise OrderError("patient_id", str(error)) from error
        with self._database.write() as connection:
            known = file_store.noted(connection, record)
            if known is None:
                self._outbox.put(connection, message)
                known = file_store.note(
                    connection, record, TakenRecord(RecordOutcome.ANSWERED), self._clock.utc()
                )
        self._outbox.wake()
        return known
