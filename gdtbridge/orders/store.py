"""The practice software's own orders and patients in the database.

Every call works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import (
    Connection,
    exam,
    order_file,
    order_reference,
    patient,
    placed_order,
)
from gdtbridge.dataset.values import to_date
from gdtbridge.gdt import OrderReference
from gdtbridge.orders.model import CaseOrder, Drop, Order, OrderState, Outcome, Taken
from gdtbridge.people import Patient
from worklist import Entry

_REFERENCE: Final = [
    sa.func.coalesce(order_reference.c[field.name], "") for field in fields(OrderReference)
]
SAME_STUDY: Final = sa.or_(
    exam.c.study_instance_uid == placed_order.c.study_instance_uid,
    sa.and_(
        exam.c.accession_number == placed_order.c.accession_number,
        exam.c.patient_id == placed_order.c.patient_id,
    ),
)
_ORDER: Final = [
    placed_order.c.accession_number,
    placed_order.c.study_instance_uid,
    placed_order.c.patient_id,
    placed_order.c.procedure,
    placed_order.c.station,
    placed_order.c.patient_name,
    placed_order.c.patient_birth_date,
]
_NAMED: Final = [order_reference.c[field.name] for field in fields(OrderReference)]
_TAKEN: Final = (order_file.c.outcome, order_file.c.accession_number, order_file.c.reason)
_MOST: Final = 100
"""Orders of one patient that are looked through, the newest first."""


# ---------------------------------------------------------------------------- records of files


def note(connection: Connection, drop: Drop, taken: Taken, now: float) -> Taken:
    """Enter what became of a record, and return it."""
    connection.execute(
        sa.insert(order_file).values(
            token=drop.token,
            position=drop.position,
            sha256=drop.sha256,
            name=drop.name,
            record_type=drop.record_type,
            received_at=now,
            outcome=taken.outcome.value,
            accession_number=taken.accession_number,
            reason=taken.reason,
        )
    )
    return taken


def noted(connection: Connection, drop: Drop) -> Taken | None:
    """Return what became of a record that was taken before."""
    query = sa.select(*_TAKEN).where(
        order_file.c.token == drop.token, order_file.c.position == drop.position
    )
    row = connection.execute(query).one_or_none()
    return _taken(row) if row is not None else None


def taken_since(connection: Connection, name: str, since: float) -> list[Taken]:
    """Return what became of the records of the last file of that name, if it came since then."""
    last = (
        sa.select(order_file.c.token)
        .where(order_file.c.name == name, order_file.c.received_at >= since)
        .order_by(order_file.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(*_TAKEN).where(order_file.c.token == last).order_by(order_file.c.position)
    return [_taken(row) for row in connection.execute(query)]


def _taken(row: Sequence[Any]) -> Taken:
    return Taken(Outcome(row[0]), row[1], row[2])


# ---------------------------------------------------------------------------- orders


def orders_of(connection: Connection, patient_id: str) -> list[CaseOrder]:
    """Return a patient's orders, the newest first."""
    return _orders(connection, placed_order.c.patient_id == patient_id)


def order_numbered(connection: Connection, accession_number: str) -> CaseOrder | None:
    """Return the order with that accession number."""
    found = _orders(connection, placed_order.c.accession_number == accession_number)
    return found[0] if found else None


def repeated_order(connection: Connection, sha256: str, since: float) -> str | None:
    """Return the accession number of the order the same bytes made since then and nobody undid."""
    query = (
        sa.select(placed_order.c.accession_number)
        .join(order_file, order_file.c.accession_number == placed_order.c.accession_number)
        .where(
            order_file.c.sha256 == sha256,
            order_file.c.received_at >= since,
            placed_order.c.state.in_((OrderState.ORDERED, OrderState.DONE)),
        )
        .order_by(placed_order.c.id.desc())
    )
    return connection.execute(query).scalars().first()


def _orders(connection: Connection, condition: sa.ColumnElement[bool]) -> list[CaseOrder]:
    query = (
        sa.select(
            placed_order.c.id,
            placed_order.c.accession_number,
            placed_order.c.study_instance_uid,
            placed_order.c.modality,
            placed_order.c.station,
            placed_order.c.procedure,
            placed_order.c.state,
            placed_order.c.ordered_at,
            sa.exists().where(SAME_STUDY),
            placed_order.c.patient_name,
            placed_order.c.patient_birth_date,
            *_REFERENCE,
        )
        .select_from(placed_order.outerjoin(order_reference))
        .where(condition)
        .order_by(placed_order.c.id.desc())
        .limit(_MOST)
    )
    return [_order(row) for row in connection.execute(query)]


def _order(row: Sequence[Any]) -> CaseOrder:
    number, accession, study, modality, station, procedure, state, ordered_at, *rest = row
    arrived, name, born, *named = rest
    return CaseOrder(
        id=number,
        accession_number=accession,
        study_instance_uid=study,
        modality=modality,
        station=station,
        procedure=procedure,
        state=OrderState(state),
        ordered_at=ordered_at,
        reference=OrderReference(*named),
        arrived=bool(arrived),
        patient_name=name,
        patient_birth_date=born,
    )


def set_reference(
    connection: Connection, order_id: int, reference: OrderReference, route: str
) -> None:
    """Remember how the practice software names an order, and by which route it came.

    What it does not say any more stays.
    """
    values = {**asdict(reference), "route": route}
    here = order_reference.c.order_id == order_id
    if connection.execute(sa.select(order_reference).where(here)).first() is None:
        connection.execute(sa.insert(order_reference).values(order_id=order_id, **values))
    elif said := {name: value for name, value in values.items() if value}:
        connection.execute(sa.update(order_reference).where(here).values(**said))


# ---------------------------------------------------------------------------- patients


def keep_patient(connection: Connection, known: Patient, now: float) -> None:
    """Remember a patient's master data instead of what was known before."""
    connection.execute(sa.delete(patient).where(patient.c.patient_id == known.id))
    connection.execute(
        sa.insert(patient).values(
            patient_id=known.id,
            family_name=known.family_name,
            given_name=known.given_name,
            birth_date=known.birth_date_da,
            sex=known.sex or "",
            received_at=now,
        )
    )


def find_patient(connection: Connection, patient_id: str) -> Patient | None:
    """Return a patient's master data."""
    query = sa.select(
        patient.c.family_name, patient.c.given_name, patient.c.birth_date, patient.c.sex
    ).where(patient.c.patient_id == patient_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    family, given, born, sex = row
    return Patient(patient_id, family, given, to_date(born), sex or None)


# ---------------------------------------------------------------------------- exams


def insert_order(connection: Connection, entry: Entry, ordered_at: float) -> int:
    """Remember an order beyond the life of its worklist entry; return its number of ours."""
    statement = (
        sa.insert(placed_order)
        .values(
            accession_number=entry.AccessionNumber,
            study_instance_uid=entry.StudyInstanceUID,
            state=OrderState.ORDERED,
            ordered_at=ordered_at,
            **_order_values(entry),
        )
        .returning(placed_order.c.id)
    )
    return int(connection.execute(statement).scalar_one())


def change_order(connection: Connection, entry: Entry) -> None:
    """Write what changed in an order; its numbers stay."""
    of_entry = placed_order.c.accession_number == entry.AccessionNumber
    connection.execute(sa.update(placed_order).where(of_entry).values(**_order_values(entry)))


def _order_values(entry: Entry) -> dict[str, object]:
    return {
        "patient_id": entry.PatientID,
        "patient_name": entry.PatientName,
        "patient_birth_date": entry.patient.birth_date_da,
        "patient_sex": entry.PatientSex,
        "modality": entry.Modality,
        "station": entry.ScheduledStationAETitle,
        "procedure": entry.RequestedProcedureDescription,
    }


def set_order_state(connection: Connection, accession_number: str, state: OrderState) -> None:
    """Move an order to another state."""
    of_number = placed_order.c.accession_number == accession_number
    connection.execute(sa.update(placed_order).where(of_number).values(state=state))


def orders_between(
    connection: Connection, entry: Entry, since: float, until: float
) -> Sequence[str]:
    """Return the numbers of open orders like ``entry`` (patient, procedure, station)."""
    query = sa.select(placed_order.c.accession_number).where(
        placed_order.c.ordered_at.between(since, until),
        placed_order.c.state == OrderState.ORDERED,
        placed_order.c.patient_id == entry.PatientID,
        placed_order.c.procedure == entry.RequestedProcedureDescription,
        placed_order.c.station == entry.ScheduledStationAETitle,
    )
    return connection.execute(query).scalars().all()


def has_arrived(connection: Connection, entry: Entry) -> bool:
    """Return whether the study of a worklist entry is here, by UID or by number and patient."""
    same_order = sa.and_(
        exam.c.accession_number == entry.AccessionNumber, exam.c.patient_id == entry.PatientID
    )
    same = exam.c.study_instance_uid == entry.StudyInstanceUID
    return (
        connection.execute(sa.select(exam.c.id).where(sa.or_(same, same_order))).first() is not None
    )


def order_of_study(connection: Connection, study_instance_uid: str) -> Order | None:
    """Return the order that gave the study its UID."""
    return _placed(connection, placed_order.c.study_instance_uid == study_instance_uid)


def order_by_number(connection: Connection, accession_number: str) -> Order | None:
    """Return the order with that accession number."""
    return _placed(connection, placed_order.c.accession_number == accession_number)


def _placed(connection: Connection, condition: sa.ColumnElement[bool]) -> Order | None:
    query = (
        sa.select(*_ORDER, order_reference.c.route, *_NAMED)
        .outerjoin(order_reference)
        .where(condition)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    number, study, patient_id, procedure, station, name, born, route, *named = row
    reference = OrderReference(*named) if named[0] is not None else None
    return Order(number, study, patient_id, procedure, station, reference, route or "", name, born)


def highest_number(connection: Connection) -> str | None:
    """Return the highest accession number we ever gave away."""
    return connection.execute(sa.select(sa.func.max(placed_order.c.accession_number))).scalar()
