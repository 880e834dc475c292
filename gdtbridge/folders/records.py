"""One record of an order file, one call of the orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.durable import Clock
from gdtbridge.errors import AnotherPerson, NeedsConfirmation, OrderError
from gdtbridge.exams import PatientExam, query_of
from gdtbridge.folders.details import details_in
from gdtbridge.folders.ports import OrderPorts
from gdtbridge.folders.procedures import RequestedProcedure, procedures_of
from gdtbridge.folders.requests import (
    former_number_of,
    named,
    notes_of,
    patient_of,
    reference_of,
    remarks_of,
    request_of,
    scheduled_of,
    sentence,
)
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import OrderRecord, OrderRequest, RecordOutcome, TakenRecord
from gdtbridge.people import Patient
from gdtbridge.settings import Settings

ANOTHER_PERSONS: Final = (
    "Diese frühere Nummer gehört nach allem, was bekannt ist, einer anderen Person. Ist es doch "
    "dieselbe: gdtbridge patients renumber FRÜHERE NEUE --confirm, dann den Satz noch einmal senden"
    ". / By all that is known this former number is another person's. If it is the same person all "
    "the same: gdtbridge patients renumber OLD NEW --confirm, then send the record again."
)


OrderPart = tuple[OrderRecord, OrderRequest, OrderReference]
"""A record, or one of the entries it makes, with what is asked for and how that is named."""


@dataclass(frozen=True, slots=True)
class RecordReply:
    """What became of one GDT record.

    ``studies`` are the exams that a 6311 asked for, ``further`` what became of further entries an
    order makes, ``notes`` what is told beside the filed record and needs nobody.
    """

    record_type: str
    taken: TakenRecord
    studies: tuple[PatientExam, ...] = ()
    further: tuple[TakenRecord, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def all_taken(self) -> tuple[TakenRecord, ...]:
        """What became of each entry."""
        return (self.taken, *self.further)


class RecordTaker:
    """Passes records to the orders, the master data or the studies, by record type."""

    def __init__(self, ports: OrderPorts, settings: Settings, clock: Clock) -> None:
        self._ports = ports
        self._rules = settings.orders.map
        self._each = settings.orders.entries == "each"
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
        said, now = patient_of(record), self._clock.local()
        reference = reference_of(record, self._echo)
        procedures = procedures_of(record, self._rules, each=self._each)
        scheduled = scheduled_of(record, now)
        details, further = details_in(record)

        def parts(patient: Patient) -> Iterator[OrderPart]:
            for number, one in enumerate(procedures):
                part = order_record.part(number, of=len(procedures))
                yield (
                    part,
                    request_of(named(patient), one, scheduled, details),
                    one.named_in(reference),
                )

        former = self._former_number(record, order_record)
        if former or len(procedures) > 1:  # all of it is placed, or nothing
            known_as = self._as_known(said, former) if former else self._completed(said)
            for part in parts(known_as):
                self._ports.filed.check(*part)
        if former:
            self._move(former, said, order_record)
        remarks = remarks_of(record, scheduled, now)
        taken = [self._ports.filed.order(*part, remarks) for part in parts(self._completed(said))]
        notes = (*notes_of(record, procedures), *further)
        return RecordReply(
            order_record.record_type, taken[0], further=tuple(taken[1:]), notes=notes
        )

    def _completed(self, patient: Patient) -> Patient:
        return self._ports.master_data.completed(patient)

    def _as_known(self, said: Patient, former: str) -> Patient:
        """Return a record's patient with what is known of the number, else of the former one."""
        completed = self._ports.master_data.completed
        return replace(completed(replace(completed(said), id=former)), id=said.id)

    def _cancel(self, record: Record, order_record: OrderRecord) -> RecordReply:
        patient, reference = patient_of(record), reference_of(record)
        procedures = procedures_of(record, self._rules, each=self._each)

        def cancelled(number: int, one: RequestedProcedure) -> TakenRecord:
            part = order_record.part(number, of=len(procedures))
            named_so = one.named_in(reference)
            return self._ports.filed.cancel(part, patient, named_so, one.description)

        taken = [cancelled(number, one) for number, one in enumerate(procedures)]
        return RecordReply(order_record.record_type, taken[0], further=tuple(taken[1:]))

    def _keep_patient(self, record: Record, order_record: OrderRecord) -> RecordReply:
        patient = named(patient_of(record))
        if order_record.is_order:
            reply = self._order(record, order_record)
            self._ports.master_data.keep(order_record.master_data, patient)
            return reply
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
