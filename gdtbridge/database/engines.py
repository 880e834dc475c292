"""Engines, and how a transaction begins: on SQLite for writing or looking, on PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from gdtbridge.database import writer_lock
from gdtbridge.database.files import AT_REST, place_of, way_to_look
from gdtbridge.database.telling import is_locked
from gdtbridge.database.writer_lock import WriterTurn
from gdtbridge.durable import FileStamp
from gdtbridge.errors import DatabaseError, NoInstallation

CONNECTION_WAITS: Final = {"connect_timeout": 10, "tcp_user_timeout": 30_000}
"""How long libpq waits for a server (seconds) and for an acknowledgement of data (milliseconds)."""
KEPT_OPEN: Final = 16
"""Connections that stay open when nobody needs them."""
MORE_ON_A_SERVER: Final = 48
"""Further ones at a time to a server, which takes 100 from everybody; files take more."""
WRITERS_LOCK: Final = 0x67647462
"""The advisory lock every writer on PostgreSQL takes; any number nobody else uses ("gdtb")."""


@contextmanager
def changing(connection: sa.Connection, turn: WriterTurn) -> Iterator[None]:
    """Run a write transaction; see `_sqlite_begin`."""
    connection.info["turn"] = turn
    try:
        with connection.begin():
            yield
    finally:
        connection.info.pop("turn", None)


def engine_of(url: str, *, looking: bool) -> Engine:
    """Return the engine for a URL; who is only ``looking`` changes nothing."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _server_engine(parsed, looking=looking)
    if looking:
        return _looking_engine(parsed)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        parsed,
        connect_args={"timeout": writer_lock.BUSY_SECONDS, "check_same_thread": False},
        pool_size=KEPT_OPEN,
        max_overflow=64,
    )
    event.listen(engine, "connect", _sqlite_pragmas)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _looking_engine(url: sa.URL) -> Engine:
    """Return an engine that opens the file for reading, anew for each transaction."""
    file = Path(url.database or "")
    if not file.is_file():
        raise NoInstallation(place_of(url))

    def connect(_dialect: object, record: ConnectionPoolEntry, *_: object) -> sqlite3.Connection:
        how = way_to_look(file)
        record.info["at rest"] = file if how == AT_REST else None
        return sqlite3.connect(
            f"{file.absolute().as_uri()}?{how}",
            uri=True,
            timeout=writer_lock.BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "begin", _sqlite_begin)
    event.listen(engine, "begin", _note_file)
    event.listen(engine, "commit", _must_be_at_rest)
    return engine


def _note_file(connection: sa.Connection) -> None:
    if file := connection.info["at rest"]:
        connection.info["stamp"] = FileStamp.of(file.stat())


def _must_be_at_rest(connection: sa.Connection) -> None:
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
    engine = sa.create_engine(
        url,
        pool_pre_ping=True,
        connect_args=arguments,
        pool_size=KEPT_OPEN,
        max_overflow=MORE_ON_A_SERVER,
    )
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _postgresql_begin)
    return engine


def _postgresql_begin(connection: sa.Connection) -> None:
    """Give a transaction what it has on SQLite: one writer at a time, readers with one state.

    A writer that has waited must see what was committed meanwhile; so its isolation level stays
    READ COMMITTED.
    """
    turn: WriterTurn | None = connection.info.get("turn")
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


def _sqlite_begin(connection: sa.Connection) -> None:
    """Take the write lock at once: a read that becomes a write could fail half-way otherwise."""
    turn: WriterTurn | None = connection.info.get("turn")
    if turn is None:
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if turn.synced else 'NORMAL'}")
    _set_patience(connection, writer_lock.STEP_SECONDS)
    try:
        _begin_writing(connection, turn)
    finally:
        _set_patience(connection, writer_lock.BUSY_SECONDS)


def _begin_writing(connection: sa.Connection, turn: WriterTurn) -> None:
    """Take SQLite's write lock; raise `DatabaseUnavailable` when all have waited long enough."""
    began = time.monotonic()
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except SQLAlchemyError as error:
            if not is_locked(error):
                raise
            turn.lock.met(began)
            turn.lock.must_wait_on(turn.arrived)
        else:
            turn.lock.gone()
            return


def _set_patience(connection: sa.Connection, seconds: float) -> None:
    """Set how long SQLite itself waits for a lock."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - the only driver for SQLite here
    raw.execute(f"PRAGMA busy_timeout={round(seconds * 1000)}").close()
