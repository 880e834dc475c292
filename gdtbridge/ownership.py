"""One service for each database: who holds it, and what the one does that has lost it.

On PostgreSQL the service holds an advisory lock for as long as its connection lives
(postgresql.org/docs/current/explicit-locking.html, 13.3.5), and writes a token that each of its
transactions finds again: so one that was cut off writes nothing once another has taken over. An
SQLite file has a lock file beside it.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from gdtbridge.database import CONNECTION_WAITS, Database, sqlite_file
from gdtbridge.durable import FileLock, LockBusy
from gdtbridge.errors import DatabaseError, SettingsError
from gdtbridge.schema import service_owner

log = logging.getLogger(__name__)

OWNERS_LOCK: Final = 0x6764746F
"""The advisory lock a service holds; any number nobody else uses ("gdto")."""
TAKE_SECONDS: Final = 3
"""How long a start waits for the connection of a service that has just ended to be gone."""
PAUSE_SECONDS: Final = 0.2
_KEEPALIVES: Final = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
)
"""A host that vanished without a word loses its lock after 25 seconds."""


class Ownership:
    """Holds a database on a server for this service; on SQLite there is nothing to keep."""

    def __init__(self, database: Database) -> None:
        """Hold nothing yet."""
        self._database = database
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None
        if database.engine.dialect.name == "postgresql":
            self._engine = _engine_of(database)

    def take(self) -> None:
        """Become the database's only service; raise `SettingsError` where another one is."""
        if self._engine is None:
            return
        end = time.monotonic() + TAKE_SECONDS
        while not self._try():
            if time.monotonic() > end:
                raise _taken(self._holder())
            time.sleep(PAUSE_SECONDS)

    def keep(self) -> None:
        """Find out whether the lock is still held, and take it again; call it once a second.

        Who has lost it reads and writes nothing: devices get A700, nothing is delivered.
        """
        if self._engine is None or self._is_held():
            return
        if self._database.is_owned:
            log.error("the database is lost: nothing is stored or delivered until it is back")
        self._database.lose()
        self._drop()
        with suppress(SQLAlchemyError, DatabaseError):
            if self._try():
                log.warning("the database is back")

    def release(self) -> None:
        """Let another service have the database."""
        self._drop()
        if self._engine is not None:
            self._engine.dispose()

    def _try(self) -> bool:
        assert self._engine is not None  # noqa: S101 - asked by the callers
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql(_KEEPALIVES)
            lock = f"SELECT pg_try_advisory_lock({OWNERS_LOCK})"
            if not connection.exec_driver_sql(lock).scalar():
                connection.close()
                return False
            self._connection = connection
            self._sign()
        except BaseException:
            self._connection = None
            connection.close()
            raise
        return True

    def _sign(self) -> None:
        """Write down who holds the database; from now on our transactions look for the token."""
        token = secrets.token_hex(16)
        values = {"token": token, "host": socket.gethostname(), "pid": os.getpid()}
        self._database.own("")
        try:
            with self._database.write() as connection:
                connection.execute(sa.delete(service_owner))
                connection.execute(sa.insert(service_owner).values(id=1, **values))
        except BaseException:
            self._database.lose()
            raise
        self._database.own(token)

    def _holder(self) -> str:
        with self._database.read() as connection:
            row = connection.execute(sa.select(service_owner)).first()
        return f"{row.host}, {row.pid}" if row is not None else "?"

    def _is_held(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            return False
        return True

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None


def _engine_of(database: Database) -> sa.Engine:
    url = database.engine.url
    waits = {key: value for key, value in CONNECTION_WAITS.items() if key not in url.query}
    return sa.create_engine(
        url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args=waits
    )


@contextmanager
def only_service(database: Database) -> Iterator[Ownership]:
    """Be the only service of a database; raise `SettingsError` where another one is."""
    file = sqlite_file(str(database.engine.url))
    if file is not None:
        with file_held(file):
            yield Ownership(database)
        return
    ownership = Ownership(database)
    try:
        ownership.take()
        yield ownership
    finally:
        ownership.release()


@contextmanager
def file_held(file: Path) -> Iterator[None]:
    """Keep every service off an SQLite file; raise `SettingsError` where one works on it."""
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(file.with_name(f"{file.name}.lock"), timeout=1).hold())
        except LockBusy as error:
            raise _taken(str(file)) from error
        yield


def _taken(who: str) -> SettingsError:
    return SettingsError(
        f"storage.database: Mit dieser Datenbank arbeitet schon ein Dienst ({who}). Jeder Dienst "
        f"braucht eine eigene. / A service works on this database already ({who}); each needs one "
        "of its own."
    )
