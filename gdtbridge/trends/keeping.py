"""The values of reports on their way into the table: as reports are read, and those of before."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.database import Connection, Database
from gdtbridge.sr import Report, ReportError, ReportHindered
from gdtbridge.trends import store
from gdtbridge.trends.model import ReportValue
from gdtbridge.trends.series import report_values

log = logging.getLogger(__name__)

_AT_ONCE: Final = 10
"""Reports read for one transaction."""


class FiledReportReader(Protocol):
    """Reads Structured Reports; `gdtbridge.sr.ReportReader` does so in a child process."""

    def read(self, path: Path, /) -> Report:
        """Return the report in a file; raise `ReportError`."""


class ValueKeeper:
    """Keeps the values of reports that are of a series, as one catalogue names them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._mark = mark_of(catalogue)

    def values_of(self, report: Report) -> tuple[ReportValue, ...]:
        """Return the values of a report that was read; outside of a transaction, for it takes time.

        5,000 values take half a second.
        """
        return report_values(report, self._catalogue)

    def keep(self, connection: Connection, instance_id: int, values: Sequence[ReportValue]) -> None:
        """Keep the values of a report, within the caller's write transaction."""
        store.keep(connection, instance_id, values, self._mark)

    def keep_missing(
        self, database: Database, folder: Path, reader: FiledReportReader
    ) -> Iterator[int]:
        """Keep the values of reports in charts that were read before, or by another catalogue.

        The newest first, from their files below ``folder``. Yields after each transaction how many
        it kept; a caller may stop there. What cannot be read now is left for the next time.
        """
        with database.read() as connection:
            before = store.newest(connection) + 1
        while True:
            with database.read() as connection:
                found = store.unkept(connection, self._mark, before, _AT_ONCE)
            if not found:
                return
            before = found[-1][0]
            read = [(number, self._read(reader, folder / file)) for _, number, file in found]
            with database.write(synced=False) as connection:
                for number, values in read:
                    if values is not None:
                        self.keep(connection, number, values)
            yield len(read)

    def _read(self, reader: FiledReportReader, path: Path) -> Sequence[ReportValue] | None:
        """Return the values of a report, none of one nobody can read; None where later one may."""
        try:
            return self.values_of(reader.read(path))
        except (ReportHindered, OSError) as error:
            log.warning("a report waits for the next start: %s", type(error).__name__)
            return None
        except ReportError:
            return ()


@lru_cache(maxsize=1)
def mark_of(catalogue: Catalogue) -> str:
    """Return what tells a catalogue from every other: its rows as a digest."""
    told = hashlib.sha256()
    for row in catalogue.rows:
        words = (row.id, row.name, row.unit, str(row.decimals), row.group, row.concept, row.where)
        told.update("\x1f".join((*words, row.meaning, "\n")).encode())
    return told.hexdigest()[:16]
