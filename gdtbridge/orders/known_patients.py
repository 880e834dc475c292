"""Patients the practice knows: master data (6301), else whom orders under a number were for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gdtbridge.database import Database
from gdtbridge.orders import patient_store, store
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient


class PatientSource(StrEnum):
    """Who said who a patient is."""

    SOFTWARE = "software"
    """The practice software, by master data (6301)."""
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class KnownPatient:
    """A patient, who said so, and when (UTC seconds)."""

    patient: Patient
    source: PatientSource
    told_at: float


class KnownPatients:
    """Finds whom the practice knows. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def owner(self, number: str) -> KnownPatient | None:
        """Return whose a patient number is; None where nobody said."""
        if not number:
            return None
        with self._database.read() as connection:
            kept = patient_store.find_patient(connection, number)
            told_at = patient_store.patient_told_at(connection, number)
            orders = [] if kept is not None else store.orders_of(connection, number)
        if kept is not None:
            return KnownPatient(kept, PatientSource.SOFTWARE, told_at or 0.0)
        if orders:
            return KnownPatient(orders[0].patient, PatientSource.ORDER, orders[0].ordered_at)
        return None

    def waiting(self, number: str) -> list[Order]:
        """Return the open orders under a number, the newest first."""
        if not number:
            return []
        with self._database.read() as connection:
            return [one for one in store.orders_of(connection, number) if one.is_open]
