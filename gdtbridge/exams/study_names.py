"""Under which names an exam can be found: what its objects and its results name.

Each name has several keys: those devices query by (`worklist.name_keys`), and the words people
search for (`gdtbridge.people.folding`). They only narrow a search: who looks compares the names
themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection, Database
from gdtbridge.people.folding import LONGEST_KEY, search_keys
from gdtbridge.schema import claim, exam, exam_result, placed_order, study_name
from gdtbridge.statement import Statement
from worklist import name_keys

_AT_ONCE: Final = 500
"""Exams entered in one transaction."""

_KNOWN: Final = Statement(
    sa.select(study_name.c.key).where(study_name.c.exam_id == sa.bindparam("exam"))
)
_ORDER: Final = sa.and_(
    placed_order.c.accession_number == exam_result.c.accession_number,
    placed_order.c.accession_number != "",
)
_SAID: Final = Statement(
    sa.union(
        sa.select(claim.c.patient_name, claim.c.study_description, sa.literal("")).where(
            claim.c.exam_id == sa.bindparam("exam")
        ),
        sa.select(
            exam_result.c.patient_name,
            sa.func.coalesce(placed_order.c.procedure, ""),
            exam_result.c.accession_number,
        )
        .select_from(exam_result.outerjoin(placed_order, _ORDER))
        .where(exam_result.c.exam_id == sa.bindparam("exam")),
    )
)
_ENTER: Final = Statement(
    sa.insert(study_name).values(key=sa.bindparam("key"), exam_id=sa.bindparam("exam"))
)
_NEWEST: Final = Statement(sa.select(sa.func.max(exam.c.id)))
_WITHOUT: Final = Statement(
    sa.select(exam.c.id)
    .where(
        exam.c.id < sa.bindparam("before"), ~sa.exists().where(study_name.c.exam_id == exam.c.id)
    )
    .order_by(exam.c.id.desc())
    .limit(_AT_ONCE)
)


def note_name(connection: Connection, exam_id: int, name: str, description: str = "") -> None:
    """Let an exam be found by a name (PN) and by the words of a Study Description, too.

    One that could be found by none yet is found by all that its objects and results say.
    """
    if not _KNOWN.values(connection, exam=exam_id):
        note_said(connection, exam_id)
    _enter(connection, exam_id, _keys(name, description))


def note_said(connection: Connection, exam_id: int) -> None:
    """Let an exam be found by all that its objects, its results and their orders say."""
    said = _SAID.rows(connection, exam=exam_id)
    keys = {key for one in said for key in _keys(*one)}
    _enter(connection, exam_id, keys)


def _enter(connection: Connection, exam_id: int, keys: Iterable[str]) -> None:
    known = _KNOWN.values(connection, exam=exam_id)
    for key in sorted({*keys} - {*known}):
        _ENTER.run(connection, key=key, exam=exam_id)


def _keys(name: str, description: str, number: str = "") -> Iterator[str]:
    yield from (key[:LONGEST_KEY] for key in name_keys(name))
    yield from search_keys(name, [description], [number])


def note_missing(database: Database) -> Iterator[int]:
    """Let exams of an older program be found by their names, the newest first.

    Yields after each transaction how many were looked at; a caller may stop there.
    """
    with database.read() as connection:
        before = int(_NEWEST.value(connection) or 0) + 1
    while True:
        with database.read() as connection:
            exams = _WITHOUT.values(connection, before=before)
        if not exams:
            return
        before = exams[-1]
        with database.write(synced=False, seen=False) as connection:
            for exam_id in exams:
                note_said(connection, exam_id)
        yield len(exams)
