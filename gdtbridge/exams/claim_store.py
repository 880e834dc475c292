"""The claims of exams in the database; every call works inside a transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import sqlalchemy as sa

from gdtbridge.archive import NOT_SENT, Standing
from gdtbridge.database import Connection
from gdtbridge.exams.grouping import group
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import Claim, ClaimState, ExamState
from gdtbridge.exams.study_names import note_name
from gdtbridge.orders.patient_moves import NumberMoves, moves_of
from gdtbridge.schema import claim, exam, instance
from gdtbridge.sr.model import is_report
from gdtbridge.statement import InsertStatement, Statement, UpdateStatement

_COLUMNS: Final = [claim.c[field.name] for field in fields(Claim) if field.name != "instances"]
_CLAIM: Final = [
    *_COLUMNS,
    sa.select(sa.func.count())
    .where(instance.c.claim_id == claim.c.id)
    .scalar_subquery()
    .label("instances"),
]
_NAMES: Final = [*(column.name for column in _COLUMNS), "instances"]

_SAME: Final = Statement(
    sa.select(*_COLUMNS).where(
        claim.c.exam_id == sa.bindparam("exam"), claim.c.said == sa.bindparam("digest")
    )
)
_ENTER: Final = InsertStatement(claim)
_UPDATE: Final = UpdateStatement(claim, claim.c.id.in_(sa.bindparam("claims", expanding=True)))
HELD: Final = claim.c.state == sa.literal_column("'held'")
"""As text in the query: SQLite uses a partial index only for what it can prove."""
_WAITS: Final = claim.c.state.in_((ClaimState.OPEN, ClaimState.HELD))
_EARLIER, _SENT = instance.alias(), claim.alias()
_OBJECTS: Final = claim.join(instance, instance.c.claim_id == claim.c.id)
_OURS: Final = claim.c.state != ClaimState.FETCHED
"""What devices sent: all that is evidence and can be a result."""
_HERE: Final = sa.and_(claim.c.exam_id == sa.bindparam("exam"), _OURS)
_COUNT: Final = Statement(sa.select(sa.func.count()).where(_HERE))
_OF_EXAM: Final = Statement(sa.select(*_CLAIM).where(_HERE).order_by(claim.c.id))
_TAKEN: Final = Statement(
    sa.select(claim.c.id)
    .distinct()
    .select_from(_OBJECTS)
    .where(
        _HERE,
        _WAITS,
        sa.exists().where(
            _EARLIER.c.sop_instance_uid == instance.c.sop_instance_uid,
            _EARLIER.c.study_instance_uid != instance.c.study_instance_uid,
            _EARLIER.c.id < instance.c.id,
            _EARLIER.c.standing.not_in(NOT_SENT),
        ),
    )
)
_KINDS: Final = Statement(
    sa.select(claim.c.id, instance.c.sop_class_uid).distinct().select_from(_OBJECTS).where(_HERE)
)
_CORRECTED: Final = Statement(
    sa.select(claim.c.id)
    .distinct()
    .select_from(
        _OBJECTS.join(
            _EARLIER,
            sa.and_(
                _EARLIER.c.sop_instance_uid == instance.c.sop_instance_uid,
                _EARLIER.c.id != instance.c.id,
            ),
        ).join(
            _SENT,
            sa.and_(
                _SENT.c.id == _EARLIER.c.claim_id,
                _SENT.c.exam_id == claim.c.exam_id,
                _SENT.c.person != claim.c.person,
                _SENT.c.state == ClaimState.SETTLED,
            ),
        )
    )
    .where(
        _HERE,
        _WAITS,
        instance.c.standing == Standing.CURRENT,
        _EARLIER.c.standing == Standing.CURRENT,
    )
)
SAID: Final = (
    *("patient_id", "patient_name", "patient_birth_date", "patient_sex", "accession_number"),
)
"""What makes two claims of an exam one; a digest of it is what they are found by."""

_AT_ONCE: Final = 500
"""Ids named in one statement."""
_NUMBERS: Final = ("patient_id", "word", "number")


def _digest(said: dict[str, str], state: ClaimState = ClaimState.OPEN) -> str:
    """Return what a claim is found by; what was fetched is never joined with what a device said."""
    mark = [state.value] if state is ClaimState.FETCHED else []
    return hashlib.sha256(json.dumps([said[name] for name in SAID] + mark).encode()).hexdigest()


def _claims(connection: Connection, query: sa.Select[Any]) -> list[Claim]:
    return [_claim(row) for row in connection.execute(query.order_by(claim.c.id))]


def _claim(row: Sequence[Any]) -> Claim:
    """Return the claim in a row of the columns `_COLUMNS` or `_CLAIM`."""
    values = dict(zip(_NAMES, row, strict=False))
    return Claim(**{"instances": 0, **values, "state": ClaimState(values["state"])})


def claims_of(connection: Connection, exam_id: int) -> list[Claim]:
    """Return the claims of an exam in the order they came, without those of fetched objects."""
    return [_claim(row) for row in _OF_EXAM.rows(connection, exam=exam_id)]


def claims_of_exams(connection: Connection, exam_ids: Iterable[int]) -> list[Claim]:
    """Return the claims of several exams in the order they came, those of fetched objects too."""
    query = sa.select(*_CLAIM).where(claim.c.exam_id.in_(exam_ids)).order_by(claim.c.id)
    return _claims(connection, query)


def find_claim(
    connection: Connection, exam_id: int, said: dict[str, str], state: ClaimState = ClaimState.OPEN
) -> Claim | None:
    """Return the claim of an exam that says the same; its objects are not counted.

    With ``state`` ``FETCHED`` that of fetched objects, else that of what devices sent.
    """
    row = _SAME.first(connection, exam=exam_id, digest=_digest(said, state))
    return _claim(row) if row is not None else None


def count_claims(connection: Connection, exam_id: int) -> int:
    """Return how many claims of devices an exam has."""
    return int(_COUNT.value(connection, exam=exam_id))


def insert_claim(
    connection: Connection, said: dict[str, str], *, exam_id: int, **values: object
) -> int:
    """Enter a claim; return its id. Its person is found by `regroup`."""
    known = {**said, "said": _digest(said), "state": ClaimState.OPEN, "person": 0}
    note_name(connection, exam_id, said["patient_name"], str(values.get("study_description", "")))
    return _ENTER.run(connection, exam_id=exam_id, **known, **values)


def insert_fetched(
    connection: Connection, said: dict[str, str], *, exam_id: int, **values: object
) -> int:
    """Enter what fetched objects say; return the claim's id. It is in the chart of its number."""
    state = ClaimState.FETCHED
    known = {**said, "said": _digest(said, state), "state": state, "person": 0}
    note_name(connection, exam_id, said["patient_name"], str(values.get("study_description", "")))
    return _ENTER.run(connection, exam_id=exam_id, number=said["patient_id"], **known, **values)


def insert_part(connection: Connection, claim_id: int, order: str) -> int:
    """Enter a claim that says what another says, for another order; return its id.

    What was parted for that order before is joined.
    """
    row = connection.execute(sa.select(claim).where(claim.c.id == claim_id)).one()
    values = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    said = hashlib.sha256(json.dumps([values["said"], order]).encode()).hexdigest()
    known = _SAME.first(connection, exam=row.exam_id, digest=said)
    if known is not None:
        return _claim(known).id
    del values["id"]
    return _ENTER.run(connection, **values | {"said": said, "order_word": order})


def update_claims(connection: Connection, claim_ids: Iterable[int], **values: object) -> None:
    """Change columns of claims."""
    _UPDATE.run(connection, values, claims=list(claim_ids))


def hold_unanswered(connection: Connection) -> None:
    """Hold whatever may have been sent since the database was copied; nothing is waited for.

    That is what was open or held, and objects of settled claims no record was made with.
    """
    counts = instance.c.standing.in_((Standing.CURRENT, Standing.UNCOMPARED))
    untold = sa.select(instance.c.claim_id).where(sa.not_(instance.c.told), counts)
    asked = sa.or_(_WAITS, sa.and_(claim.c.state == ClaimState.SETTLED, claim.c.id.in_(untold)))
    _hold(connection, asked)
    connection.execute(sa.update(exam).values(due_at=None))


def hold_found(connection: Connection, instances: Sequence[int]) -> None:
    """Hold the claims of instances that were found in the archive without an entry."""
    of_found = sa.select(instance.c.claim_id).where(instance.c.id.in_(instances))
    _hold(connection, claim.c.id.in_(of_found))


def _hold(connection: Connection, condition: sa.ColumnElement[bool]) -> None:
    because = HoldReason.INDEX_REBUILT
    exams = list(
        connection.execute(sa.select(claim.c.exam_id).where(condition).distinct()).scalars()
    )
    connection.execute(
        sa.update(claim).where(condition).values(state=ClaimState.HELD, held_because=because)
    )
    for first in range(0, len(exams), _AT_ONCE):
        some = exam.c.id.in_(exams[first : first + _AT_ONCE])
        connection.execute(sa.update(exam).where(some).values(state=ExamState.HELD, due_at=None))


def forget_empty_claims(connection: Connection, exam_id: int) -> None:
    """Delete the waiting claims of an exam no object makes: an older program joined several."""
    made = sa.exists().where(instance.c.claim_id == claim.c.id)
    connection.execute(sa.delete(claim).where(claim.c.exam_id == exam_id, _WAITS, ~made))


def followed(one: Claim, moves: NumberMoves) -> Claim:
    """Return a claim with what its numbers are now: that of the objects, the word, the chart."""
    return replace(
        one,
        patient_id=moves.now(one.patient_id),
        word=moves.now(one.word),
        number=moves.now(one.number),
    )


def follow(connection: Connection, claims: Sequence[Claim]) -> list[Claim]:
    """Return claims with what their numbers are now."""
    numbers = {getattr(one, name) for one in claims for name in _NUMBERS}
    moves = moves_of(connection, numbers)
    return [followed(one, moves) for one in claims] if moves.moved else list(claims)


def claims_naming(connection: Connection, numbers: Iterable[str]) -> list[Claim]:
    """Return the claims of devices whose objects, word or chart have one of some numbers."""
    named = [claim.c[name].in_(list(numbers)) for name in _NUMBERS]
    return _claims(connection, sa.select(*_CLAIM).where(sa.or_(*named), _OURS))


def regroup(connection: Connection, exam_id: int) -> None:
    """Find anew which claims of an exam are of one person."""
    claims = follow(connection, claims_of(connection, exam_id))
    people = group(claims)
    for one in claims:
        if people.get(one.id, one.person) != one.person:
            update_claims(connection, [one.id], person=people[one.id])


def taken_claims(connection: Connection, exam_id: int) -> Sequence[int]:
    """Return the waiting claims of an exam with an object whose UID another study had before."""
    return _TAKEN.values(connection, exam=exam_id)


def corrected_claims(connection: Connection, exam_id: int) -> Sequence[int]:
    """Return the waiting claims of an exam with an object that was sent for somebody else."""
    return _CORRECTED.values(connection, exam=exam_id)


def report_claims(connection: Connection, exam_id: int) -> set[int]:
    """Return the claims of an exam of which all objects are Structured Reports."""
    kinds = [(number, is_report(uid)) for number, uid in _KINDS.rows(connection, exam=exam_id)]
    return {number for number, _ in kinds} - {number for number, is_one in kinds if not is_one}


def held_exams(connection: Connection, most: int) -> Sequence[int]:
    """Return the ids of the newest exams of which something is held."""
    query = sa.select(claim.c.exam_id).where(HELD).distinct()
    query = query.order_by(claim.c.exam_id.desc()).limit(most)
    return connection.execute(query).scalars().all()
