"""From a request to a checked entry of the worklist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from gdtbridge.dataset.values import new_uid
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import OrderError
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.read.name_flaws import name_flaw
from gdtbridge.gdt.read.record import gdt_warning
from gdtbridge.orders.details import DETAIL_FIELDS
from gdtbridge.orders.model import OrderRequest, WantedOrder
from gdtbridge.orders.ports import OrderAnswerPort
from gdtbridge.people import Patient
from gdtbridge.settings import ProcedureCodeRule, Settings
from worklist import (
    LONGEST_NAME,
    Entry,
    EntryDetails,
    EntryError,
    ProcedureCode,
    make_entry,
)

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


SHORTENED: Final = (
    f"Der Name hat mehr als {LONGEST_NAME} Zeichen und steht gekürzt auf der Arbeitsliste; im "
    f"Ergebnis steht er ganz. / The name has more than {LONGEST_NAME} characters and is shortened "
    "on the worklist; the result has all of it."
)
NO_BIRTH_DATE: Final = (
    "Dem Auftrag fehlt das Geburtsdatum (3103), das die Praxissoftware im Ergebnis verlangt. / The "
    "order lacks the birth date (3103), which the practice software demands in the result."
)


class EntryMaker:
    """Makes entries that can be listed, sent and answered; `OrderError` for all others."""

    def __init__(self, settings: Settings, answers: OrderAnswerPort, clock: Clock) -> None:
        self._defaults = settings.worklist
        self._institutions = {one.route: one.orders.institution for one in settings.exchanges}
        self._codes = settings.worklist.codes
        self._answers = answers
        self._clock = clock

    def make(
        self,
        wanted: WantedOrder,
        *,
        accession_number: str = _NO_NUMBER,
        study_uid: str = "",
        created: datetime | None = None,
    ) -> Entry:
        """Return the entry that is asked for: a new one, unless its identifiers are given.

        Raises `OrderError` for a wrong field, also when no GDT record of it could be written.
        """
        request, now = wanted.request, self._clock.local()
        patient = request.patient
        _check_names(patient)
        patient = patient.named_within(LONGEST_NAME)
        try:
            entry = make_entry(
                AccessionNumber=accession_number,
                StudyInstanceUID=study_uid or new_uid(),
                created=created or now.replace(microsecond=0),
                PatientID=patient.id,
                PatientName=patient.person_name,
                PatientBirthDate=patient.birth_date,
                PatientSex=patient.sex or "",
                Modality=request.modality or self._defaults.modality,
                ScheduledStationAETitle=request.station or self._defaults.station,
                RequestedProcedureDescription=request.procedure,
                ScheduledPerformingPhysicianName=request.physician,
                scheduled=request.scheduled or now,
                details=self._details(request, wanted.route),
            )
        except EntryError as error:
            raise OrderError(
                _FIELDS.get(error.field) or DETAIL_FIELDS.get(error.field, error.field),
                f"{error.problem} {error.remedy}",
            ) from error
        try:
            self._answers.must_be_writable(entry, wanted.reference, wanted.route)
        except GdtWriteError as error:
            raise OrderError("patient_id", str(error)) from error
        return entry

    def _details(self, request: OrderRequest, route: str) -> EntryDetails:
        """Return what a request says, with its route's institution and the practice's codes."""
        said = request.details
        institution = said.InstitutionName or self._institutions.get(route, "")
        fitting = [rule for rule in self._codes if _is_of(rule, request.procedure)]
        procedure, protocol = _code(fitting, "procedure"), _code(fitting, "protocol")
        if not (institution or procedure or protocol):
            return said
        return replace(
            said,
            InstitutionName=institution,
            procedure_code=said.procedure_code or procedure,
            protocol_code=said.protocol_code or protocol,
        )

    def remarks(self, wanted: WantedOrder, entry: Entry) -> tuple[str, ...]:
        """Return what a person should know of an order that makes an entry; mostly nothing."""
        patient = wanted.request.patient
        remarks = list(_flaws(patient)) if wanted.record is None else []  # of a record it was told
        if patient != patient.named_within(LONGEST_NAME):
            remarks.append(SHORTENED)
        if _no_birth_date(patient) and self._answers.needs_birth_date(
            entry, wanted.reference, wanted.route
        ):
            remarks.append(NO_BIRTH_DATE)
        return tuple(remarks)


def _is_of(rule: ProcedureCodeRule, procedure: str) -> bool:
    return fnmatchcase(procedure.strip().casefold(), rule.procedure.strip().casefold())


def _code(rules: Sequence[ProcedureCodeRule], kind: str) -> ProcedureCode | None:
    for rule in rules:
        if rule.kind in {"both", kind}:
            return ProcedureCode(rule.code, rule.scheme, rule.meaning or rule.code)
    return None


def _flaws(patient: Patient) -> Iterator[str]:
    """Yield what looks odd in the names."""
    for field, name in (("Nachname", patient.family_name), ("Vorname", patient.given_name)):
        flaw = name_flaw(name)
        if flaw is not None:
            yield f"{field}: {gdt_warning(flaw).message}"


def _no_birth_date(patient: Patient) -> bool:
    return patient.birth_date is None and not patient.partial_birth_date


def _check_names(patient: Patient) -> None:
    """Refuse names that would not stay the name of one person (PS3.5 6.2, VR PN)."""
    if not patient.family_name.strip():
        raise OrderError("family_name", "Der Nachname fehlt. / The family name is missing.")
    for field in ("family_name", "given_name"):
        if set("^=") & set(getattr(patient, field)):
            raise OrderError(field, "^ und = sind nicht erlaubt. / ^ and = are not allowed.")
