"""Under which names an exam can be found: what its objects and its results name.

Each name has several keys (`worklist.name_keys`). They only narrow a search: who looks compares
the names themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from gdtbridge.database import Connection, Database
from gdtbridge.schema import claim, exam, exam_result, study_name
from gdtbridge.statement import Statement
from worklist import name_keys

LONGEST: Final = 64
"""Characters kept of a key."""
_AT_ONCE: Final = 500
"""Exams entered in one transaction."""

_KNOWN: Final = Statement(
    sa.select(study_name.c.key).where(study_name.c.exam_id == sa.bindparam("exam"))
)
_NAMED: Final = Statement(
    sa.union(
        *(
            sa.select(table.c.patient_name).where(table.c.exam_id == sa.bindparam("exam"))
            for table in (claim, exam_result)
        )
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


def note_name(connection: Connection, exam_id: int, name: str) -> None:
    """Let an exam be found by a name (PN), too.

    One that could be found by none yet is found by all that its objects and results name.
    """
    known = set(_KNOWN.values(connection, exam=exam_id))
    names = [name] if known else [name, *_NAMED.values(connection, exam=exam_id)]
    keys = {key[:LONGEST] for one in names for key in name_keys(one)}
    for key in sorted(keys - known):
        _ENTER.run(connection, key=key, exam=exam_id)


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
                note_name(connection, exam_id, "")
        yield len(exams)
