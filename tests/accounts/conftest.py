"""Accounts in a real database, by a clock turned by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.tools.empty_database import open_database
from tests.tools.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return a practice without accounts."""
    with closing(open_database(tmp_path / "db.sqlite")) as database:
        yield House(database)


@pytest.fixture
def statements(house: House) -> Callable[[], list[str]]:
    """Return what tells which statements the database was asked since the last question."""
    seen: list[str] = []
    engine = house.database.engine
    event.listen(
        engine, "before_cursor_execute", lambda _c, _cu, statement, *_: seen.append(statement)
    )

    def asked() -> list[str]:
        found = seen[:]
        seen.clear()
        return found

    return asked
