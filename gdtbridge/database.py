"""The database: engine and transactions; the tables are in ``gdtbridge.schema``.

SQLite by default (WAL, ``synchronous=FULL``, immediate write transactions); the same schema runs on
PostgreSQL. Nothing outside this module is SQLite-only.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from gdtbridge.durable import FileStamp
from gdtbridge.durable.modes import PRIVATE_FILE
from gdtbridge.errors import (
    BridgeError,
    DatabaseError,
    DatabaseUnavailable,
    NoInstallation,
    OutOfResources,
)
from gdtbridge.schema import SCHEMA_VERSION, metadata, schema_version, service_owner

log = logging.getLogger(__name__)

Connection = sa.Connection

BUSY_SECONDS: Final = 30
"""How long all writers together wait for another process (a command, a backup program)."""
LATE_SECONDS: Final = 2
"""How long a writer waits that comes when all the others have given up already."""
LONG_SECONDS: Final = 5
"""A lock that lasts longer is told."""
STEP_SECONDS: Final = 0.25
"""How long a writer waits before it looks again whether all are to give up."""
CONNECTION_WAITS: Final = {"connect_timeout": 10, "tcp_user_timeout": 30_000}
"""How long libpq waits for a server (seconds) and for an acknowledgement of data (milliseconds)."""
WRITERS_LOCK: Final = 0x67647462
"""The advisory lock every writer on PostgreSQL takes; any number nobody else uses ("gdtb")."""


class WriterLock:
    """What another program's lock does to our writers: since when, and until when all wait.

    One for all writers of a process, so that they give up together and not one after the other.
    """

    def __init__(self) -> None:
        self._since: float | None = None  # monotonic, as is the next
        self._last: tuple[float, float] | None = None  # the last one that lasted

    @property
    def seconds(self) -> float:
        """How long another program has kept every writer waiting; 0 when none does."""
        since = self._since
        return 0.0 if since is None else max(time.monotonic() - since, STEP_SECONDS)

    def met(self, waiting_since: float) -> None:
        """Note that a writer who began to wait then (monotonic) could not write yet."""
        if self._since is None:
            self._since = waiting_since

    def gone(self) -> None:
        """Note that somebody could write."""
        if self.is_long:
            assert self._since is not None  # noqa: S101 - or it would not be long
            self._last = self._since, time.monotonic()
        self._since = None

    @property
    def is_long(self) -> bool:
        """Whether nobody could write for longer than a command of ours takes."""
        return self.seconds > LONG_SECONDS

    def long_since(self, kept: float) -> float | None:
        """Return how many seconds ago a long lock began that lasts, or was there ``kept`` ago."""
        now = time.monotonic()
        if self.is_long:
            return self.seconds
        if self._last is None or now - self._last[1] > kept:
            return None
        return now - self._last[0]

    def seconds_left(self, arrived: float) -> float:
        """Return how long a writer who arrived then (monotonic) is to wait on, at most."""
        since = self._since
        if since is None:
            return BUSY_SECONDS
        late = min(LATE_SECONDS, BUSY_SECONDS)
        return max(since + BUSY_SECONDS, arrived + late) - time.monotonic()

    def must_wait_on(self, arrived: float) -> None:
        """Raise `DatabaseUnavailable` when a writer who arrived then has waited for long enough."""
        if self.seconds_left(arrived) <= 0:
            raise _locked()


class _Rehearsed(Exception):
    """A rehearsal is over."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One write transaction: how durable it is to be, and whom it waits for."""

    lock: WriterLock
    synced: bool = True
    arrived: float = field(default_factory=time.monotonic)


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
            self.engine = _engine(url, looking=looking)
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
        with self.engine.connect() as connection, _changing(connection, _Turn(self.lock)):
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
                raise NoInstallation(_place(self.engine.url))
            found = connection.execute(sa.select(schema_version.c.version)).scalar()
        if found is None:
            raise NoInstallation(_place(self.engine.url))
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
        turn = _Turn(self.lock, synced)
        with self._next_to_write(turn), self._connect() as connection:
            try:
                with _changing(connection, turn):
                    self._must_be_ours(connection)
                    yield connection
                    self._must_be_there()
            except SQLAlchemyError as error:
                if _is_locked(error):
                    self.lock.met(turn.arrived)
                raise _told(error) from error
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
    def _next_to_write(self, turn: _Turn) -> Iterator[None]:
        """Let one of this process write at a time; raise `DatabaseUnavailable` when none can."""
        while not self._writing.acquire(timeout=STEP_SECONDS):
            self.lock.must_wait_on(turn.arrived)
        try:
            yield
        finally:
            self._writing.release()

    def try_lock(self) -> None:
        """Find out whether a lock that made all writers give up is gone; waits two seconds."""
        if self.lock.seconds > BUSY_SECONDS:
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
                raise _told(error) from error

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
                raise _lost()

    def _connect(self) -> Connection:
        if not self.is_owned:
            raise _lost()
        self._must_be_there()  # or SQLite makes an empty file of that name
        try:
            return self.engine.connect()
        except SQLAlchemyError as error:
            raise _told(error) from error

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


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None where it is in memory or on a server."""
    parsed = sa.make_url(url)
    in_file = parsed.get_backend_name() == "sqlite" and parsed.database not in {None, ":memory:"}
    return Path(str(parsed.database)).resolve() if in_file else None


def is_ours(url: str) -> bool:
    """Return whether there is a database of ours; what cannot be told is left to opening it.

    Nothing is made, but an interrupted log (``-wal``) is brought in. Raises `DatabaseError` where a
    server does not answer.
    """
    file = sqlite_file(url)
    if file is None:
        try:
            Database(url, looking=True).close()
        except NoInstallation:
            return False
        return True
    if not file.is_file() or file.stat().st_size == 0:
        return False
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as connection:
            found = connection.execute("SELECT version FROM schema_version").fetchone()
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorname", "")
        return code not in {"SQLITE_ERROR", "SQLITE_NOTADB"}  # no such table, no database
    return found is not None


def copy_to(url: str, target: Path) -> None:
    """Copy an SQLite database to a new file, as it is at one moment, while others write.

    Nothing but ``target`` changes (sqlite.org/backup.html). Raises `DatabaseError` where there is
    none of ours, or the copy is damaged, and then there is no ``target``.
    """
    Database(url, looking=True).close()
    file = sqlite_file(url)
    if file is None:
        raise DatabaseError(
            "Nur eine Datenbank als Datei (SQLite) wird hier gesichert; für PostgreSQL bitte "
            "pg_dump nehmen. / Only a database in a file (SQLite) is copied; use pg_dump for "
            "PostgreSQL."
        )
    try:
        target.touch(PRIVATE_FILE)
        with (
            closing(sqlite3.connect(f"{file.as_uri()}?{_way_to_look(file)}", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            damage = _damage(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without companions
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise DatabaseError(
            f"{file}: nicht kopiert. / not copied: {getattr(error, 'sqlite_errorname', '')}"
        ) from error
    if damage:
        target.unlink()
        raise _damaged(file, damage)


def must_be_whole(file: Path) -> None:
    """Raise `DatabaseError` where an SQLite database is damaged or cannot be read."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            damage = _damage(opened)
    except sqlite3.Error as error:
        damage = getattr(error, "sqlite_errorname", "")
    if damage:
        raise _damaged(file, damage)


def _damage(connection: sqlite3.Connection) -> str:
    """Return what is wrong with the pages of a database, or nothing (PRAGMA quick_check)."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    return "" if found == "ok" else "quick_check"


def _damaged(file: Path, damage: str) -> DatabaseError:
    return DatabaseError(f"{file} ist beschädigt. / is damaged: {damage}.")


def _place(url: sa.URL) -> str:
    """Return where a database is or should be, without its password."""
    return f"{url.render_as_string(hide_password=True)} (storage.database)"


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


@contextmanager
def _changing(connection: Connection, turn: _Turn) -> Iterator[None]:
    """Run a write transaction; see `_sqlite_begin`."""
    connection.info["turn"] = turn
    try:
        with connection.begin():
            yield
    finally:
        connection.info.pop("turn", None)


def _told(error: SQLAlchemyError) -> BridgeError:
    """Return our error for the database's: what it quotes may be a patient's, its code is not.

    No room is SQLITE_FULL, or disk_full of PostgreSQL (53100).
    """
    codes = _codes(error)
    if not {"SQLITE_FULL", "53100"}.isdisjoint(codes):
        return OutOfResources(
            "Die Platte der Datenbank ist voll. / The disk of the database is full."
        )
    if _is_locked(error):
        return _locked()
    if _is_away(error, codes):
        return _lost()
    code = next(iter(codes), type(error).__name__)
    return DatabaseError(
        "Die Datenbank ist gerade nicht benutzbar; bitte noch einmal versuchen. / The database "
        f"cannot be used at the moment; please try again. [{code}]"
    )


def _codes(error: SQLAlchemyError) -> list[str]:
    cause = getattr(error, "orig", None)
    codes = (getattr(cause, name, None) for name in ("sqlite_errorname", "sqlstate"))
    return [code for code in codes if code]


def _is_locked(error: SQLAlchemyError) -> bool:
    """Whether it is a lock of another program: SQLITE_BUSY, or lock_not_available (55P03)."""
    return any(code.startswith("SQLITE_BUSY") or code == "55P03" for code in _codes(error))


def _is_away(error: SQLAlchemyError, codes: Sequence[str]) -> bool:
    """Whether a server does not answer or ends (57P01 to 57P05, class 08)."""
    if not codes:
        return isinstance(error, OperationalError)
    return any(code.startswith(("57P", "08")) for code in codes)


def _lost() -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "Die Datenbank ist nicht erreichbar, oder ein anderer Dienst hat sie übernommen; bitte "
        "später noch einmal versuchen. / The database cannot be reached, or another service has "
        "taken it over; please try again later."
    )


def _locked() -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "Die Datenbank ist von einem anderen Programm gesperrt (Datensicherung?); bitte später noch"
        " einmal versuchen. / The database is locked by another program (a backup?); please try "
        "again later."
    )


def _engine(url: str, *, looking: bool) -> Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _server_engine(parsed, looking=looking)
    if looking:
        return _looking_engine(parsed)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        parsed,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=16,
        max_overflow=64,
    )
    event.listen(engine, "connect", _sqlite_pragmas)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _looking_engine(url: sa.URL) -> Engine:
    """Return an engine that opens the file for reading, anew for each transaction."""
    file = Path(url.database or "")
    if not file.is_file():
        raise NoInstallation(_place(url))

    def connect(_dialect: object, record: ConnectionPoolEntry, *_: object) -> sqlite3.Connection:
        how = _way_to_look(file)
        record.info["at rest"] = file if how == _AT_REST else None
        return sqlite3.connect(
            f"{file.absolute().as_uri()}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "begin", _sqlite_begin)
    event.listen(engine, "begin", _note_file)
    event.listen(engine, "commit", _must_be_at_rest)
    return engine


_AT_REST: Final = "immutable=1"
_IN_USE: Final = "mode=ro&readonly_shm=1"


def _way_to_look(file: Path) -> str:
    """Return the query of an SQLite URI by which reading leaves no trace (sqlite.org/uri.html).

    Opening a WAL database makes ``-wal`` and ``-shm`` where they are missing, even to read it. A
    file at rest has neither and is opened as one nobody writes. Where both are there,
    ``readonly_shm`` keeps a reader from marking its place in the index. Raises `DatabaseError`
    where only the index is missing: it would have to be made.
    """
    wal, shm = (file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))
    for one in (file, wal, shm):
        if one.exists() and not os.access(one, os.R_OK):
            raise DatabaseError(
                f"storage.database: Dieser Benutzer darf {one} nicht lesen. / This user may not "
                f"read {one}."
            )
    if wal.exists() and shm.exists():
        return _IN_USE
    if wal.exists() and wal.stat().st_size:
        raise DatabaseError(
            f"storage.database: {file} wurde nicht zu Ende geschrieben (kopiert oder "
            "zurückgespielt?). Bitte den Dienst einmal starten, er bringt sie in Ordnung. / was "
            "not closed properly (copied or restored?); start the service once, it mends that."
        )
    return _AT_REST


def _note_file(connection: Connection) -> None:
    if file := connection.info["at rest"]:
        connection.info["stamp"] = FileStamp.of(file.stat())


def _must_be_at_rest(connection: Connection) -> None:
    """Raise `DatabaseError` when a file opened as one nobody writes was written meanwhile."""
    file = connection.info["at rest"]
    if file and FileStamp.of(file.stat()) != connection.info["stamp"]:
        raise DatabaseError(
            "Die Datenbank wurde gerade beschrieben; bitte noch einmal versuchen. / The database "
            "was written to just now; please try again."
        )


def _server_engine(url: sa.URL, *, looking: bool) -> Engine:
    arguments: dict[str, int | str] = {}
    if url.get_driver_name().startswith("psycopg"):
        arguments |= CONNECTION_WAITS
        if looking:
            arguments["options"] = "-c default_transaction_read_only=on"
    arguments = {key: value for key, value in arguments.items() if key not in url.query}
    engine = sa.create_engine(url, pool_pre_ping=True, connect_args=arguments)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _postgresql_begin)
    return engine


def _postgresql_begin(connection: Connection) -> None:
    """Give a transaction what it has on SQLite: one writer at a time, readers with one state.

    A writer that has waited must see what was committed meanwhile; so its isolation level stays
    READ COMMITTED.
    """
    turn: _Turn | None = connection.info.get("turn")
    if turn:
        patience = max(1, round(turn.lock.seconds_left(turn.arrived) * 1000))
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = {patience}; SELECT pg_advisory_xact_lock({WRITERS_LOCK})"
        )
        if not turn.synced:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _sqlite_pragmas(connection: object, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # we say BEGIN ourselves
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    """Take the write lock at once: a read that becomes a write could fail half-way otherwise."""
    turn: _Turn | None = connection.info.get("turn")
    if turn is None:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if turn.synced else 'NORMAL'}")
    _set_patience(connection, STEP_SECONDS)
    try:
        _begin_writing(connection, turn)
    finally:
        _set_patience(connection, BUSY_SECONDS)


def _begin_writing(connection: Connection, turn: _Turn) -> None:
    """Take SQLite's write lock; raise `DatabaseUnavailable` when all have waited long enough."""
    began = time.monotonic()
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except SQLAlchemyError as error:
            if not _is_locked(error):
                raise
            turn.lock.met(began)
            turn.lock.must_wait_on(turn.arrived)
        else:
            turn.lock.gone()
            return


def _set_patience(connection: Connection, seconds: float) -> None:
    """Set how long SQLite itself waits for a lock."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - the only driver for SQLite here
    raw.execute(f"PRAGMA busy_timeout={round(seconds * 1000)}").close()
