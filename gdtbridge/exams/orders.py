"""Orders: from a request to an entry on the worklist, and off it again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gdtbridge.config import Settings
from gdtbridge.database import Connection, Database
from gdtbridge.errors import NotFound, OrderError, ProcessingFailure
from gdtbridge.exams import store
from gdtbridge.exams.clock import Clock
from gdtbridge.exams.model import OrderRequest, OrderState, PlacedOrder
from gdtbridge.exams.records import Records
from gdtbridge.gdt import GdtWriteError
from gdtbridge.outbox import Message, Outbox
from worklist import (
    AccessionNumbers,
    Entry,
    EntryError,
    FolderError,
    WorklistFolder,
    is_stale,
    make_entry,
    new_study_uid,
)

log = logging.getLogger(__name__)

WORKLIST_ADDED: Final = "worklist_added"
DOUBLE_CLICK_SECONDS: Final = 60

_FIELDS: Final = {
    "PatientID": "patient_id",
    "PatientName": "family_name",
    "PatientBirthDate": "birth_date",
    "PatientSex": "sex",
    "Modality": "modality",
    "ScheduledStationAETitle": "station",
    "RequestedProcedureDescription": "procedure",
    "ScheduledPerformingPhysicianName": "physician",
    "scheduled": "scheduled",
}


@dataclass(frozen=True, slots=True)
class CleanUp:
    """How many entries left the worklist, and why."""

    expired: int
    arrived: int


@dataclass(frozen=True, slots=True)
class _Identity:
    """What tells one order from another; never changes."""

    AccessionNumber: str
    StudyInstanceUID: str
    created: datetime | None


class OrderDesk:
    """Places, changes and removes orders; one click counts once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        outbox: Outbox,
        worklist: WorklistFolder,
        records: Records,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._database = database
        self._outbox = outbox
        self._worklist = worklist
        self._records = records
        self._clock = clock
        with database.read() as connection:
            highest = store.highest_number(connection) or "0"
        floor = int("".join(c for c in highest if c.isdigit()) or 0)
        self._numbers = AccessionNumbers(worklist.path, floor=floor)

    def place(self, request: OrderRequest) -> PlacedOrder:
        """Put a patient on the worklist; return what is there already on a double click.

        Raises `OrderError` when a field is wrong, and then nothing is written.
        """
        draft = self._entry(request, self._blank())
        self._must_be_writable(draft)
        try:
            with self._worklist.lock():
                known = self._same_click(draft)
                if known is not None:
                    return PlacedOrder(self._corrected(known, request), repeated=True)
                number = self._numbers.next()
                entry = self._entry(request, replace(self._blank(), AccessionNumber=number))
                self._worklist.add(entry)
                self._remember(entry)
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error
        self._outbox.wake()
        log.info("order %s placed for station %s", number, entry.ScheduledStationAETitle)
        return PlacedOrder(entry, repeated=False)

    def _blank(self) -> _Identity:
        return _Identity("R0", new_study_uid(), self._clock.local().replace(microsecond=0))

    def _entry(self, request: OrderRequest, identity: _Identity) -> Entry:
        defaults = self._settings.worklist
        _check_names(request)
        try:
            return make_entry(
                AccessionNumber=identity.AccessionNumber,
                StudyInstanceUID=identity.StudyInstanceUID,
                created=identity.created,
                PatientID=request.patient_id,
                PatientName=f"{request.family_name}^{request.given_name}".rstrip("^"),
                PatientBirthDate=request.birth_date,
                PatientSex=request.sex,
                Modality=request.modality or defaults.modality,
                ScheduledStationAETitle=request.station or defaults.station,
                RequestedProcedureDescription=request.procedure,
                ScheduledPerformingPhysicianName=request.physician,
                scheduled=request.scheduled or self._clock.local(),
            )
        except EntryError as error:
            raise OrderError(
                _FIELDS.get(error.field, error.field), f"{error.problem} {error.remedy}"
            ) from error

    def _must_be_writable(self, entry: Entry) -> None:
        try:
            self._records.answer(entry)
        except GdtWriteError as error:
            raise OrderError("patient_id", str(error)) from error

    def _same_click(self, draft: Entry) -> Entry | None:
        since = self._clock.utc() - DOUBLE_CLICK_SECONDS
        with self._database.read() as connection:
            numbers = store.orders_since(connection, draft, since)
        found = (self._worklist.get(number) for number in numbers)
        return next((entry for entry in found if entry is not None), None)

    def _remember(self, entry: Entry) -> None:
        try:
            with self._database.write() as connection:
                store.insert_order(connection, entry, self._clock.utc())
                self._announce(connection, entry)
        except BaseException:
            self._worklist.remove(entry.AccessionNumber)
            raise

    def _announce(self, connection: Connection, entry: Entry) -> None:
        if self._settings.webhooks.worklist_added:
            self._outbox.put(
                connection,
                Message(
                    kind="webhook",
                    destination=WORKLIST_ADDED,
                    key=entry.AccessionNumber,
                    name=WORKLIST_ADDED,
                    payload=b"",
                ),
            )

    def get(self, accession_number: str) -> Entry:
        """Return an entry of the worklist; raise `NotFound`."""
        entry = self._worklist.get(accession_number)
        if entry is None:
            raise NotFound(
                "Kein Eintrag mit dieser Auftragsnummer. / No entry with this accession number."
            )
        return entry

    def all(self) -> tuple[Entry, ...]:
        """Return everything on the worklist."""
        return self._worklist.entries()

    def change(self, accession_number: str, request: OrderRequest) -> Entry:
        """Replace what an entry says; its accession number and Study Instance UID stay."""
        try:
            with self._worklist.lock():
                return self._corrected(self.get(accession_number), request)
        except FolderError as error:
            raise ProcessingFailure(str(error)) from error

    def _corrected(self, old: Entry, request: OrderRequest) -> Entry:
        """Return the entry as ``request`` wants it, written when that differs."""
        request = replace(request, scheduled=request.scheduled or old.scheduled)
        identity = _Identity(old.AccessionNumber, old.StudyInstanceUID, old.created)
        entry = self._entry(request, identity)
        if entry == old:
            return old
        self._must_be_writable(entry)
        self._worklist.replace(entry)
        with self._database.write() as connection:
            store.change_order(connection, entry)
        return entry

    def cancel(self, accession_number: str) -> None:
        """Take an entry off the worklist; raise `NotFound`."""
        with self._worklist.lock():
            self._remove(self.get(accession_number), OrderState.CANCELLED)

    def _remove(self, entry: Entry, state: OrderState) -> None:
        self._worklist.remove(entry.AccessionNumber, study_uid=entry.StudyInstanceUID)
        with self._database.write() as connection:
            store.set_order_state(connection, entry.AccessionNumber, state)

    def clean(self) -> CleanUp:
        """Remove our entries whose day is over or whose study is here."""
        arrived = expired = 0
        min_age = timedelta(hours=self._settings.worklist.min_age_hours)
        for entry in self._worklist.entries():
            with self._database.read() as connection:
                here = store.has_arrived(connection, entry)
            if here:
                self._remove(entry, OrderState.DONE)
                arrived += 1
            elif is_stale(entry, self._clock.local(), min_age=min_age):
                self._remove(entry, OrderState.EXPIRED)
                expired += 1
        if arrived or expired:
            log.info("worklist cleaned: %d studies arrived, %d entries expired", arrived, expired)
        return CleanUp(expired=expired, arrived=arrived)


def _check_names(request: OrderRequest) -> None:
    """Refuse names that would not stay the name of one person (PS3.5 6.2, VR PN)."""
    if not request.family_name.strip():
        raise OrderError("family_name", "Der Nachname fehlt. / The family name is missing.")
    for field in ("family_name", "given_name"):
        if set("^=") & set(getattr(request, field)):
            raise OrderError(field, "^ und = sind nicht erlaubt. / ^ and = are not allowed.")
