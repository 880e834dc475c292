"""Looking at a database from outside: whether it is ours, copying it, whether it is whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gdtbridge.database.database import Database
from gdtbridge.database.files import sqlite_file, way_to_look
from gdtbridge.durable.modes import PRIVATE_FILE
from gdtbridge.errors import DatabaseError, NoInstallation


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
            closing(sqlite3.connect(f"{file.as_uri()}?{way_to_look(file)}", uri=True)) as source,
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
