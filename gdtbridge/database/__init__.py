"""The database: engines, transactions, locks, files; the tables are in ``gdtbridge.schema``.

Nothing outside this room is SQLite-only. What must not live here: statements, which are those of
the stores.
"""

from gdtbridge.database.copies import copy_to, is_ours, must_be_whole
from gdtbridge.database.database import Connection, Database
from gdtbridge.database.engines import CONNECTION_WAITS
from gdtbridge.database.files import sqlite_file

__all__ = [
    "CONNECTION_WAITS",
    "Connection",
    "Database",
    "copy_to",
    "is_ours",
    "must_be_whole",
    "sqlite_file",
]
