"""The two times an exam knows: UTC for the database, local time for DICOM and GDT."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time; tests bring their own."""

    def utc(self) -> float:
        """Return seconds since 1970, UTC."""
        ...

    def local(self) -> datetime:
        """Return the wall clock of the practice, without a zone."""
        ...


class SystemClock:
    """The clock of this machine."""

    def utc(self) -> float:
        """Return seconds since 1970, UTC."""
        return time.time()

    def local(self) -> datetime:
        """Return the wall clock of the practice, without a zone."""
        return datetime.now()  # noqa: DTZ005 - DICOM and GDT have local time without a zone
