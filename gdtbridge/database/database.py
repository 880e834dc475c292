"""One way to read and one way to write; the tables are in ``gdtbridge.schema``.

SQLite by default (WAL, ``synchronous=FULL``, immediate write transactions); the same schema runs on
PostgreSQL.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gdtbridge.database import engines, writer_lock
from gdtbridge.database.engines import changing
from gdtbridge.database.files import place_of
from gdtbridge.database.telling import is_locked, lost, told
from gdtbridge.database.writer_lock import WriterLock, WriterTurn
from gdtbridge.errors import DatabaseError, NoInstallation
from gdtbridge.schema import SCHEMA_VERSION, metadata, schema_version, service_owner

log = logging.getLogger(__name__)

Connection = sa.Connection


class _Rehearsed(Exception):
    """A rehearsal is over."""


class Database:
    """An engine with one way to read and one way to write.

    ``write`` transactions are serialised in this process; against other processes SQLite's own lock
    is waited for. Share one object between threads.
    """

    def __init__(self, url: str, *, looking: bool = False) -> None:
        """Open ``url`` (SQLAlchemy), create what is missing; raise `DatabaseError` otherwise.

        Who is only ``looking`` cannot write, makes and upgrades nothing, leaves no trace on the
        disk, and gets a `NoInstallation` where there is no database of ours.
        """
        self._writing = threading.RLock()
        self.lock = WriterLock()
        self._token: str | None = ""  # of the service that holds it; None when that was lost
        self._file: Path | None = None
        self._opened: os.stat_result | None = None
        self.url = url
        self.transactions = 0
        """How many write transactions this object has committed."""
        self.seen_changes = 0
        """How many of them changed what a page shows."""
        try:
            self.engine = engines.engine_of(url, looking=looking)
            with ExitStack() as undone:
                undone.callback(self.close)
                if looking:
                    self._recognise()
                else:
                    self._prepare()
                self._remember_file()
                undone.pop_all()
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise DatabaseError(
                "storage.database: Die Datenbank lässt sich nicht öffnen. / The database cannot be "
                f"opened: {type(error).__name__}: {getattr(error, 'orig', None) or error}"
            ) from error

    def _prepare(self) -> None:
        with self.engine.connect() as connection, changing(connection, WriterTurn(self.lock)):
            _make_tables(connection)
            found = connection.execute(sa.select(schema_version.c.version)).scalar()
            if found is None:
                connection.execute(sa.insert(schema_version).values(version=SCHEMA_VERSION))
            elif found > SCHEMA_VERSION:
                raise _newer(found)
            elif found < SCHEMA_VERSION:
                _upgrade(connection, found)

    def _recognise(self) -> None:
        """Raise unless our schema, of this version, is there."""
        with self.engine.connect() as connection, connection.begin():
            if not sa.inspect(connection).has_table(schema_version.name):
                raise NoInstallation(place_of(self.engine.url))
            found = connection.execute(sa.select(schema_version.c.version)).scalar()
        if found is None:
            raise NoInstallation(place_of(self.engine.url))
        if found > SCHEMA_VERSION:
            raise _newer(found)
        if found < SCHEMA_VERSION:
            raise DatabaseError(
                f"Die Datenbank hat noch Schema {found}, dieses Programm braucht {SCHEMA_VERSION}: "
                "Bitte den Dienst einmal neu starten, er stellt sie um. / The database still has "
                f"schema {found}, this program needs {SCHEMA_VERSION}; restart the service once, "
                "it upgrades the database."
            )

    @contextmanager
    def write(self, *, synced: bool = True, seen: bool = True) -> Iterator[Connection]:
        """Yield a connection inside one write transaction; commit at the end, roll back on error.

        What is not ``seen`` changes nothing that a page shows at once: pages are not told of it.

        When it returns, the changes are on the disk; those not ``synced`` may be lost with the
        power, never with the process, and get there with the next that are. Raises
        `OutOfResources` when the disk is full, `DatabaseUnavailable` when another program keeps the
        database locked for too long, and `DatabaseError` for whatever else it complains of.
        """
        turn = WriterTurn(self.lock, synced)
        with self._next_to_write(turn), self._connect() as connection:
            try:
                with changing(connection, turn):
                    self._must_be_ours(connection)
                    yield connection
                    self._must_be_there()
            except SQLAlchemyError as error:
                if is_locked(error):
                    self.lock.met(turn.arrived)
                raise told(error) from error
            self.transactions += 1
            self.seen_changes += seen
            self.lock.gone()

    @contextmanager
    def rehearsal(self) -> Iterator[Connection]:
        """Yield a connection whose changes are visible to it alone and never happen.

        For asking the code that changes things what it would do. It keeps writers waiting as a
        write transaction does, so be short. Raises as `write` does.
        """
        with suppress(_Rehearsed), self.write(synced=False) as connection:
            yield connection
            raise _Rehearsed

    @contextmanager
    def _next_to_write(self, turn: WriterTurn) -> Iterator[None]:
        """Let one of this process write at a time; raise `DatabaseUnavailable` when none can."""
        while not self._writing.acquire(timeout=writer_lock.STEP_SECONDS):
            self.lock.must_wait_on(turn.arrived)
        try:
            yield
        finally:
            self._writing.release()

    def try_lock(self) -> None:
        """Find out whether a lock that made all writers give up is gone; waits two seconds."""
        if self.lock.seconds > writer_lock.BUSY_SECONDS:
            with suppress(DatabaseError), self.write(synced=False, seen=False):
                pass

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one consistent state and changes nothing.

        Raises `DatabaseError`.
        """
        with self._connect() as connection:
            try:
                with connection.begin():
                    yield connection
            except SQLAlchemyError as error:
                raise told(error) from error

    @property
    def is_owned(self) -> bool:
        """Whether nobody took the database from us, as far as we know."""
        return self._token is not None

    def own(self, token: str) -> None:
        """Write only where ``token`` is that of the service that holds it; empty: do not look."""
        self._token = token

    def lose(self) -> None:
        """Refuse every transaction with `DatabaseUnavailable` until it is owned again."""
        self._token = None

    def _must_be_ours(self, connection: Connection) -> None:
        """Raise `DatabaseUnavailable` when another service has taken over."""
        if self._token:
            found = connection.execute(sa.select(service_owner.c.token)).scalar()
            if found != self._token:
                self.lose()
                raise lost()

    def _connect(self) -> Connection:
        if not self.is_owned:
            raise lost()
        self._must_be_there()  # or SQLite makes an empty file of that name
        try:
            return self.engine.connect()
        except SQLAlchemyError as error:
            raise told(error) from error

    def _remember_file(self) -> None:
        """Note which file SQLite has open, to notice when another one or none takes its place."""
        name = self.engine.url.database
        if self.engine.dialect.name == "sqlite" and name and Path(name).is_file():
            self._file = Path(name).absolute()
            self._opened = self._file.stat()

    def _must_be_there(self) -> None:
        """Raise `DatabaseError` when the file was moved, deleted or replaced.

        SQLite would go on writing to a file that has no name any more, and all of it would be lost.
        """
        if self._file is None or self._opened is None:
            return
        try:
            if os.path.samestat(self._file.stat(), self._opened):
                return
        except OSError:
            pass
        raise DatabaseError(
            "Die Datei der Datenbank wurde im Betrieb entfernt oder ersetzt. Bitte zurücklegen "
            "oder den Dienst neu starten. / The database file was removed or replaced while in "
            "use; put it back or restart the service."
        )

    def close(self) -> None:
        """Close every connection; waits for nobody."""
        self.engine.dispose()


def _newer(found: int) -> DatabaseError:
    return DatabaseError(
        f"Die Datenbank hat Schema {found}, dieses Programm {SCHEMA_VERSION}: Bitte das passende "
        "Programm verwenden. / The database was written by a newer version of the program; use "
        "that one."
    )


def _make_tables(connection: Connection) -> None:
    """Make the tables that are missing; asking for each of them takes a start longer."""
    there = sa.inspect(connection).get_table_names()
    missing = [one for one in metadata.tables.values() if one.name not in there]
    metadata.create_all(connection, missing, checkfirst=False)


def _upgrade(connection: Connection, found: int) -> None:
    """Bring the schema from version ``found`` to ours, within the caller's transaction."""
    from gdtbridge.upgrades import upgrade  # alembic is slow to import and seldom needed

    upgrade(connection, found, SCHEMA_VERSION)
    connection.execute(sa.update(schema_version).values(version=SCHEMA_VERSION))
    log.info("database upgraded from schema %d to %d", found, SCHEMA_VERSION)
