"""Statements run by the driver say what SQLAlchemy would say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.database import Database
from gdtbridge.errors import DatabaseError
from gdtbridge.schema import announced, patient_move
from gdtbridge.statement import Statement
from tests.tools.empty_database import open_database

KINDS: sa.BindParameter[str] = sa.bindparam("kinds", expanding=True)
TOLD = sa.select(announced.c.subject, announced.c.noted, announced.c.announced_at)
NO_OTHERS = announced.c.kind.in_(("a", "b", "c", "new"))
OF_KINDS = TOLD.where(announced.c.kind.in_(KINDS), NO_OTHERS).order_by(announced.c.subject)
ENTER = sa.insert(announced).values(
    {name: sa.bindparam(name) for name in ("kind", "subject", "announced_at", "noted")}
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Yield a database with three items of three kinds."""
    found = open_database(tmp_path / "x.sqlite")
    with found.write() as connection:
        enter = Statement(ENTER)
        for number, kind in enumerate(("a", "b", "c")):
            given = {"kind": kind, "subject": f"s{number}", "announced_at": number / 2}
            assert enter.run(connection, **given, noted=number == 1) == 1
    yield found
    found.close()


@pytest.mark.parametrize("kinds", [[], ["a"], ["a", "b"], ["c", "b", "a", "x"]])
def test_rows_are_those_of_sqlalchemy(database: Database, kinds: list[str]) -> None:
    """Lists of every length give the same rows, with the types of the columns."""
    statement = Statement(OF_KINDS)
    with database.read() as connection:
        expected = [tuple(row) for row in connection.execute(OF_KINDS, {"kinds": kinds})]
        for _ in range(2):
            found = statement.rows(connection, kinds=kinds)
            assert found == expected
            assert [type(value) for row in found for value in row] == [
                type(value) for row in expected for value in row
            ]


def test_first_and_value(database: Database) -> None:
    """A single row or value is None where nothing is found."""
    statement = Statement(OF_KINDS)
    with database.read() as connection:
        assert statement.first(connection, kinds=["b", "a"]) == ("s0", False, 0.0)
        assert statement.value(connection, kinds=["b"]) == "s1"
        assert statement.values(connection, kinds=["b", "a"]) == ["s0", "s1"]
        assert statement.first(connection, kinds=["x"]) is None
        assert statement.value(connection, kinds=["x"]) is None


def test_an_insert_returns_what_it_made(database: Database) -> None:
    """The id of a new row comes back, and changed rows are counted."""
    insert = sa.insert(patient_move).values(
        {name: sa.bindparam(name) for name in ("old", "new", "at", "who")}
    )
    enter = Statement(insert.returning(patient_move.c.id))
    undo = Statement(sa.update(patient_move).values(undone_at=sa.bindparam("when")))
    with database.write() as connection:
        ids = [enter.value(connection, old=f"{n}", new="9", at=1.0, who="") for n in range(3)]
        assert len(set(ids)) == 3
        assert undo.run(connection, when=2.5) == 3
        query = sa.select(patient_move.c.undone_at).distinct()
        assert connection.execute(query).scalars().all() == [2.5]


def test_a_refusal_is_ours_and_changes_nothing(database: Database) -> None:
    """A broken rule of the table is a `DatabaseError` without the values, and rolls back."""
    enter = Statement(ENTER)
    given = {"subject": "PROBE", "announced_at": 1.0, "noted": False}

    def twice() -> None:
        with database.write() as connection:
            enter.run(connection, kind="new", **given)
            enter.run(connection, kind="new", **given)

    with pytest.raises(DatabaseError) as caught:
        twice()
    assert "PROBE" not in str(caught.value) + str(caught.value.__cause__)
    with database.read() as connection:
        assert Statement(OF_KINDS).rows(connection, kinds=["new"]) == []
