"""Orders as they are found in the database.

Every call works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders.details import stored_details
from gdtbridge.orders.model import ListingMark, Order, OrderState
from gdtbridge.orders.patient_moves import moved_since, moves_of
from gdtbridge.people import Patient
from gdtbridge.schema import (
    claim,
    exam,
    exam_result,
    moved_order,
    order_file,
    order_reference,
    placed_order,
    undone,
)
from gdtbridge.statement import Statement
from worklist import Entry

NOT_OF_PATIENT: Final = ("withdrawn", "wrong-entry")
"""Why claims are held (`HoldReason`) that are not what the order's patient waits for: a person had
the results taken back, or the device said that the wrong entry had been selected."""


def _arrived(
    study_uid: sa.ColumnElement[str] | str,
    accession_number: sa.ColumnElement[str] | str,
    patient_id: sa.ColumnElement[str] | str,
) -> sa.ColumnElement[bool]:
    """Return whether objects of an order are here: of its patient, by UID or accession number.

    Of a chart that moved the device may still have the number the order was placed for. What a
    person had withdrawn, or sent to another chart, is not here.
    """
    former = (
        sa.select(moved_order.c.former)
        .where(moved_order.c.study_instance_uid == study_uid)
        .correlate(placed_order)
    )
    of_patient = sa.or_(claim.c.patient_id == patient_id, claim.c.patient_id.in_(former))
    not_taken_away = sa.and_(
        claim.c.state != "fetched",  # ClaimState: what another archive has is not the device's
        claim.c.held_because.not_in(NOT_OF_PATIENT),
        sa.or_(claim.c.number == "", claim.c.number == patient_id, claim.c.number.in_(former)),
    )
    of_study = (
        sa.select(claim.c.id)
        .select_from(claim.join(exam))
        .where(
            exam.c.study_instance_uid == study_uid,
            sa.or_(claim.c.patient_id == "", of_patient),
            not_taken_away,
        )
    )
    of_number = sa.select(claim.c.id).where(
        claim.c.accession_number == accession_number, of_patient, not_taken_away
    )
    reported = sa.select(exam_result.c.id).where(
        exam_result.c.accession_number == accession_number, exam_result.c.withdrawn_at.is_(None)
    )
    return sa.or_(sa.exists(of_study), sa.exists(of_number), sa.exists(reported))


_NAMES: Final = [field.name for field in fields(OrderReference)]
_ORDER: Final = [
    *placed_order.c,
    _arrived(
        placed_order.c.study_instance_uid,
        placed_order.c.accession_number,
        placed_order.c.patient_id,
    ).label("arrived"),
    *(sa.func.coalesce(order_reference.c[name], "").label(name) for name in (*_NAMES, "route")),
]
_ROW: Final = [column.name for column in _ORDER]

_LATEST: Final = 2000
"""Orders that are looked through."""
_MOST: Final = 100
"""Orders of one patient that are looked through, the newest first."""


def _query(*conditions: sa.ColumnElement[bool], most: int | None = _MOST) -> sa.Select[Any]:
    """Return the query for the newest orders first; for all of them where ``most`` is None."""
    return (
        sa.select(*_ORDER)
        .select_from(placed_order.outerjoin(order_reference))
        .where(*conditions)
        .order_by(placed_order.c.id.desc())
        .limit(most)
    )


_NUMBERS: Final[sa.BindParameter[Any]] = sa.bindparam("numbers", expanding=True)
_OF_PATIENT: Final = Statement(_query(placed_order.c.patient_id.in_(_NUMBERS)))
_OF_STUDY: Final = Statement(_query(placed_order.c.study_instance_uid == sa.bindparam("study")))
_WITH_NUMBERS: Final = Statement(_query(placed_order.c.accession_number.in_(_NUMBERS), most=None))
_OPEN_BORN: Final = Statement(
    _query(
        placed_order.c.patient_birth_date.in_(sa.bindparam("births", expanding=True)),
        placed_order.c.state == OrderState.ORDERED,
    )
)
_WITH_NUMBER: Final = Statement(_query(placed_order.c.accession_number == sa.bindparam("number")))
_MARKED: Final = Statement(_query(placed_order.c.listing.is_not(None)))
_REMARKED: Final = Statement(
    _query(
        placed_order.c.state == OrderState.ORDERED,
        placed_order.c.ordered_at >= sa.bindparam("since"),
        placed_order.c.remarks != "",
    )
)
_IMAGES_DUE: Final = Statement(
    _query(
        placed_order.c.images_due_at > sa.bindparam("since"),
        placed_order.c.images_due_at <= sa.bindparam("until"),
    )
)
_OF_BYTES: Final = Statement(
    _query(
        placed_order.c.accession_number.in_(
            sa.select(order_file.c.accession_number).where(
                order_file.c.sha256 == sa.bindparam("sha256"),
                order_file.c.received_at >= sa.bindparam("since"),
            )
        ),
        placed_order.c.state.in_((OrderState.ORDERED, OrderState.DONE)),
    )
)
_RECENT: Final = Statement(
    _query(
        sa.or_(
            placed_order.c.ordered_at >= sa.bindparam("since"),
            placed_order.c.unlisted_at >= sa.bindparam("since"),
        ),
        most=_LATEST,
    )
)
_OF_DAY: Final = Statement(
    _query(
        placed_order.c.scheduled >= sa.bindparam("begin"),
        placed_order.c.scheduled < sa.bindparam("end"),
        most=_LATEST,
    )
)
_OPEN_BEFORE: Final = Statement(
    _query(
        undone,
        placed_order.c.state == OrderState.ORDERED,
        placed_order.c.scheduled != "",
        placed_order.c.scheduled < sa.bindparam("begin"),
    )
)
_OF_STUDIES: Final = Statement(
    _query(
        placed_order.c.study_instance_uid.in_(sa.bindparam("studies", expanding=True)), most=None
    )
)
_BY_IDS: Final = Statement(
    _query(placed_order.c.id.in_(sa.bindparam("ids", expanding=True)), most=None)
)

_CLOSED: Final = sa.and_(
    placed_order.c.patient_id.in_(_NUMBERS), placed_order.c.state != OrderState.ORDERED
)
_LAST_CLOSED: Final = Statement(
    _query(
        placed_order.c.id.in_(
            sa.select(sa.func.max(placed_order.c.id))
            .where(_CLOSED)
            .group_by(placed_order.c.patient_id)
        ),
        most=None,
    )
)


def orders_of(connection: Connection, patient_id: str) -> list[Order]:
    """Return a patient's orders under this number and those of the same chart, newest first."""
    return orders_under(connection, moves_of(connection, [patient_id]).all_of(patient_id))


def orders_under(connection: Connection, numbers: Sequence[str]) -> list[Order]:
    """Return the orders under the numbers of one chart, newest first."""
    return _found(connection, _OF_PATIENT, numbers=list(numbers))


def order_of_study(connection: Connection, study_instance_uid: str) -> Order | None:
    """Return the order that gave the study its UID."""
    found = _found(connection, _OF_STUDY, study=study_instance_uid)
    return found[0] if found else None


def is_study_known(connection: Connection, study_instance_uid: str) -> bool:
    """Return whether a study was ordered, or anything of it is here."""
    if order_of_study(connection, study_instance_uid) is not None:
        return True
    query = sa.select(exam.c.id).where(exam.c.study_instance_uid == study_instance_uid)
    return connection.execute(query).first() is not None


def order_by_number(connection: Connection, accession_number: str) -> Order | None:
    """Return the order with that accession number."""
    found = _found(connection, _WITH_NUMBER, number=accession_number)
    return found[0] if found else None


def orders_by_number(connection: Connection, numbers: Iterable[str]) -> dict[str, Order]:
    """Return the orders with some accession numbers, by number."""
    wanted = sorted(numbers)
    found = _found(connection, _WITH_NUMBERS, numbers=wanted) if wanted else []
    return {order.accession_number: order for order in found}


def open_orders_born(connection: Connection, births: Sequence[str]) -> list[Order]:
    """Return the open orders of patients with one of these birth dates (YYYYMMDD)."""
    return _found(connection, _OPEN_BORN, births=list(births)) if births else []


def remarked_orders(connection: Connection, since: float) -> list[Order]:
    """Return the newest open orders placed since then (UTC seconds) a person should look at."""
    return _found(connection, _REMARKED, since=since)


def orders_without_images(connection: Connection, since: float, until: float) -> list[Order]:
    """Return the orders that lack images due between two moments (UTC seconds), the newest."""
    found = _found(connection, _IMAGES_DUE, since=since, until=until)
    return [order for order in found if order.lacks_images]


def order_of_bytes(connection: Connection, sha256: str, since: float) -> Order | None:
    """Return the order the same bytes made since then and nobody undid."""
    found = _found(connection, _OF_BYTES, sha256=sha256, since=since)
    return found[0] if found else None


def latest_orders(connection: Connection, since: float) -> list[Order]:
    """Return the newest orders placed since then (UTC seconds), or that left the list since."""
    return _found(connection, _RECENT, since=since)


def orders_of_day(connection: Connection, day: date) -> list[Order]:
    """Return the newest orders whose appointment is on a day of the practice."""
    begin, end = day.isoformat(), (day + timedelta(days=1)).isoformat()
    return _found(connection, _OF_DAY, begin=begin, end=end)


def open_orders_before(connection: Connection, day: date) -> list[Order]:
    """Return the open orders whose appointment was before a day of the practice, the newest."""
    return _found(connection, _OPEN_BEFORE, begin=day.isoformat())


def orders_by_id(connection: Connection, order_ids: Iterable[int]) -> list[Order]:
    """Return some orders by our own numbers of them."""
    wanted = sorted(order_ids)
    return _found(connection, _BY_IDS, ids=wanted) if wanted else []


def older_orders(
    connection: Connection,
    before: int,
    most: int,
    numbers: Sequence[str] | None = None,
    states: Sequence[OrderState] | None = None,
    since: float | None = None,
) -> list[Order]:
    """Return the newest orders placed before one, by our own number of it, at most so many.

    With ``numbers`` only those under these patient numbers, with ``states`` in one of them, with
    ``since`` those that were placed, changed or taken off the list from then on (UTC seconds), or
    whose patient's number became another one.
    """
    conditions = [placed_order.c.id < before]
    if numbers is not None:
        conditions.append(placed_order.c.patient_id.in_(numbers))
    if states is not None:
        conditions.append(placed_order.c.state.in_(states))
    if since is not None:
        times = (placed_order.c.ordered_at, placed_order.c.changed_at, placed_order.c.unlisted_at)
        moved = placed_order.c.patient_id.in_(moved_since(connection, since))
        conditions.append(sa.or_(moved, *(one >= since for one in times)))
    return [_order(row) for row in connection.execute(_query(*conditions, most=most))]


def orders_of_studies(connection: Connection, studies: Iterable[str]) -> list[Order]:
    """Return the orders that gave some studies their UID."""
    wanted = sorted(studies)
    return _found(connection, _OF_STUDIES, studies=wanted) if wanted else []


def marked_orders(connection: Connection) -> list[Order]:
    """Return the orders whose entry the worklist folder does not have as it should be."""
    return _found(connection, _MARKED)


def _found(connection: Connection, statement: Statement, **asked: object) -> list[Order]:
    """Return the orders of a query of `_query`; ``asked`` are its parameters."""
    return [_order(row) for row in statement.rows(connection, **asked)]


def _order(found: Sequence[Any]) -> Order:
    """Return the order in a row of the columns `_ORDER`."""
    row = SimpleNamespace(**dict(zip(_ROW, found, strict=True)))
    return Order(
        id=row.id,
        accession_number=row.accession_number,
        study_instance_uid=row.study_instance_uid,
        patient=Patient.from_dicom(
            row.patient_id, row.patient_name, row.patient_birth_date, row.patient_sex
        ),
        modality=row.modality,
        station=row.station,
        procedure=row.procedure,
        physician=row.physician,
        scheduled=_moment(row.scheduled),
        created=_moment(row.created),
        step_status=row.step_status,
        details=stored_details(row.details),
        state=OrderState(row.state),
        ordered_at=row.ordered_at,
        arrived=bool(row.arrived),
        reference=OrderReference(**{name: getattr(row, name) for name in _NAMES}),
        route=row.route,
        mark=ListingMark(row.listing) if row.listing else None,
        changed_at=row.changed_at,
        unlisted_at=row.unlisted_at,
        images_due_at=row.images_due_at,
        remarks=row.remarks,
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def has_arrived(connection: Connection, entry: Entry) -> bool:
    """Return whether the study of a worklist entry is here."""
    arrived = _arrived(entry.StudyInstanceUID, entry.AccessionNumber, entry.PatientID)
    return bool(connection.execute(sa.select(arrived)).scalar())


def highest_number(connection: Connection) -> str | None:
    """Return the highest accession number we ever gave away."""
    return connection.execute(sa.select(sa.func.max(placed_order.c.accession_number))).scalar()


def last_ordered(connection: Connection, numbers: Sequence[str]) -> dict[str, Patient]:
    """Return whom the newest closed order for each number is for: what the practice said last."""
    found = _found(connection, _LAST_CLOSED, numbers=list(numbers)) if numbers else []
    return {order.patient.id: order.patient for order in found}
