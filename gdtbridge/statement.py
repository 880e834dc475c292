"""Statements that run for each object and each exam: built once, run by the driver itself.

SQLAlchemy takes most of the time of a small statement: building it, finding its text again,
wrapping its rows. A `Statement` is written with SQLAlchemy Core like any other, and its text is
made once for each kind of database; after that the driver gets text and values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler

_MOST_TEXTS: Final = 200
"""Texts a statement remembers: one for each number of values in its lists."""


class Statement:
    """A statement of SQLAlchemy Core whose values are all ``bindparam``s or constants.

    A list is an ``expanding`` one. It runs inside the transaction of a `Connection`, gives values
    the types of the columns, and raises what SQLAlchemy raises. Thread-safe.
    """

    def __init__(self, built: sa.ClauseElement) -> None:
        """Make ``built`` ready; its text is made when it is first run."""
        self._built = built
        self._texts: dict[tuple[object, ...], _Text] = {}

    def rows(self, connection: sa.Connection, **given: object) -> list[tuple[Any, ...]]:
        """Run it with ``given`` values; return all rows."""
        text = self._text(connection.dialect, given)
        with _run(connection, text, given) as cursor:
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return text.converted(found, cursor, connection.dialect)

    def first(self, connection: sa.Connection, **given: object) -> tuple[Any, ...] | None:
        """Run it; return the first row, or None."""
        return next(iter(self.rows(connection, **given)), None)

    def value(self, connection: sa.Connection, **given: object) -> Any:  # noqa: ANN401
        """Run it; return the first value of the first row, or None."""
        row = self.first(connection, **given)
        return row[0] if row is not None else None

    def values(self, connection: sa.Connection, **given: object) -> list[Any]:
        """Run it; return the first value of each row."""
        return [row[0] for row in self.rows(connection, **given)]

    def run(self, connection: sa.Connection, **given: object) -> int:
        """Run it; return how many rows it changed."""
        with _run(connection, self._text(connection.dialect, given), given) as cursor:
            return int(cursor.rowcount)

    def _text(self, dialect: Dialect, given: Mapping[str, object]) -> _Text:
        lists = ((name, len(value)) for name, value in given.items() if isinstance(value, list))
        key = (dialect.name, *lists)
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            text = self._texts[key] = _Text(self._built, dialect, given)
        return text


class InsertStatement:
    """Enters a row into a table that gives it an ``id``; the columns are named when it runs."""

    def __init__(self, table: sa.Table) -> None:
        self._table = table
        self._made: dict[tuple[str, ...], Statement] = {}

    def run(self, connection: sa.Connection, **row: object) -> int:
        """Enter a row; return its id."""
        names = tuple(row)
        statement = self._made.get(names)
        if statement is None:
            values = {name: sa.bindparam(name, type_=self._table.c[name].type) for name in names}
            built = sa.insert(self._table).values(values).returning(self._table.c.id)
            statement = self._made[names] = Statement(built)
        return int(statement.value(connection, **row))


class UpdateStatement:
    """Changes the rows of a table that fit ``here``; the columns are named when it runs."""

    def __init__(self, table: sa.Table, here: sa.ColumnElement[bool]) -> None:
        """Change ``table`` where ``here``; its ``bindparam``s are named otherwise than columns."""
        self._table, self._here = table, here
        self._made: dict[tuple[str, ...], Statement] = {}

    def run(self, connection: sa.Connection, changes: Mapping[str, object], **given: object) -> int:
        """Make the ``changes``, by column, where ``given`` fits; return how many rows changed."""
        names = tuple(changes)
        statement = self._made.get(names)
        if statement is None:
            values = {name: sa.bindparam(name, type_=self._table.c[name].type) for name in names}
            built = sa.update(self._table).where(self._here).values(values)
            statement = self._made[names] = Statement(built)
        return statement.run(connection, **changes, **given)


class _Text:
    """A statement as one kind of database reads it, for lists of certain lengths."""

    def __init__(
        self, built: sa.ClauseElement, dialect: Dialect, given: Mapping[str, object]
    ) -> None:
        compiled = cast("SQLCompiler", built.compile(dialect=dialect))
        state = compiled.construct_expanded_state(dict(given))
        self.text: str = state.statement
        self._order: Sequence[str] | None = state.positiontup
        self._lists = {
            name: places for name, places in state.parameter_expansion.items() if name in given
        }
        expanded = {name for places in self._lists.values() for name in places}
        self._constants = {
            name: value
            for name, value in state.parameters.items()
            if name not in given and name not in expanded
        }
        self._columns: Sequence[sa.ColumnElement[Any]] = tuple(
            getattr(built, "exported_columns", ())
        )
        self._converters: dict[int, Callable[[Any], Any]] | None = None

    def arguments(self, given: Mapping[str, object]) -> Sequence[object] | Mapping[str, object]:
        """Return the values as the driver wants them."""
        values: dict[str, object] = {**self._constants, **given}
        for name, places in self._lists.items():
            listed = values.pop(name)
            assert isinstance(listed, list)  # noqa: S101 - an expanding parameter
            values.update(zip(places, listed, strict=True))
        if self._order is None:
            return values
        return tuple(values[name] for name in self._order)

    def converted(
        self, rows: list[tuple[Any, ...]], cursor: DBAPICursor, dialect: Dialect
    ) -> list[tuple[Any, ...]]:
        """Return rows with the values of the columns' types."""
        if self._converters is None:
            self._converters = dict(self._made(cursor, dialect))
        converters = self._converters
        if not converters:
            return rows
        return [
            tuple(
                converters[place](value) if place in converters else value
                for place, value in enumerate(row)
            )
            for row in rows
        ]

    def _made(
        self, cursor: DBAPICursor, dialect: Dialect
    ) -> Iterator[tuple[int, Callable[[Any], Any]]]:
        """Yield the converter of each column whose values the driver has in another type."""
        for place, column in enumerate(self._columns):
            kind = column.type.dialect_impl(dialect)
            convert = kind.result_processor(dialect, cursor.description[place][1])
            if convert is not None:
                yield place, convert


@contextmanager
def _run(connection: sa.Connection, text: _Text, given: Mapping[str, object]) -> Iterator[Any]:
    """Yield a cursor that has run the text."""
    cursor = connection.connection.cursor()
    arguments = text.arguments(given)
    for listen in connection.engine.dispatch.before_cursor_execute:
        listen(connection, cursor, text.text, arguments, None, False)
    try:
        cursor.execute(text.text, arguments)
        yield cursor
    except connection.dialect.loaded_dbapi.Error as error:
        _end_if_lost(connection, cursor, error)
        raise sa.exc.DBAPIError.instance(
            text.text,
            None,  # they may be a patient's
            error,
            connection.dialect.loaded_dbapi.Error,
            dialect=connection.dialect,
        ) from error
    finally:
        cursor.close()


def _end_if_lost(connection: sa.Connection, cursor: DBAPICursor, error: Exception) -> None:
    """Have the pool make a new connection where the server is gone."""
    raw = connection.connection
    if connection.dialect.is_disconnect(error, raw, cursor):  # type: ignore[arg-type]
        connection.invalidate(error)
