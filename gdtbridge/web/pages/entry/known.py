"""``/eintrag/patienten``: patients the practice knows, while somebody types a name or a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from flask import Response, request

from gdtbridge.day.search import SearchPage
from gdtbridge.orders.known_patients import KnownPatient, PatientSource
from gdtbridge.people import Patient
from gdtbridge.web.pages.entry.fields import FormFields
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.ports import CorePorts

PATH: Final = "/eintrag/patienten"
MOST: Final = 8
LONGEST: Final = 100
TAKEN: Final = ("family_name", "given_name", "birth_date", "patient_id", "sex")
"""The fields of the form a known patient fills."""


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """A patient that was found: who, what fills the form, and what is known beside."""

    patient: Patient
    last: str = ""
    """Day and procedure of the newest appointment or exam; empty where there is none."""
    told: KnownPatient | None = None
    """Who says so: the practice software; None where it never did."""

    @property
    def values(self) -> dict[str, str]:
        """Value by field of the form."""
        fields = FormFields.of_patient(self.patient)
        return {name: getattr(fields, name) for name in TAKEN}


@dataclass(frozen=True, slots=True)
class PatientHits:
    """Shows which known patients fit what is being typed; a part of a page, without a frame."""

    frame: Frame
    core: CorePorts

    def show(self) -> Response:
        """Return the patients for ``suche`` as options of a list."""
        found = self.core.search.suggestions(request.args.get("suche", "")[:LONGEST], MOST)
        hits = [self._with_master_data(one) for one in self._people(found)]
        return self.frame.part("entry/known.html", hits=hits)

    def _people(self, found: SearchPage) -> Iterator[FoundPatient]:
        """Yield each patient once, those who were here last first."""
        seen: set[str] = set()
        formats = self.frame.formats
        for line in found.lines:
            if line.patient.id and line.patient.id not in seen:
                seen.add(line.patient.id)
                last = " ".join(filter(None, (formats.day(line.at), line.procedure)))
                yield FoundPatient(line.patient, last)
        for patient in found.patients:
            if patient.id not in seen:
                seen.add(patient.id)
                yield FoundPatient(patient)

    def _with_master_data(self, one: FoundPatient) -> FoundPatient:
        """Return a patient as the practice software describes the person, where it did."""
        known = self.core.patients.owner(one.patient.id)
        if known is None or known.source is not PatientSource.SOFTWARE:
            return one
        return replace(one, patient=known.patient, told=known)
