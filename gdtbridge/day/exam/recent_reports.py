"""The Structured Reports that were read last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from gdtbridge.sr import Report

MOST_KEPT: Final = 64
"""Reports that are remembered."""


class ReportFileReader(Protocol):
    """Reads Structured Reports; `gdtbridge.sr.ReportReader` does so in a child process."""

    def read(self, path: Path, /) -> Report:
        """Return the report in a file; raise `ReportError`."""


@dataclass(slots=True)
class RecentReports:
    """Reads reports, each at most once as long as it is remembered: a stored file never changes.

    Thread-safe.
    """

    reader: ReportFileReader
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _known: OrderedDict[int, Report] = field(default_factory=OrderedDict, repr=False)

    def read(self, instance_id: int, path: Path) -> Report:
        """Return the report of an instance; raise a `ReportError` or an `OSError`."""
        with self._turn:
            if (known := self._known.get(instance_id)) is not None:
                self._known.move_to_end(instance_id)
                return known
        report = self.reader.read(path)
        with self._turn:
            self._known[instance_id] = report
            while len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        return report
