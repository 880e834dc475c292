"""Transactions, and what happens to a database that is not ours."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gdtbridge.database import Database
from gdtbridge.errors import DatabaseError, NoInstallation
from gdtbridge.schema import SCHEMA_VERSION, metadata, placed_order, report, schema_version
from gdtbridge.upgrades import upgrade
from tests.tools.empty_database import open_database


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the URL of a fresh SQLite file."""
    return f"sqlite:///{tmp_path / 'deep' / 'db.sqlite'}"


def test_an_error_rolls_back(url: str) -> None:
    """Half of a transaction is never kept."""
    database = Database(url)

    def fail_half_way() -> None:
        with database.write() as connection:
            connection.execute(sa.update(schema_version).values(version=99))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with database.read() as connection:
        assert (
            connection.execute(sa.select(schema_version.c.version)).scalar_one() == SCHEMA_VERSION
        )


def test_a_prepared_database_is_a_new_one(url: str, tmp_path: Path) -> None:
    """What other tests are given is what opening makes, to the byte, and as readable."""
    Database(url).close()
    made = tmp_path / "deep" / "db.sqlite"
    given = tmp_path / "given.sqlite"
    open_database(given).close()
    assert given.read_bytes() == made.read_bytes()
    assert given.stat().st_mode == made.stat().st_mode


def test_a_rehearsal_changes_nothing(url: str) -> None:
    """It sees what it does, nobody else does, and an error in it is told."""
    database = Database(url)
    query = sa.select(schema_version.c.version)
    with database.rehearsal() as connection:
        connection.execute(sa.update(schema_version).values(version=99))
        assert connection.execute(query).scalar_one() == 99
    with database.write() as connection:
        assert connection.execute(query).scalar_one() == SCHEMA_VERSION
    with pytest.raises(ZeroDivisionError), database.rehearsal():
        _ = 1 / 0
    assert database.seen_changes == 1


def test_sqlite_is_durable(url: str) -> None:
    """WAL, full synchronisation and foreign keys are on for every connection."""
    with Database(url).read() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert pragmas == ["wal", 2, 1]


def test_only_what_may_be_lost_is_not_synced(url: str) -> None:
    """A write that need not survive a power cut does not make the next one careless."""
    database = Database(url)
    found = []
    for synced in (True, False, True):
        with database.write(synced=synced) as connection:
            found.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
    assert found == [2, 1, 2]


def test_writers_in_threads_wait_for_each_other(url: str) -> None:
    """Read-then-write in eight threads counts every step."""
    database = Database(url)

    def count() -> None:
        for _ in range(25):
            with database.write() as connection:
                now = connection.execute(sa.select(schema_version.c.version)).scalar_one()
                connection.execute(sa.update(schema_version).values(version=now + 1))

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert (
            connection.execute(sa.select(schema_version.c.version)).scalar_one()
            == SCHEMA_VERSION + 200
        )


def test_another_process_is_waited_for(url: str, tmp_path: Path) -> None:
    """A writer outside this process delays us, and nothing fails."""
    database = Database(url)
    other = sqlite3.connect(tmp_path / "deep" / "db.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = threading.Thread(target=lambda: database.write().__enter__())
    writing.start()
    other.execute("COMMIT")
    other.close()
    writing.join(timeout=60)
    assert not writing.is_alive()


def write_and_close(file: Path) -> None:
    """Change a database; the last writer to go brings the log into the file."""
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("CREATE TABLE more (x)")


class TestLooking:
    """A database opened by one who only looks."""

    def test_it_cannot_be_written(self, url: str) -> None:
        """Not even by mistake, at rest or in use."""
        made = Database(url)
        for _ in range(2):
            looking = Database(url, looking=True)
            with pytest.raises(DatabaseError, match="READONLY"), looking.write() as connection:
                connection.execute(sa.update(schema_version).values(version=99))
            made.close()

    def test_it_is_not_made(self, url: str, tmp_path: Path) -> None:
        """Where there is none, no folder appears."""
        with pytest.raises(NoInstallation, match=r"db\.sqlite \(storage\.database\)"):
            Database(url, looking=True)
        assert list(tmp_path.iterdir()) == []

    def test_what_is_written_is_seen(self, url: str) -> None:
        """Each look sees the last commit, while a writer is there and after it went."""
        Database(url).close()
        looking = Database(url, looking=True)
        seen = []
        for version in (97, 98):
            writer = sa.create_engine(url)
            with writer.begin() as connection:
                connection.execute(sa.update(schema_version).values(version=version))
                for _ in range(2):
                    with looking.read() as other:
                        seen.append(other.execute(sa.select(schema_version.c.version)).scalar_one())
                    connection.commit()
            writer.dispose()
        assert seen == [SCHEMA_VERSION, 97, 97, 98]

    def test_a_writer_that_comes_meanwhile(self, url: str, tmp_path: Path) -> None:
        """What was read from a file at rest does not count when the file was written meanwhile."""
        Database(url).close()
        looking = Database(url, looking=True)
        with pytest.raises(DatabaseError, match="try again"), looking.read():
            write_and_close(tmp_path / "deep" / "db.sqlite")


def test_a_newer_schema_is_refused(url: str) -> None:
    """An older program does not touch what it does not know."""
    database = Database(url)
    with database.write() as connection:
        connection.execute(sa.update(schema_version).values(version=99))
    database.close()
    with pytest.raises(DatabaseError, match="99"):
        Database(url)


@pytest.mark.parametrize(
    "url", ["sqlite:////proc/nowhere/db", "nonsense://x", "sqlite:////etc/hosts"]
)
def test_what_cannot_be_opened_is_named(url: str) -> None:
    """The error names the setting."""
    with pytest.raises(DatabaseError, match=r"storage\.database"):
        Database(url)


def test_references_are_held(url: str) -> None:
    """A report without an exam cannot be entered."""
    with pytest.raises(DatabaseError, match="FOREIGNKEY"), Database(url).write() as connection:
        connection.execute(
            sa.insert(report).values(
                exam_id=1, instance_id=1, sop_instance_uid="1", state="pending"
            )
        )


def test_an_error_quotes_no_value(url: str) -> None:
    """SQLAlchemy quotes the statement with its values; we name the code."""
    with pytest.raises(DatabaseError) as error, Database(url).write() as connection:
        connection.execute(sa.text("SELECT :name FROM nowhere"), {"name": "Müller"})

    assert "Müller" not in str(error.value)
    assert "SQLITE_ERROR" in str(error.value)


def test_a_read_raises_our_error_too(url: str) -> None:
    """Whoever reads has one kind of error to deal with."""
    with pytest.raises(DatabaseError), Database(url).read() as connection:
        connection.execute(sa.text("SELECT 1 FROM nowhere"))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_old_database_is_upgraded_and_keeps_its_rows(tmp_path: Path, version: int) -> None:
    """What a former version of the schema wrote is what ours would have made, rows included."""
    file = tmp_path / "old.sqlite"
    old = sqlite3.connect(file)
    old.executescript((Path(__file__).parent / "schema_1.sql").read_text("utf-8"))
    old.execute(
        "INSERT INTO placed_order VALUES (1, 'R1', '1.2', '', '', '', '', '', '', '', '', 0)"
    )
    old.execute("INSERT INTO order_reference VALUES (1, '4711', '', 'SONO00', '')")
    old.commit()
    old.close()
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        upgrade(connection, 1, version)
        connection.execute(sa.update(schema_version).values(version=version))
    engine.dispose()

    database = Database(f"sqlite:///{file}")

    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        reference = connection.execute(sa.text("SELECT * FROM order_reference")).mappings().one()
        order = connection.execute(sa.select(placed_order)).mappings().one()
        current = connection.execute(sa.select(schema_version.c.version)).scalar_one()
    database.close()
    assert dict(reference) == {
        "order_id": 1,
        "case_id": "4711",
        "request_uid": "",
        "device_code": "SONO00",
        "test_id": "",
        **dict.fromkeys(("ordered_by", "route", "test_name", "addressed_to"), ""),
        **dict.fromkeys(("number_field", "echo"), ""),
    }
    added = (order["physician"], order["scheduled"], order["created"], order["listing"])
    assert (order["accession_number"], *added) == ("R1", "", "", "", None)
    assert current == SCHEMA_VERSION


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    """A step that cannot be taken leaves the old database as it was."""
    file = tmp_path / "old.sqlite"
    old = sqlite3.connect(file)
    old.executescript((Path(__file__).parent / "schema_1.sql").read_text("utf-8"))
    old.execute("ALTER TABLE exam ADD COLUMN route TEXT")
    old.commit()
    before = list(old.iterdump())
    old.close()

    with pytest.raises(DatabaseError, match=r"storage\.database"):
        Database(f"sqlite:///{file}")

    assert list(sqlite3.connect(file).iterdump()) == before
