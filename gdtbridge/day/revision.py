"""A number that changes when anything a page shows may have changed; reading it costs nothing."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import Final

from gdtbridge.database import Database, sqlite_file
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import BridgeError

LOOK_SECONDS: Final = 1.0
"""How often is looked whether another process wrote."""
LONGEST_SECONDS: Final = 60.0
"""A page is told so often at the latest: what it shows may depend on the time."""
_SNAPSHOT: Final = "SELECT CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text)"


class PageRevision:
    """Counts what may be seen: what this process writes, what others write, and the minutes.

    `look` is called once a second, by one thread; ``number`` may be read by any.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._file = sqlite_file(database.url)
        self._watching: sqlite3.Connection | None = None
        self._noticed = int(clock.utc())  # a page of before a restart must not find its number
        self._written = database.transactions
        self._seen = database.seen_changes
        self._told = 0
        self._mark: str | None = None
        self._told_at = clock.monotonic()

    @property
    def number(self) -> int:
        """The revision; it only grows, as long as the process runs."""
        return self._database.seen_changes + self._noticed + self._told

    def notice(self) -> None:
        """Count a change that is in no database; for one thread that is not the one of `look`."""
        self._told += 1

    def look(self) -> None:
        """Notice what other processes wrote since the last look, and that a minute has passed.

        A change of another process that fell together with one of ours is noticed with the minute.
        """
        written, seen = self._database.transactions, self._database.seen_changes
        mark = self._read_mark()
        is_foreign = mark != self._mark and written == self._written
        now = self._clock.monotonic()
        if seen != self._seen:
            self._told_at = now
        if is_foreign or now - self._told_at >= LONGEST_SECONDS:
            self._noticed += 1
            self._told_at = now
        self._mark = mark
        self._written, self._seen = written, seen

    def close(self) -> None:
        """Let go of the database."""
        if self._watching is not None:
            self._watching.close()
            self._watching = None

    def _read_mark(self) -> str | None:
        """Return what is another as soon as anybody wrote; None where nobody can look."""
        if self._file is None:
            with suppress(BridgeError), self._database.read() as connection:
                if connection.dialect.name == "postgresql":
                    return str(connection.exec_driver_sql(_SNAPSHOT).scalar())
            return None
        try:
            if self._watching is None:
                uri = f"{self._file.as_uri()}?mode=ro"
                self._watching = sqlite3.connect(uri, uri=True, check_same_thread=False)
            (found,) = self._watching.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            self.close()
            return None
        return str(found)
