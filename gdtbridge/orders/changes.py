"""Orders as they are entered and changed in the database.

Every call works inside the caller's transaction.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders.details import details_stored
from gdtbridge.orders.model import ListingMark, Order, OrderState
from gdtbridge.orders.names import forget_order, note_order
from gdtbridge.orders.patient_moves import move_open_orders, moves_of
from gdtbridge.orders.work_item_events import end_claim, note_state
from gdtbridge.schema import order_reference, placed_order, work_item, work_item_event
from gdtbridge.statement import InsertStatement, UpdateStatement
from worklist import StepStatus

_INSERT_ORDER: Final = InsertStatement(placed_order)
_UPDATE_ORDER: Final = UpdateStatement(placed_order, placed_order.c.id == sa.bindparam("order_id"))


def insert_order(connection: Connection, order: Order) -> int:
    """Enter a new order; return its id."""
    order_id = _INSERT_ORDER.run(
        connection,
        accession_number=order.accession_number,
        study_instance_uid=order.study_instance_uid,
        state=order.state,
        ordered_at=order.ordered_at,
        **_said(order),
    )
    _note_names(connection, order_id, order)
    note_state(connection, order_id)
    return order_id


def change_order(connection: Connection, order: Order) -> None:
    """Write what an order says, and its mark; its numbers and its state stay."""
    _update(connection, order.id, **_said(order))
    if order.id:  # or the database does not know it
        _note_names(connection, order.id, order)


def _note_names(connection: Connection, order_id: int, order: Order) -> None:
    name = order.patient.person_name
    note_order(connection, order_id, name, order.procedure, order.accession_number)


def _said(order: Order) -> dict[str, object]:
    return {
        "patient_id": order.patient.id,
        "patient_name": order.patient.person_name,
        "patient_birth_date": order.patient.birth_date_da,
        "patient_sex": order.patient.sex or "",
        "modality": order.modality,
        "station": order.station,
        "procedure": order.procedure,
        "physician": order.physician,
        "scheduled": order.scheduled.isoformat() if order.scheduled else "",
        "created": order.created.isoformat() if order.created else "",
        "step_status": order.step_status,
        "details": details_stored(order.details),
        "listing": order.mark,
        "remarks": order.remarks,
    }


def set_order_state(connection: Connection, accession_number: str, state: OrderState) -> None:
    """Move an order to another state, in which nobody waits for images."""
    of_number = placed_order.c.accession_number == accession_number
    changed = sa.update(placed_order).where(of_number)
    connection.execute(changed.values(state=state, images_due_at=None))
    note_state(connection, accession_number)


def set_step_status(connection: Connection, accession_number: str, status: StepStatus) -> None:
    """Let the worklist say of an open order how far it is; `OrderBook.follow_marked` writes it.

    An entry that somebody removed does not come back by that, and a claim of before is over.
    """
    here = sa.and_(
        placed_order.c.accession_number == accession_number,
        placed_order.c.state == OrderState.ORDERED,
        placed_order.c.step_status != status,
    )
    mark = sa.func.coalesce(placed_order.c.listing, ListingMark.REPLACE.value)
    changed = sa.update(placed_order).where(here).values(step_status=status, listing=mark)
    if connection.execute(changed).rowcount:
        end_claim(connection, accession_number)
        note_state(connection, accession_number)


def finish_order(connection: Connection, order: Order, state: OrderState) -> None:
    """End an order whose exam is here; its entry leaves the worklist with the next clean-up."""
    if order.id:
        close_order(connection, order.id, state)


def reopen_order(connection: Connection, accession_number: str, patient_id: str) -> None:
    """Let an order of a patient wait for its exam again; its entry returns to the worklist.

    It bears the number the patient's chart has now.
    """
    moves = moves_of(connection, [patient_id])
    here = sa.and_(
        placed_order.c.accession_number == accession_number,
        placed_order.c.patient_id.in_(moves.all_of(patient_id)),
        placed_order.c.state == OrderState.DONE,
    )
    listing = sa.case((placed_order.c.scheduled != "", ListingMark.ADD.value))
    values = {
        "state": OrderState.ORDERED,
        "listing": listing,
        "step_status": StepStatus.SCHEDULED,
        "images_due_at": None,
    }
    if connection.execute(sa.update(placed_order).where(here).values(**values)).rowcount:
        note_state(connection, accession_number)
    move_open_orders(connection, moves)


def close_order(
    connection: Connection, order_id: int, state: OrderState, images_due_at: float | None = None
) -> None:
    """End an order, and mark that its entry has to leave the worklist.

    ``images_due_at``: see `Order`.
    """
    ended = {"state": state, "listing": ListingMark.REMOVE, "images_due_at": images_due_at}
    _update(connection, order_id, **ended)
    note_state(connection, order_id)


def accept_without_images(connection: Connection, study_instance_uid: str) -> int:
    """Let nobody be told any more that images of an order's study are missing; 1 where one was."""
    here = sa.and_(
        placed_order.c.study_instance_uid == study_instance_uid, placed_order.c.images_due_at > 0
    )
    return connection.execute(sa.update(placed_order).where(here).values(images_due_at=0)).rowcount


def restore_order(connection: Connection, order_id: int) -> None:
    """Let a cancelled order wait again, and mark that its entry has to return to the worklist."""
    _update(connection, order_id, state=OrderState.ORDERED, listing=ListingMark.ADD)
    note_state(connection, order_id)


def forget_step(connection: Connection, order_id: int) -> None:
    """Let nobody be shown as being examined where an order that is closed comes back."""
    _update(connection, order_id, step_status=StepStatus.SCHEDULED)


def forget_mark(
    connection: Connection, order_id: int, mark: ListingMark, **times: float | None
) -> None:
    """Note that the worklist folder has followed a mark, and since when: see `Order`.

    Another one that was set meanwhile stays: the folder has still to follow that.
    """
    followed = placed_order.c.listing == mark
    values = {"listing": sa.case((followed, sa.null()), else_=placed_order.c.listing), **times}
    here = placed_order.c.id == order_id
    connection.execute(sa.update(placed_order).where(here).values(**values))


def _update(connection: Connection, order_id: int, **values: object) -> None:
    _UPDATE_ORDER.run(connection, values, order_id=order_id)


def delete_order(connection: Connection, order_id: int) -> None:
    """Forget an order that was never listed and that no record names."""
    forget_order(connection, order_id)
    for beside in (work_item, work_item_event, order_reference):
        connection.execute(sa.delete(beside).where(beside.c.order_id == order_id))
    connection.execute(sa.delete(placed_order).where(placed_order.c.id == order_id))


def set_reference(
    connection: Connection, order_id: int, reference: OrderReference, route: str
) -> None:
    """Remember how the practice software names an order, and by which route it came.

    What it does not say any more stays, but for what belongs to what it does say: the name of its
    test, the field of its number.
    """
    values = {**asdict(reference), "route": route}
    here = order_reference.c.order_id == order_id
    if connection.execute(sa.select(order_reference).where(here)).first() is None:
        connection.execute(sa.insert(order_reference).values(order_id=order_id, **values))
        return
    always = {"number_field", "echo"} | ({"test_name"} if reference.test_id else set())
    said = {name: value for name, value in values.items() if value or name in always}
    connection.execute(sa.update(order_reference).where(here).values(**said))
