"""How long an exam waits for objects that the machine keeps from being read.

A machine that is too busy, a disk that is away and a service that is being ended say nothing of the
object: told as unreadable it would be missing from the chart for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.durable.clock import DAY_SECONDS, Clock
from gdtbridge.outbox.retry import LONGEST_RETRY, retry_delay
from gdtbridge.pictures import AttachmentHindered
from gdtbridge.sr import ReportHindered

log = logging.getLogger(__name__)

HINDRANCES: Final = (ReportHindered, AttachmentHindered)
"""Errors of reading that say nothing of the object."""
PATIENCE_SECONDS: Final = DAY_SECONDS
"""How long is waited; a person is told after minutes (``exam-overdue``). A file that is lost keeps
its exam so long from being reported without it."""
FORGET_SECONDS: Final = 60 * LONGEST_RETRY
"""An exam that was not tried for so long was not waiting: it begins anew."""


@dataclass(frozen=True, slots=True)
class _Hindrance:
    """Since when an exam cannot be read, how often that was seen, and when to try again.

    Times are monotonic seconds.
    """

    since: float
    failures: int
    next_at: float


@dataclass(frozen=True, slots=True)
class ReadingPatience:
    """Remembers which exams cannot be read for now, until they are, or the service ends."""

    clock: Clock
    _hindered: dict[int, _Hindrance] = field(default_factory=dict, init=False)

    def waits(self, exam_id: int) -> bool:
        """Return whether it is too early to try again to read an exam's objects."""
        known = self._hindered.get(exam_id)
        return known is not None and self.clock.monotonic() < known.next_at

    def bear(self, exam_id: int, error: Exception) -> None:
        """Raise a hindrance as long as it is waited for; else the caller goes on without it."""
        known = self._known(exam_id)
        is_over = known is not None and self.clock.monotonic() - known.since >= PATIENCE_SECONDS
        if isinstance(error, HINDRANCES) and not is_over:
            raise error

    @contextmanager
    def reading(self, exam_id: int) -> Iterator[None]:
        """Note whether an exam that is due could be read; a hindrance goes on its way."""
        try:
            yield
        except HINDRANCES as error:
            now, known = self.clock.monotonic(), self._known(exam_id)
            since, failures = (known.since, known.failures + 1) if known else (now, 1)
            self._hindered[exam_id] = _Hindrance(since, failures, now + retry_delay(failures))
            if failures == 1:
                log.warning("exam %d waits: %s", exam_id, error)
            raise
        self._hindered.pop(exam_id, None)

    def _known(self, exam_id: int) -> _Hindrance | None:
        known = self._hindered.get(exam_id)
        forgotten = known is not None and (self.clock.monotonic() - known.next_at > FORGET_SECONDS)
        return None if forgotten else known
