"""From what somebody wants done to an entry of the worklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gdtbridge.dataset.uid import new_uid
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import OrderError
from gdtbridge.gdt import GdtWriteError, OrderReference
from gdtbridge.orders.model import OrderRequest
from gdtbridge.people import Patient
from gdtbridge.results.routing import Routing
from gdtbridge.settings import WorklistSettings
from worklist import Entry, EntryError, make_entry

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

_NO_NUMBER: Final = "R0"
"""Stands for the accession number of an entry that is only tried."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one order from another; never changes."""

    AccessionNumber: str
    StudyInstanceUID: str
    created: datetime | None


class EntryMaker:
    """Makes entries that can be listed, sent and answered; `OrderError` for all others."""

    def __init__(self, defaults: WorklistSettings, routing: Routing, clock: Clock) -> None:
        self._defaults = defaults
        self._routing = routing
        self._clock = clock

    def blank(self, accession_number: str = _NO_NUMBER) -> Identity:
        """Return the identity of a new order."""
        return Identity(accession_number, new_uid(), self._clock.local().replace(microsecond=0))

    def make(self, request: OrderRequest, identity: Identity) -> Entry:
        """Return the entry ``request`` asks for."""
        _check_names(request)
        try:
            return make_entry(
                AccessionNumber=identity.AccessionNumber,
                StudyInstanceUID=identity.StudyInstanceUID,
                created=identity.created,
                PatientID=request.patient_id,
                PatientName=Patient("", request.family_name, request.given_name).person_name,
                PatientBirthDate=request.birth_date,
                PatientSex=request.sex,
                Modality=request.modality or self._defaults.modality,
                ScheduledStationAETitle=request.station or self._defaults.station,
                RequestedProcedureDescription=request.procedure,
                ScheduledPerformingPhysicianName=request.physician,
                scheduled=request.scheduled or self._clock.local(),
            )
        except EntryError as error:
            raise OrderError(
                _FIELDS.get(error.field, error.field), f"{error.problem} {error.remedy}"
            ) from error

    def must_be_writable(
        self, entry: Entry, reference: OrderReference | None = None, route: str = ""
    ) -> None:
        """Refuse an order whose results could not be written in GDT where they would go."""
        try:
            self._routing.of_entry(entry, reference, route).records.answer(entry)
        except GdtWriteError as error:
            raise OrderError("patient_id", str(error)) from error


def _check_names(request: OrderRequest) -> None:
    """Refuse names that would not stay the name of one person (PS3.5 6.2, VR PN)."""
    if not request.family_name.strip():
        raise OrderError("family_name", "Der Nachname fehlt. / The family name is missing.")
    for field in ("family_name", "given_name"):
        if set("^=") & set(getattr(request, field)):
            raise OrderError(field, "^ und = sind nicht erlaubt. / ^ and = are not allowed.")
