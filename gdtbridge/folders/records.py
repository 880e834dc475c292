"""One record of an order file, one call of the orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.durable import Clock
from gdtbridge.errors import AnotherPerson, NeedsConfirmation, OrderError
from gdtbridge.exams import PatientExam, query_of
from gdtbridge.folders.ports import OrderPorts
from gdtbridge.folders.requests import (
    former_number_of,
    named,
    patient_of,
    procedure_of,
    reference_of,
    request_of,
    sentence,
)
from gdtbridge.gdt.read.record import Record
from gdtbridge.orders import OrderRecord, OrderRequest, RecordOutcome, TakenRecord
from gdtbridge.people import Patient
from gdtbridge.settings import Settings

ANOTHER_PERSONS: Final = (
    "Diese frühere Nummer gehört nach allem, was bekannt ist, einer anderen Person. Ist es doch "
    "dieselbe: gdtbridge patients renumber FRÜHERE NEUE --confirm, dann den Satz noch einmal senden"
    ". / By all that is known this former number is another person's. If it is the same person all "
    "the same: gdtbridge patients renumber OLD NEW --confirm, then send the record again."
)


@dataclass(frozen=True, slots=True)
class RecordReply:
    """What became of one GDT record; ``studies`` are the exams that a 6311 asked for."""

    record_type: str
    taken: TakenRecord
    studies: tuple[PatientExam, ...] = ()


class RecordTaker:
    """Passes records to the orders, the master data or the studies, by record type."""

    def __init__(self, ports: OrderPorts, settings: Settings, clock: Clock) -> None:
        self._ports = ports
        self._rules = settings.orders.map
        self._former_field = settings.orders.former_number_field
        # Which exchange the result goes to is not certain yet.
        self._echo = {field for one in settings.exchanges for field in one.gdt.echo}
        self._clock = clock
        self._calls: Final[Mapping[str, Callable[[Record, OrderRecord], RecordReply]]] = {
            "6300": self._ask_for_patient,
            "6301": self._keep_patient,
            "6302": self._order,
            "6303": self._cancel,
            "6311": self._show,
        }

    def take(self, record: Record, order_record: OrderRecord) -> RecordReply:
        """Do what the record asks, once; a record that is wrong is refused with a sentence.

        Raises what another attempt may mend.
        """
        known = self._ports.filed.known(order_record)
        if known is not None and known.outcome is RecordOutcome.REFUSED:
            return RecordReply(order_record.record_type, known)
        call = self._calls.get(record.record_type, self._refuse_type)
        try:
            return call(record, order_record)
        except OrderError as error:
            return RecordReply(
                order_record.record_type, self._ports.filed.refuse(order_record, sentence(error))
            )

    def _refuse_type(self, _record: Record, _order_record: OrderRecord) -> RecordReply:
        known = ", ".join(self._calls)
        raise OrderError(
            "8000",
            f"Diese Satzart ist kein Auftrag; verstanden werden {known}. / This record type is no "
            f"order; understood are {known}.",
        )

    def _order(self, record: Record, order_record: OrderRecord) -> RecordReply:
        said, reference = patient_of(record), reference_of(record, self._echo)
        if former := self._former_number(record, order_record):
            known_as = self._as_known(said, former)
            self._ports.filed.check(order_record, self._request(record, known_as), reference)
            self._move(former, said, order_record)
        request = self._request(record, self._ports.master_data.completed(said))
        taken = self._ports.filed.order(order_record, request, reference)
        return RecordReply(order_record.record_type, taken)

    def _as_known(self, said: Patient, former: str) -> Patient:
        """Return a record's patient with what is known of the number, else of the former one."""
        completed = self._ports.master_data.completed
        return replace(completed(replace(completed(said), id=former)), id=said.id)

    def _request(self, record: Record, patient: Patient) -> OrderRequest:
        return request_of(record, named(patient), self._rules, self._clock.local())

    def _cancel(self, record: Record, order_record: OrderRecord) -> RecordReply:
        patient = patient_of(record)
        procedure = procedure_of(record, self._rules).description
        taken = self._ports.filed.cancel(order_record, patient, reference_of(record), procedure)
        return RecordReply(order_record.record_type, taken)

    def _keep_patient(self, record: Record, order_record: OrderRecord) -> RecordReply:
        patient = named(patient_of(record))
        if former := self._former_number(record, order_record):
            self._move(former, patient, order_record)
        return RecordReply(
            order_record.record_type, self._ports.master_data.keep(order_record, patient)
        )

    def _former_number(self, record: Record, order_record: OrderRecord) -> str:
        """Return the number to be followed; empty for none, or where that has been done."""
        former = former_number_of(record, self._former_field)
        return former if former and self._ports.filed.known(order_record) is None else ""

    def _move(self, former: str, patient: Patient, order_record: OrderRecord) -> None:
        """Let a former number become that of a record's patient; raise `OrderError` naming it."""
        try:
            self._ports.move_chart(former, patient, f"Praxissoftware ({order_record.record_type})")
        except NeedsConfirmation as error:
            raise OrderError(self._former_field, ANOTHER_PERSONS) from error
        except OrderError as error:
            raise OrderError(self._former_field, error.problem) from error

    def _ask_for_patient(self, record: Record, order_record: OrderRecord) -> RecordReply:
        patient = patient_of(record)
        return RecordReply(
            order_record.record_type, self._ports.master_data.answer(order_record, patient.id)
        )

    def _show(self, record: Record, order_record: OrderRecord) -> RecordReply:
        try:
            studies = self._ports.find_studies(query_of(record))
        except AnotherPerson as error:
            raise OrderError("3000", str(error)) from error
        if not studies:
            raise OrderError(
                "3000",
                "Eine solche (freigegebene) Untersuchung hat dieser Patient nicht. / This patient "
                "has no such (released) exam.",
            )
        return RecordReply(
            order_record.record_type, self._ports.filed.show(order_record), tuple(studies)
        )
