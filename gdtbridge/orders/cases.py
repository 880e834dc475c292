"""Which order a request or a cancellation means: pure rules over a patient's orders."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from gdtbridge.errors import OrderError
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders.model import Order, OrderState, RecordOutcome, WantedOrder
from gdtbridge.people import Patient, are_two
from worklist import Entry

DOUBLE_CLICK_SECONDS: Final = 60
NAMELESS: Final = OrderReference()


@dataclass(frozen=True, slots=True)
class KnownOrders:
    """What the database and the worklist know when an order is asked for."""

    orders: Sequence[Order]
    """The orders under the patient's number, the newest first."""
    listed: AbstractSet[int]
    """Ids of the open ones whose entry stands on the worklist."""
    of_same_bytes: Order | None
    """The order the same bytes made lately."""


def decide(
    wanted: WantedOrder, draft: Entry, known: KnownOrders, now: float, since: float
) -> tuple[RecordOutcome, Order | None]:
    """Return what is to be done, and with which known order: PLACED (a new one) with none.

    A second click and a further record of a case correct the order they mean (UPDATED); the same
    bytes do nothing (REPEATED). ``draft`` is the entry a new order would get. Times are UTC; a
    record means an order that is not listed only if that was placed after ``since``.
    """
    waiting = [one for one in of_person(known.orders, draft.patient) if one.is_open]
    listed = [one for one in waiting if one.id in known.listed]
    if wanted.record is None:
        meant = [one for one in listed if not _has_another_number(one, wanted.reference)]
        same = _numbered(waiting, wanted.reference) or same_click(meant, draft, now)
    else:
        recent = [one for one in waiting if one.ordered_at >= since or one in listed]
        awaited = [one for one in recent if not one.arrived]
        of_part = [one for one in awaited if _is_part(one, wanted)]
        same = same_case(of_part, draft, wanted.reference, now)
    if same is not None:
        return RecordOutcome.UPDATED, same
    if known.of_same_bytes is not None:
        return RecordOutcome.REPEATED, known.of_same_bytes
    return RecordOutcome.PLACED, None


def _has_another_number(order: Order, said: OrderReference) -> bool:
    """Return whether the practice software's own numbers tell that two orders are meant."""
    return (
        bool(order.reference.case_id and said.case_id) and order.reference.case_id != said.case_id
    )


def _numbered(orders: Sequence[Order], said: OrderReference) -> Order | None:
    """Return the order with the practice software's own number, where one is said."""
    return next(
        (one for one in orders if said.case_id and one.reference.case_id == said.case_id), None
    )


def _is_part(order: Order, wanted: WantedOrder) -> bool:
    """Return whether an order may be meant: of several entries of a record by its codes alone."""
    known, said = order.reference, wanted.reference
    several = wanted.record is not None and wanted.record.is_part
    return not several or (known.device_code, known.test_id) == (said.device_code, said.test_id)


def of_person(orders: Sequence[Order], patient: Patient) -> list[Order]:
    """Return those of a patient number's orders that are not clearly for somebody else.

    A number may have been mistyped, or belong to two patients of two practice softwares.
    """
    return [order for order in orders if not are_two(patient, order.patient)]


def same_click(listed: Sequence[Order], draft: Entry, now: float) -> Order | None:
    """Return the oldest order of the last minute for the same procedure at the same station."""
    wish = (draft.RequestedProcedureDescription, draft.ScheduledStationAETitle)
    same = (
        order
        for order in reversed(listed)
        if (order.procedure, order.station) == wish
        and abs(now - order.ordered_at) <= DOUBLE_CLICK_SECONDS
    )
    return next(same, None)


def same_case(
    orders: Sequence[Order], draft: Entry, reference: OrderReference, now: float
) -> Order | None:
    """Return which of a patient's open orders a record repeats or corrects.

    Order numbers (8310) decide where both have one. Otherwise everything that tells what shall be
    done must be the same; an order no record ever named (a click) is only meant for a minute.
    """
    wish = (draft.Modality, draft.ScheduledStationAETitle, draft.RequestedProcedureDescription)
    for order in orders:
        known = order.reference
        if known.case_id and reference.case_id:
            if known.case_id == reference.case_id:
                return order
            continue
        if (order.modality, order.station, order.procedure) != wish:
            continue
        codes = (known.device_code, known.test_id) == (reference.device_code, reference.test_id)
        clicked = known == NAMELESS and abs(now - order.ordered_at) <= DOUBLE_CLICK_SECONDS
        if codes or clicked:
            return order
    return None


def meant_orders(
    orders: Sequence[Order], reference: OrderReference, procedure: str
) -> Sequence[Order]:
    """Return the orders of a patient that a cancellation means: mostly one.

    A case whose record made several entries is cancelled as a whole by its number (8310) alone.
    Raises `OrderError` as `meant_order` does.
    """
    if reference.case_id and not (reference.device_code or reference.test_id):
        same = [order for order in orders if order.reference.case_id == reference.case_id]
        waiting = [order for order in same if order.is_open]
        if len(waiting) > 1 and not any(order.arrived for order in waiting):
            return waiting
    return [meant_order(orders, reference, procedure)]


def meant_order(orders: Sequence[Order], reference: OrderReference, procedure: str) -> Order:
    """Return the one order of a patient that a cancellation means: open, or cancelled before.

    Raises `OrderError` when there is none or the choice is not certain.
    """
    candidates = _named_like(orders, reference)
    waiting = [order for order in candidates if order.is_open]
    if len(waiting) > 1 and procedure:
        waiting = [order for order in waiting if order.procedure == procedure] or waiting
    field = "case_id" if reference.case_id else "device_code"
    if len(waiting) > 1:
        raise OrderError(
            field,
            "Mehrere offene Aufträge passen; bitte den richtigen von Hand entfernen. / Several "
            "open orders fit; please remove the right one by hand.",
        )
    if waiting and not waiting[0].arrived:
        return waiting[0]
    if waiting or any(order.state is OrderState.DONE for order in candidates[:1]):
        raise OrderError(
            field,
            "Die Untersuchung ist schon da und kann nicht mehr storniert werden. / The exam is "
            "here already and cannot be cancelled any more.",
        )
    if candidates and candidates[0].state is OrderState.CANCELLED:
        return candidates[0]
    raise OrderError(
        field,
        "Zu diesem Patienten ist kein solcher Auftrag offen. / No such order is open for this "
        "patient.",
    )


def _named_like(orders: Sequence[Order], reference: OrderReference) -> Sequence[Order]:
    """Return the orders a cancellation may mean: by order number, else by what codes it names."""
    if reference.case_id:
        same = [order for order in orders if order.reference.case_id == reference.case_id]
        if same:
            return same
        orders = [order for order in orders if not order.reference.case_id]
    return [
        order
        for order in orders
        if reference.device_code in {"", order.reference.device_code}
        and reference.test_id in {"", order.reference.test_id}
    ]
