"""What a wanted order would be: for whom, which known order it means, its entry.

Nothing is written here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import OrderError
from gdtbridge.orders import patient_store, store
from gdtbridge.orders.cases import KnownOrders
from gdtbridge.orders.cases import decide as decide_case
from gdtbridge.orders.details import completed_details
from gdtbridge.orders.entries import EntryMaker
from gdtbridge.orders.model import Order, RecordOutcome, WantedOrder
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.orders.ports import OrderAnswerPort
from gdtbridge.people import are_two
from gdtbridge.settings import Settings
from worklist import Entry, WorklistFolder

MOVED_TO_ANOTHER: Final = (
    "Die Akte dieser Nummer ist umgezogen, und die neue Nummer gehört einer anderen Person. War der"
    " Umzug ein Irrtum, hilft gdtbridge patients renumber NEU ALT. / The chart of this number has "
    "moved, and the new number is another person's; if the move was a mistake, take it back by "
    "gdtbridge patients renumber NEW OLD."
)
STUDY_TAKEN: Final = (
    "Diese Studie ist schon beauftragt oder schon da. / This study has been ordered already, or is "
    "here."
)


def completed(wanted: WantedOrder, known: Order) -> WantedOrder:
    """Return what is wanted with the details of the known order it does not say anything of."""
    details = completed_details(wanted.request.details, known.details)
    return replace(wanted, request=replace(wanted.request, details=details))


class OrderDrafts:
    """Drafts orders from what is wanted and known. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        worklist: WorklistFolder,
        answers: OrderAnswerPort,
        clock: Clock,
    ) -> None:
        self._repeat_seconds = settings.orders.repeat_minutes * 60.0
        self._database = database
        self._worklist = worklist
        self._clock = clock
        self._entries = EntryMaker(settings, answers, clock)

    def drafted(self, wanted: WantedOrder) -> tuple[WantedOrder, Entry]:
        """Return what is wanted, with what looks odd in it, and the entry a new order would get."""
        wanted = self._followed(wanted)
        draft = self._entries.make(wanted, study_uid=wanted.study_instance_uid)
        remarks = (*wanted.remarks, *self._entries.remarks(wanted, draft))
        return replace(wanted, remarks=remarks), draft

    def _followed(self, wanted: WantedOrder) -> WantedOrder:
        """Return what is wanted for the number the patient's chart has now.

        Raises `OrderError` where that is another person's: then the former number lives again.
        """
        patient = wanted.request.patient
        with self._database.read() as connection:
            number = moves_of(connection, [patient.id]).now(patient.id)
            if number == patient.id:
                return wanted
            known = [order.patient for order in store.orders_of(connection, number)]
            known += [
                one for one in [patient_store.find_patient(connection, number)] if one is not None
            ]
        if any(are_two(patient, one) for one in known):
            raise OrderError("patient_id", MOVED_TO_ANOTHER)
        moved = replace(patient, id=number)
        return replace(wanted, request=replace(wanted.request, patient=moved))

    def decide(self, wanted: WantedOrder, draft: Entry) -> tuple[RecordOutcome, Order | None]:
        """Return what is to be done, with which known order (`cases`); None: with a new one."""
        now, record = self._clock.utc(), wanted.record
        since = now - self._repeat_seconds
        with self._database.read() as connection:
            orders = store.orders_of(connection, draft.PatientID)
            same = store.order_of_bytes(connection, record.sha256, since) if record else None
        listed = {one.id for one in orders if one.is_open and self.listed(one) is not None}
        return decide_case(wanted, draft, KnownOrders(orders, listed, same), now, since)

    def listed(self, order: Order) -> Entry | None:
        """Return the entry of an order, where it stands on the worklist."""
        return self._worklist.by_study_uid(order.study_instance_uid)

    def must_be_free(self, study_instance_uid: str) -> None:
        """Raise `OrderError` for the UID of a study that somebody has ordered, or that is here."""
        if not study_instance_uid:
            return
        with self._database.read() as connection:
            if store.is_study_known(connection, study_instance_uid):
                raise OrderError("study_instance_uid", STUDY_TAKEN)

    def corrected(self, wanted: WantedOrder, order: Order, listed: Entry | None) -> Entry:
        """Return the entry of a known order that says what is wanted, ``listed`` until now."""
        request = replace(wanted.request, scheduled=self._time_of(wanted, listed))
        entry = self._entries.make(
            replace(wanted, request=request),
            accession_number=order.accession_number,
            study_uid=order.study_instance_uid,
            created=listed.created if listed is not None else None,
        )
        return replace(entry, ScheduledProcedureStepStatus=order.step_status)

    def _time_of(self, wanted: WantedOrder, listed: Entry | None) -> datetime | None:
        """Return the scheduled time: as asked, else as listed; None means now.

        A record moves an entry whose day is over to today.
        """
        asked = wanted.request.scheduled
        if asked is not None or listed is None:
            return asked
        over = listed.scheduled.date() < self._clock.local().date()
        return None if over and wanted.record is not None else listed.scheduled
