"""Patient numbers that became others: charts merged or renumbered in the practice software.

Nothing that was sent or ordered is rewritten but open orders: whoever looks for a number follows
it. So a move that was a mistake can be taken back, and each thing is whose it was. Every call works
inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection
from gdtbridge.orders.model import ListingMark, OrderState
from gdtbridge.orders.names import note_orders
from gdtbridge.people import Patient
from gdtbridge.schema import moved_order, patient, patient_move, placed_order
from gdtbridge.statement import Statement


@dataclass(frozen=True, slots=True)
class PatientMove:
    """A patient's number became another one; ``undone_at`` says when that was taken back (UTC)."""

    id: int
    old: str
    new: str
    at: float
    """UTC seconds."""
    who: str
    undone_at: float | None


@dataclass(frozen=True, slots=True)
class NumberMoves:
    """Which of some patient numbers became which; those it does not know never moved."""

    moved: Mapping[str, str] = field(default_factory=dict)
    """By former number: what it became, which may have moved on."""

    def now(self, number: str) -> str:
        """Return what a number is now; moves never make a circle."""
        while number in self.moved:
            number = self.moved[number]
        return number

    def all_of(self, number: str) -> tuple[str, ...]:
        """Return every number of the chart ``number`` is of: it, what it is now, the former ones.

        The empty number is nobody's.
        """
        now = self.now(number)
        former = [one for one in self.moved if self.now(one) == now]
        return tuple(dict.fromkeys((number, now, *former)))


_ENDS: Final = (patient_move.c.old, patient_move.c.new)
_ACTIVE: Final = patient_move.c.undone_at.is_(None)
_EITHER: Final = [column.in_(sa.bindparam("numbers", expanding=True)) for column in _ENDS]
_MOVES: Final = Statement(
    sa.select(patient_move.c.old, patient_move.c.new).where(_ACTIVE, sa.or_(*_EITHER))
)
_DESCRIPTION: Final = ("patient_name", "patient_birth_date", "patient_sex")
_COLUMNS: Final = [patient_move.c[one.name] for one in fields(PatientMove)]


def moves_of(connection: Connection, numbers: Iterable[str]) -> NumberMoves:
    """Return the moves of the charts some numbers are of."""
    known: set[str] = set()
    wanted = set(numbers) - {""}
    moved: dict[str, str] = {}
    while wanted:
        found: dict[str, str] = dict(_MOVES.rows(connection, numbers=sorted(wanted)))
        moved |= found
        known |= wanted
        wanted = {*found, *found.values()} - known
    return NumberMoves(moved)


def moved_since(connection: Connection, since: float) -> set[str]:
    """Return the numbers of charts of which one became another since then, or no more (UTC)."""
    late = sa.or_(patient_move.c.at >= since, patient_move.c.undone_at >= since)
    moved = {number for row in connection.execute(sa.select(*_ENDS).where(late)) for number in row}
    moves = moves_of(connection, moved)
    return {number for one in moved for number in moves.all_of(one)}


def moved_at(connection: Connection, numbers: Iterable[str]) -> dict[str, float]:
    """Return when some numbers, or others to them, moved last, or that was taken back (UTC)."""
    wanted = list(numbers)
    here = sa.or_(*(one.in_(wanted) for one in _ENDS))
    query = sa.select(*_ENDS, patient_move.c.at, patient_move.c.undone_at).where(here)
    found: dict[str, float] = {}
    for old, new, at, undone_at in connection.execute(query):
        for number in (old, new):
            found[number] = max(found.get(number, 0.0), at, undone_at or 0.0)
    return found


def list_moves(connection: Connection, limit: int) -> list[PatientMove]:
    """Return the newest moves first, those taken back among them."""
    query = sa.select(*_COLUMNS).order_by(patient_move.c.id.desc()).limit(limit)
    return [PatientMove(*row) for row in connection.execute(query)]


def was_undone(connection: Connection, old: str, new: str) -> bool:
    """Return whether ``old`` became ``new`` once and that was taken back."""
    here = (patient_move.c.old == old, patient_move.c.new == new)
    query = sa.select(patient_move.c.id).where(*here, patient_move.c.undone_at.is_not(None))
    return connection.execute(query).first() is not None


def enter_move(
    connection: Connection,
    old: str,
    new: str,
    who: str,
    now: float,
    described: Patient | None = None,
) -> None:
    """Enter that a number became another one; open orders of its chart follow.

    ``described`` is how the practice software describes the new number's patient at this moment.
    """
    values = {"old": old, "new": new, "who": who, "at": now}
    connection.execute(sa.insert(patient_move).values(**values))
    move_open_orders(connection, moves_of(connection, [new]), described)


def undo_move(connection: Connection, old: str, new: str, now: float) -> None:
    """Take back that ``old`` became ``new``; what was ordered for ``old`` is its own again."""
    apart = moves_of(connection, [new])
    here = sa.and_(patient_move.c.old == old, patient_move.c.new == new, _ACTIVE)
    connection.execute(sa.update(patient_move).where(here).values(undone_at=now))
    _renumber(connection, apart.all_of(new), moves_of(connection, apart.all_of(new)))


def note_former(connection: Connection, study_instance_uid: str, placed: Patient) -> None:
    """Remember for whom the order of a study was placed; it bears another number."""
    values = {"study_instance_uid": study_instance_uid, "former": placed.id}
    connection.execute(sa.insert(moved_order).values(**values, **_described(placed)))


def move_open_orders(
    connection: Connection, moves: NumberMoves, described: Patient | None = None
) -> None:
    """Let open orders for numbers that moved bear what these are now; their entries follow."""
    if not moves.moved:
        return
    known = sa.select(moved_order.c.study_instance_uid)
    query = sa.select(
        placed_order.c.study_instance_uid,
        placed_order.c.patient_id,
        *(placed_order.c[name] for name in _DESCRIPTION),
    ).where(
        placed_order.c.patient_id.in_(list(moves.moved)),
        placed_order.c.state == OrderState.ORDERED,
        placed_order.c.study_instance_uid.not_in(known),
    )
    connection.execute(sa.insert(moved_order).from_select(list(moved_order.c), query))
    _renumber(connection, list(moves.moved), moves, described)


def _renumber(
    connection: Connection,
    formers: Sequence[str],
    moves: NumberMoves,
    described: Patient | None = None,
) -> None:
    """Let open orders bear what the number each was placed for is now, one of ``formers``.

    Each is marked, so that its entry on the worklist follows.
    """
    of_study = placed_order.c.study_instance_uid == moved_order.c.study_instance_uid
    columns = (placed_order.c.id, placed_order.c.patient_id, placed_order.c.listing, moved_order)
    query = (
        sa.select(*columns)
        .select_from(moved_order.join(placed_order, of_study))
        .where(moved_order.c.former.in_(formers), placed_order.c.state == OrderState.ORDERED)
    )
    for row in connection.execute(query).all():
        now = moves.now(row.former)
        if now == row.patient_id:
            continue
        placed = Patient.from_dicom(row.former, *(getattr(row, name) for name in _DESCRIPTION))
        person = placed
        if now != row.former:
            person = moved_patient(connection, placed, now, described)
        values = {"patient_id": now, "listing": row.listing or ListingMark.REPLACE}
        here = placed_order.c.id == row.id
        connection.execute(
            sa.update(placed_order).where(here).values(**values | _described(person))
        )
        note_orders(connection, [row.id])


def moved_patient(
    connection: Connection, placed: Patient, now: str, described: Patient | None = None
) -> Patient:
    """Return whom an order is for since its number became ``now``.

    That is as the practice software describes the new number itself: at this moment, by master
    data, else by the newest order placed for it. Where it said nothing, name and birth date stay.
    """
    if described is not None and described.id == now and described.family_name:
        return replace(described.with_birth_of(placed), sex=described.sex or placed.sex)
    moved = sa.select(moved_order.c.study_instance_uid)
    ordered = (
        sa.select(*(placed_order.c[name] for name in _DESCRIPTION))
        .where(placed_order.c.patient_id == now, placed_order.c.study_instance_uid.not_in(moved))
        .order_by(placed_order.c.id.desc())
        .limit(1)
    )
    row = connection.execute(sa.select(patient).where(patient.c.patient_id == now)).one_or_none()
    if row is not None:
        return Patient.of_parts(
            now, (row.family_name, row.given_name), row.birth_date, row.sex or placed.sex
        )
    said = connection.execute(ordered).one_or_none()
    return Patient.from_dicom(now, *said) if said is not None else replace(placed, id=now)


def _described(person: Patient) -> dict[str, str]:
    values = (person.person_name, person.birth_date_da, person.sex or "")
    return dict(zip(_DESCRIPTION, values, strict=True))
