"""The revision: what wakes the pages, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge.database import Database
from gdtbridge.day import PageRevision
from gdtbridge.schema import clock_jump
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database

CHANGE = sa.insert(clock_jump).values(at=0.0, before=0.0, after=0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database is."""
    return tmp_path / "db.sqlite"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    """Return a database."""
    with closing(open_database(file)) as opened:
        yield opened


@pytest.fixture
def revision(database: Database) -> Iterator[PageRevision]:
    """Return its revision, after a first look."""
    with closing(PageRevision(database, HandClock())) as opened:
        opened.look()
        yield opened


def write(database: Database, *, seen: bool = True) -> None:
    """Change something."""
    with database.write(seen=seen) as connection:
        connection.execute(CHANGE)


def test_a_write_of_ours_is_seen_at_once(database: Database, revision: PageRevision) -> None:
    """Nobody has to look for it."""
    before = revision.number
    write(database)
    assert revision.number == before + 1
    revision.look()
    assert revision.number == before + 1


def test_nothing_changes_when_nothing_is_written(revision: PageRevision) -> None:
    """An idle service wakes no page."""
    before = revision.number
    for _ in range(5):
        revision.look()
    assert revision.number == before


def test_what_no_page_shows_wakes_none(database: Database, revision: PageRevision) -> None:
    """Notes on callers and the like."""
    before = revision.number
    write(database, seen=False)
    revision.look()
    assert revision.number == before


def test_a_transaction_that_fails_changes_nothing(
    database: Database, revision: PageRevision
) -> None:
    """What was rolled back was never there."""
    before = revision.number
    with pytest.raises(ValueError, match="no"), database.write():
        raise ValueError("no")
    assert revision.number == before


def test_another_process_is_noticed_at_the_next_look(file: Path, revision: PageRevision) -> None:
    """A command beside the service changes what a page shows."""
    before = revision.number
    with closing(open_database(file)) as other:
        write(other)
    assert revision.number == before
    revision.look()
    assert revision.number == before + 1


def test_a_minute_changes_what_depends_on_the_time(database: Database) -> None:
    """A delivery that waits for five minutes needs a person, although nothing was written."""
    clock = HandClock()
    with closing(PageRevision(database, clock)) as revision:
        revision.look()
        before = revision.number
        clock.turn(59)
        revision.look()
        assert revision.number == before
        clock.turn(1)
        revision.look()
        assert revision.number == before + 1
