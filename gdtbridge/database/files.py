"""The files of an SQLite database: which one it is, and reading it without a trace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from gdtbridge.errors import DatabaseError


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None where it is in memory or on a server."""
    parsed = sa.make_url(url)
    in_file = parsed.get_backend_name() == "sqlite" and parsed.database not in {None, ":memory:"}
    return Path(str(parsed.database)).resolve() if in_file else None


def place_of(url: sa.URL) -> str:
    """Return where a database is or should be, without its password."""
    return f"{url.render_as_string(hide_password=True)} (storage.database)"


AT_REST: Final = "immutable=1"
_IN_USE: Final = "mode=ro&readonly_shm=1"


def way_to_look(file: Path) -> str:
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
    return AT_REST
