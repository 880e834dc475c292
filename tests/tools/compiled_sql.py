"""What SQLAlchemy made of a statement for one database, for all databases of this process.

A service has one database and makes the text of each statement once. Tests open one for each of
thousands of practices, which would all make it anew: a fourth of the time of an exam.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from gdtbridge.database import engines

MOST: Final = 5000
"""Statements that are kept; the project has fewer."""


def compile_once() -> None:
    """Let all SQLite databases this process opens from now on share what was made of a statement.

    SQLAlchemy keeps it by statement and dialect, of which each engine has one of its own; those of
    one driver make the same.
    """
    shared: LRUCache[object, object] = LRUCache(MOST)
    make = engines.engine_of

    def sharing(url: str, *, looking: bool) -> Engine:
        engine = make(url, looking=looking)
        if engine.dialect.name == "sqlite":
            engine.update_execution_options(compiled_cache=shared)
        return engine

    engines.engine_of = sharing
    SQLiteDialect_pysqlite.__eq__ = _is_same  # type: ignore[method-assign]
    SQLiteDialect_pysqlite.__hash__ = _hash  # type: ignore[method-assign]


def _is_same(self: object, other: object) -> bool:
    return type(self) is type(other)


def _hash(self: object) -> int:
    return hash(type(self))
