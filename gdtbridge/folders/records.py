"""One record of an order file, one call of the orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gdtbridge.durable import Clock
from gdtbridge.errors import AnotherPerson, OrderError
from gdtbridge.exams import PatientExam, query_of
from gdtbridge.folders.ports import OrderPorts
from gdtbridge.folders.requests import (
    named,
    patient_of,
    procedure_of,
    reference_of,
    request_of,
    sentence,
)
from gdtbridge.gdt.read.record import Record
from gdtbridge.orders import OrderRecord, RecordOutcome, TakenRecord
from gdtbridge.settings import OrderCodeRule


@dataclass(frozen=True, slots=True)
class RecordReply:
    """What became of one GDT record; ``studies`` are the exams that a 6311 asked for."""

    record_type: str
    taken: TakenRecord
    studies: tuple[PatientExam, ...] = ()


class RecordTaker:
    """Passes records to the orders, the master data or the studies, by record type."""

    def __init__(self, ports: OrderPorts, rules: tuple[OrderCodeRule, ...], clock: Clock) -> None:
        self._ports = ports
        self._rules = rules
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
        patient = named(self._ports.master_data.completed(patient_of(record)))
        request = request_of(record, patient, self._rules, self._clock.local())
        taken = self._ports.filed.order(order_record, request, reference_of(record))
        return RecordReply(order_record.record_type, taken)

    def _cancel(self, record: Record, order_record: OrderRecord) -> RecordReply:
        patient = patient_of(record)
        procedure = procedure_of(record, self._rules).description
        taken = self._ports.filed.cancel(order_record, patient, reference_of(record), procedure)
        return RecordReply(order_record.record_type, taken)

    def _keep_patient(self, record: Record, order_record: OrderRecord) -> RecordReply:
        patient = named(patient_of(record))
        return RecordReply(
            order_record.record_type, self._ports.master_data.keep(order_record, patient)
        )

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
