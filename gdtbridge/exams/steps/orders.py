"""The orders a performed procedure step is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gdtbridge.database import Connection
from gdtbridge.exams.steps import store
from gdtbridge.exams.steps.model import PerformedStep, ScheduledStep
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import are_two
from worklist import canonical_number


def orders_of(connection: Connection, step: PerformedStep) -> list[Order]:
    """Return the orders a step is for: by study and number, and for its patient alone."""
    found = _reached(connection, step, store.scheduled_as(connection, [step.id]))
    return list({order.id: order for order in found}.values())


def _reached(
    connection: Connection, step: PerformedStep, scheduled: Iterable[ScheduledStep]
) -> list[Order]:
    number = moves_of(connection, [step.patient_id]).now(step.patient_id)
    patient = replace(step.patient, id=number)
    found: list[Order] = []
    for one in scheduled:
        study, typed = one.study_instance_uid, canonical_number(one.accession_number)
        reached = [
            order_store.order_of_study(connection, study) if study else None,
            order_store.order_by_number(connection, one.accession_number),
            order_store.order_by_number(connection, typed) if typed and number else None,
        ]
        found += [
            order
            for order in reached
            if order is not None
            and number in {"", order.patient.id}
            and not are_two(patient, order.patient)
        ]
    return found
