"""Orders, their records and patients' master data in the database.

Every call works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders.details import details_stored, stored_details
from gdtbridge.orders.model import (
    ListingMark,
    Order,
    OrderRecord,
    OrderState,
    RecordOutcome,
    RefusedFile,
    TakenRecord,
)
from gdtbridge.orders.names import forget_order, note_order, note_patient
from gdtbridge.orders.patient_moves import move_open_orders, moves_of
from gdtbridge.orders.work_item_events import note_state
from gdtbridge.people import Patient
from gdtbridge.schema import (
    claim,
    exam,
    exam_result,
    moved_order,
    order_file,
    order_reference,
    patient,
    placed_order,
    work_item,
    work_item_event,
)
from gdtbridge.statement import InsertStatement, Statement, UpdateStatement
from worklist import Entry, StepStatus

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
_OUTCOME: Final = (order_file.c.outcome, order_file.c.accession_number, order_file.c.reason)
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
_OF_STUDIES: Final = Statement(
    _query(
        placed_order.c.study_instance_uid.in_(sa.bindparam("studies", expanding=True)), most=None
    )
)
_BY_IDS: Final = Statement(
    _query(placed_order.c.id.in_(sa.bindparam("ids", expanding=True)), most=None)
)
_INSERT_ORDER: Final = InsertStatement(placed_order)
_UPDATE_ORDER: Final = UpdateStatement(placed_order, placed_order.c.id == sa.bindparam("order_id"))
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
_KEPT_COLUMNS: Final = (
    *(patient.c.patient_id, patient.c.family_name, patient.c.given_name),
    *(patient.c.birth_date, patient.c.sex),
)
_KEPT: Final = Statement(sa.select(*_KEPT_COLUMNS).where(patient.c.patient_id.in_(_NUMBERS)))


# ---------------------------------------------------------------------------- records of files


def note(
    connection: Connection, record: OrderRecord, taken: TakenRecord, now: float
) -> TakenRecord:
    """Enter what became of a record, and return it."""
    connection.execute(
        sa.insert(order_file).values(
            token=record.token,
            position=record.position,
            sha256=record.sha256,
            name=record.name,
            record_type=record.record_type,
            received_at=now,
            outcome=taken.outcome.value,
            accession_number=taken.accession_number,
            reason=taken.reason,
        )
    )
    return taken


def noted(connection: Connection, record: OrderRecord) -> TakenRecord | None:
    """Return what became of a record that was taken before."""
    query = sa.select(*_OUTCOME).where(
        order_file.c.token == record.token, order_file.c.position == record.position
    )
    row = connection.execute(query).one_or_none()
    return _taken(row) if row is not None else None


def taken_since(connection: Connection, name: str, since: float) -> list[TakenRecord]:
    """Return what became of the records of the last file of that name, if it came since then."""
    last = (
        sa.select(order_file.c.token)
        .where(order_file.c.name == name, order_file.c.received_at >= since)
        .order_by(order_file.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(*_OUTCOME).where(order_file.c.token == last).order_by(order_file.c.position)
    return [_taken(row) for row in connection.execute(query)]


def refused_since(connection: Connection, since: float, most: int) -> dict[str, RefusedFile]:
    """Return the newest files with a refused record by their token; the first such record counts.

    ``since`` is in UTC seconds.
    """
    query = (
        sa.select(
            order_file.c.token, order_file.c.name, order_file.c.received_at, order_file.c.reason
        )
        .where(order_file.c.outcome == RecordOutcome.REFUSED, order_file.c.received_at >= since)
        .order_by(order_file.c.id.desc())
        .limit(most)
    )
    return {row.token: RefusedFile(*row[1:]) for row in connection.execute(query)}


def last_received(connection: Connection) -> float | None:
    """Return when the newest order file came (UTC seconds); None before the first."""
    query = sa.select(order_file.c.received_at).order_by(order_file.c.id.desc()).limit(1)
    return connection.execute(query).scalar()


def _taken(row: Sequence[Any]) -> TakenRecord:
    return TakenRecord(RecordOutcome(row[0]), row[1], row[2])


# ---------------------------------------------------------------------------- orders


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
) -> list[Order]:
    """Return the newest orders placed before one, by our own number of it, at most so many.

    With ``numbers`` only those under these patient numbers, with ``states`` in one of them.
    """
    conditions = [placed_order.c.id < before]
    if numbers is not None:
        conditions.append(placed_order.c.patient_id.in_(numbers))
    if states is not None:
        conditions.append(placed_order.c.state.in_(states))
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
        remarks=row.remarks,
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


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
    """Move an order to another state."""
    of_number = placed_order.c.accession_number == accession_number
    connection.execute(sa.update(placed_order).where(of_number).values(state=state))
    note_state(connection, accession_number)


def set_step_status(connection: Connection, accession_number: str, status: StepStatus) -> None:
    """Let the worklist say of an open order how far it is; `OrderBook.follow_marked` writes it.

    An entry that somebody removed does not come back by that.
    """
    here = sa.and_(
        placed_order.c.accession_number == accession_number,
        placed_order.c.state == OrderState.ORDERED,
        placed_order.c.step_status != status,
    )
    mark = sa.func.coalesce(placed_order.c.listing, ListingMark.REPLACE.value)
    changed = sa.update(placed_order).where(here).values(step_status=status, listing=mark)
    if connection.execute(changed).rowcount:
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
    }
    if connection.execute(sa.update(placed_order).where(here).values(**values)).rowcount:
        note_state(connection, accession_number)
    move_open_orders(connection, moves)


def close_order(connection: Connection, order_id: int, state: OrderState) -> None:
    """End an order, and mark that its entry has to leave the worklist."""
    _update(connection, order_id, state=state, listing=ListingMark.REMOVE)
    note_state(connection, order_id)


def restore_order(connection: Connection, order_id: int) -> None:
    """Let a cancelled order wait again, and mark that its entry has to return to the worklist."""
    _update(connection, order_id, state=OrderState.ORDERED, listing=ListingMark.ADD)
    note_state(connection, order_id)


def forget_step(connection: Connection, order_id: int) -> None:
    """Let nobody be shown as being examined where an order that is closed comes back."""
    _update(connection, order_id, step_status=StepStatus.SCHEDULED)


def forget_mark(connection: Connection, order_id: int, **times: float | None) -> None:
    """Note that the worklist folder says what the order says, and since when: see `Order`."""
    _update(connection, order_id, listing=None, **times)


def _update(connection: Connection, order_id: int, **values: object) -> None:
    _UPDATE_ORDER.run(connection, values, order_id=order_id)


def delete_order(connection: Connection, order_id: int) -> None:
    """Forget an order that was never listed and that no record names."""
    forget_order(connection, order_id)
    for beside in (work_item, work_item_event, order_reference):
        connection.execute(sa.delete(beside).where(beside.c.order_id == order_id))
    connection.execute(sa.delete(placed_order).where(placed_order.c.id == order_id))


def has_arrived(connection: Connection, entry: Entry) -> bool:
    """Return whether the study of a worklist entry is here."""
    arrived = _arrived(entry.StudyInstanceUID, entry.AccessionNumber, entry.PatientID)
    return bool(connection.execute(sa.select(arrived)).scalar())


def highest_number(connection: Connection) -> str | None:
    """Return the highest accession number we ever gave away."""
    return connection.execute(sa.select(sa.func.max(placed_order.c.accession_number))).scalar()


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
    note_patient(connection, known)


def told_without_order(
    connection: Connection, since: float, until: float, most: int
) -> tuple[int, float]:
    """Return how many patients came as master data alone between two moments, and the first's.

    Alone are those for whose chart no order came since, nor within a day before. At most ``most``
    are counted; times are UTC seconds.
    """
    ordered = (
        sa.select(placed_order.c.id)
        .where(
            placed_order.c.patient_id == patient.c.patient_id,
            placed_order.c.ordered_at >= patient.c.received_at - DAY_SECONDS,
        )
        .exists()
    )
    query = (
        sa.select(patient.c.patient_id, patient.c.received_at)
        .where(patient.c.received_at.between(since, until), ~ordered)
        .order_by(patient.c.received_at)
        .limit(most)
    )
    rows = connection.execute(query).all()
    moves = moves_of(connection, [number for number, _ in rows])
    found = [
        came
        for number, came in rows
        if not _ordered_under(connection, moves.all_of(number), came - DAY_SECONDS)
    ]
    return len(found), next(iter(found), until)


def _ordered_under(connection: Connection, numbers: Sequence[str], since: float) -> bool:
    """Return whether an order came since then under a number of a chart that has had several."""
    if len(numbers) == 1:
        return False
    query = sa.select(placed_order.c.id).where(
        placed_order.c.patient_id.in_(numbers), placed_order.c.ordered_at >= since
    )
    return connection.execute(query.limit(1)).first() is not None


def last_ordered(connection: Connection, numbers: Sequence[str]) -> dict[str, Patient]:
    """Return whom the newest closed order for each number is for: what the practice said last."""
    found = _found(connection, _LAST_CLOSED, numbers=list(numbers)) if numbers else []
    return {order.patient.id: order.patient for order in found}


def kept_patients(connection: Connection, numbers: Sequence[str]) -> dict[str, Patient]:
    """Return the master data kept for some numbers, by number; those of former ones are not."""
    rows = _KEPT.rows(connection, numbers=list(numbers)) if numbers else ()
    return {row[0]: _kept(row) for row in rows}


def kept_born(connection: Connection, births: Sequence[str]) -> list[Patient]:
    """Return the master data of patients with one of these birth dates (YYYYMMDD)."""
    if not births:
        return []
    query = sa.select(*_KEPT_COLUMNS).where(patient.c.birth_date.in_(births)).limit(_MOST)
    return [_kept(row) for row in connection.execute(query)]


def _kept(row: Sequence[Any]) -> Patient:
    number, family, given, born, sex = row
    return Patient.of_parts(number, (family, given), born, sex or None)


def find_patient(connection: Connection, patient_id: str) -> Patient | None:
    """Return a patient's master data: the number's own, else those of the same chart."""
    numbers = moves_of(connection, [patient_id]).all_of(patient_id)
    kept = kept_patients(connection, numbers)
    found = next((kept[number] for number in numbers if number in kept), None)
    return replace(found, id=patient_id) if found is not None else None


def patient_told_at(connection: Connection, patient_id: str) -> float | None:
    """Return when the master data of a chart came last (UTC seconds); None where none came."""
    numbers = moves_of(connection, [patient_id]).all_of(patient_id)
    query = sa.select(sa.func.max(patient.c.received_at)).where(patient.c.patient_id.in_(numbers))
    return connection.execute(query).scalar()
