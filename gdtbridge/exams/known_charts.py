"""Whom the practice knows under a patient number; never what a device said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gdtbridge.database import Connection
from gdtbridge.exams import result_store
from gdtbridge.orders import patient_store
from gdtbridge.orders import store as order_store
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient


def known_charts(connection: Connection, numbers: Iterable[str]) -> Iterator[Patient]:
    """Yield whom the practice knows under numbers, each under the number the chart has now.

    That is by master data, else by the newest order, else by the newest result.
    """
    wanted = list(dict.fromkeys(filter(None, numbers)))
    moves = moves_of(connection, wanted)
    charts = {number: moves.all_of(number) for number in wanted}
    kept = patient_store.kept_patients(
        connection, [one for every in charts.values() for one in every]
    )
    for number, every in charts.items():
        for told in (lambda *_: kept, _ordered, _in_results):
            known = told(connection, every)
            found = next((known[one] for one in every if one in known), None)
            if found is not None:
                yield replace(found, id=moves.now(number))
                break


def _ordered(connection: Connection, numbers: Sequence[str]) -> dict[str, Patient]:
    orders = order_store.orders_under(connection, numbers)
    return {one.patient.id: one.patient for one in reversed(orders)}


def _in_results(connection: Connection, numbers: Sequence[str]) -> dict[str, Patient]:
    return result_store.earlier_patients(connection, 0, numbers)
