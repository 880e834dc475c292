"""Patients' master data: what the practice software sent (6301), and the answer to a 6300."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import OrderError
from gdtbridge.gdt import GdtWriteError
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Drop, Outcome, Taken
from gdtbridge.outbox import Message, Outbox
from gdtbridge.people import Patient
from gdtbridge.results.routing import RouteFacts, Routing

log = logging.getLogger(__name__)

_STEM: Final = "stammdaten-{token}-{position}"


class MasterData:
    """Keeps patients and answers for them."""

    def __init__(self, database: Database, outbox: Outbox, routing: Routing, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._routing = routing
        self._clock = clock

    def keep(self, drop: Drop, patient: Patient) -> Taken:
        """Remember what a record says of a patient, instead of what was known before."""
        now = self._clock.utc()
        with self._database.write() as connection:
            known = order_store.noted(connection, drop)
            if known is not None:
                return known
            order_store.keep_patient(connection, patient, now)
            return order_store.note(connection, drop, Taken(Outcome.STORED), now)

    def completed(self, patient: Patient) -> Patient:
        """Return the patient with the master data a record leaves out."""
        with self._database.read() as connection:
            known = order_store.find_patient(connection, patient.id)
        if known is None:
            return patient
        if patient.family_name in {"", known.family_name} and not patient.given_name:
            patient = replace(patient, family_name=known.family_name, given_name=known.given_name)
        return replace(
            patient,
            birth_date=patient.birth_date or known.birth_date,
            sex=patient.sex or known.sex,
        )

    def answer(self, drop: Drop, patient_id: str) -> Taken:
        """Send whoever asks the master data of a patient; raise `OrderError` if there are none."""
        with self._database.read() as connection:
            patient = order_store.find_patient(connection, patient_id)
        if patient is None:
            raise OrderError(
                "patient_id",
                "Zu dieser Nummer sind keine Stammdaten bekannt. / No master data are known for "
                "this number.",
            )
        target = self._routing.find(RouteFacts(route=drop.route, ordered_by=drop.sender))
        try:
            payload = target.records.master_data(patient)
        except GdtWriteError as error:
            raise OrderError("patient_id", str(error)) from error
        key = _STEM.format(token=drop.token, position=drop.position)
        message = Message(
            kind="gdt",
            destination=target.destination,
            key=key,
            name=target.names.other(key, self._clock.local()),
            payload=payload,
        )
        with self._database.write() as connection:
            known = order_store.noted(connection, drop)
            if known is None:
                self._outbox.put(connection, message)
                known = order_store.note(
                    connection, drop, Taken(Outcome.ANSWERED), self._clock.utc()
                )
        self._outbox.wake()
        return known
