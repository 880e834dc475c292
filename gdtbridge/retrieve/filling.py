"""What an older program did not write down of its exams and objects is found out by and by."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from gdtbridge.archive import heads
from gdtbridge.database import Database
from gdtbridge.exams.study_names import note_missing
from gdtbridge.orders.names import note_missing_names
from gdtbridge.trends.keeping import FiledReportReader, ValueKeeper

log = logging.getLogger(__name__)

TURN_SECONDS: Final = 1.0
"""How long one turn works; whoever receives meanwhile waits for one transaction at most."""


class IndexFilling:
    """Enters names, heads of objects and values of reports, a turn at a time."""

    def __init__(
        self, database: Database, folder: Path, values: ValueKeeper, reader: FiledReportReader
    ) -> None:
        """Fill the index of ``database`` from the archive's ``folder``."""
        self._database, self._folder = database, folder
        self._values, self._reader = values, reader
        self._steps: Iterator[int] | None = None
        self._entered = 0
        self.is_done = False

    def work(self) -> None:
        """Work for one turn; does nothing once all are entered. Raises `DatabaseError`."""
        if self.is_done:
            return
        if self._steps is None:
            self._steps = chain(
                note_missing(self._database),
                note_missing_names(self._database),
                heads.enter_missing(self._database, self._folder),
                self._values.keep_missing(self._database, self._folder, self._reader),
            )
        end = time.monotonic() + TURN_SECONDS
        try:
            while time.monotonic() < end:
                self._entered += next(self._steps)
        except StopIteration:
            self.is_done = True
            if self._entered:
                log.info("the index has all of %d exams and objects of before", self._entered)
        except Exception:
            self._steps = None  # what is not entered is looked for anew
            raise
